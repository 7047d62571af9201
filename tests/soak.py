"""Many small scenes in one run of the daemon: memory, files and processes at the end against those after the first 100.

    python -m tests.soak --scenes 1000
    python -m tests.soak --scenes 200 --faults      from a server that fails on a third of all requests, and with
                                                    every tenth scene damaged: those must end in quarantine

Prints its figures as JSON; more than 10 % growth of memory, or anything left open, is an AssertionError.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from monitor.simulate import SimulatedCatalog, write_catalog
from monitor.store import Store, open_store
from monitor.store.scenes import list_scenes
from monitor.store.tables import SceneState
from tests.chaos import start_daemon, write_config
from tests.servers import local_server

SAMPLES = 10
"""Samples in a run; the first, after a tenth of the scenes, is when everything has been loaded once."""
GROWTH = 0.10
SETTLED = (SceneState.DONE, SceneState.QUARANTINED)


@dataclass(frozen=True)
class Sample:
    """The daemon at one moment; `daemon_mb` is its own memory, `all_mb` that of its workers as well."""

    scenes: int
    daemon_mb: float
    all_mb: float
    files: int
    sockets: int
    processes: int


def sample(process: psutil.Process, scenes: int) -> Sample:
    """Measure now. Memory is unique to a process, so that what the workers share is not counted twice."""
    family = [process, *process.children(recursive=True)]
    memory = [one.memory_full_info().uss / 1e6 for one in family]
    sockets = len(process.net_connections(kind="inet"))
    return Sample(scenes, round(memory[0], 1), round(sum(memory), 1), process.num_fds(), sockets, len(family))


def watch(store: Store, popen: subprocess.Popen[bytes], wanted: int) -> list[Sample]:
    """Samples until every scene is settled."""
    process, samples = psutil.Process(popen.pid), list[Sample]()
    while True:
        time.sleep(1.0)
        assert popen.poll() is None, "the daemon ended"
        if store.is_missing or store.current() is None:
            continue
        with store.session(read_only=True) as session:
            settled = len(list_scenes(session, states=SETTLED))
        if settled // max(wanted // SAMPLES, 1) > len(samples) or settled == wanted:
            samples.append(sample(process, settled))
        if settled == wanted:
            return samples


def damage(series: SimulatedCatalog) -> list[str]:
    """Make every tenth scene's red band an error page; gives their ids."""
    bad = [scene for scene in series.scene_ids if scene != series.reference_id][::10]
    for scene in bad:
        next((series.folder / scene).glob("*_SR_B4.TIF")).write_text("<html>gone</html>")
    return bad


def check(samples: Sequence[Sample]) -> None:
    """The promises."""
    first, last = samples[0], samples[-1]
    assert last.daemon_mb <= first.daemon_mb * (1 + GROWTH), "memory grows"
    assert last.files <= first.files + 5, "files stay open"
    assert last.sockets <= first.sockets + 2, "connections stay open"
    assert last.processes <= first.processes, "processes stay"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--faults", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as name, ExitStack() as stack:
        folder = Path(name)
        series = write_catalog(folder / "catalog", dates=options.scenes, seed=3, size=(96, 96))
        database, started, bad = f"sqlite:///{folder / 'monitor.db'}", time.monotonic(), []
        config = write_config(folder, series, database, every="1m")
        if options.faults:
            bad = damage(series)
            server = stack.enter_context(local_server("folder", series.folder))
            server.misbehave(1 / 3)
            catalogs = {"local": {"url": f"{server.url}/catalog.json", "timeout": "1s"}}
            engine = {"workers": 4, "attempts": 8}
            config = write_config(folder, series, database, every="1m", catalogs=catalogs, engine=engine)
        popen = start_daemon(config)
        with open_store(database) as store:
            samples = watch(store, popen, options.scenes)
            with store.session(read_only=True) as session:
                states = Counter(str(scene.state) for scene in list_scenes(session))
                aside = {scene.scene_id: scene.error or "" for scene in list_scenes(session, states=SETTLED[1:])}
        seconds = round(time.monotonic() - started)
        popen.terminate()
        assert popen.wait(120) == 0
        stack.close()
        left = [one.pid for one in psutil.process_iter(["cmdline"]) if name in " ".join(one.info["cmdline"] or [])]
        figures = {"scenes": options.scenes, "faults": options.faults, "seconds": seconds, "states": states}
        print(json.dumps(figures | {"samples": [asdict(one) for one in samples]}))
        assert set(aside) == set(bad), "a good scene is in quarantine, or a bad one is not"
        assert all("band red" in error for error in aside.values()), f"a reason is not the true one: {aside}"
        check(samples)
        assert not left, "processes outlive the daemon"


if __name__ == "__main__":
    main()
