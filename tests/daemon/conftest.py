"""A small simulated series and the daemon as a process of its own."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from monitor.simulate import SimulatedCatalog, write_catalog
from monitor.store import Store, open_store
from monitor.store.scenes import list_scenes
from tests.chaos import Launcher, is_worked_off, start_daemon, write_config
from tests.sink import Sink, sink


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> SimulatedCatalog:
    """Six dates of the smallest simulated scenes."""
    return write_catalog(tmp_path_factory.mktemp("tiny") / "catalog", dates=6, seed=3, size=(96, 96))


@dataclass
class Service:
    """A configuration, and daemons that run with it."""

    config: Path
    database: str
    launcher: Launcher
    processes: list[psutil.Process]

    def start(self) -> psutil.Process:
        process = psutil.Process(self.launcher.start(self.config))
        self.processes.append(process)
        return process

    def once(self) -> int:
        return start_daemon(self.config, "--once").wait(300)

    def change(self, **settings: Any) -> None:
        content = yaml.safe_load(self.config.read_text())
        for key, value in settings.items():
            content[key] = content[key] | value if isinstance(content.get(key), dict) else value
        self.config.write_text(yaml.safe_dump(content))

    @property
    def log(self) -> str:
        path = self.config.parent / "daemon.log"
        return path.read_text() if path.exists() else ""

    @property
    def store(self) -> Store:
        return open_store(self.database)

    def states(self) -> dict[str, str]:
        with self.store as store, store.session(read_only=True) as session:
            return {scene.scene_id: str(scene.state) for scene in list_scenes(session)}

    def wait(self, condition: Callable[[], object], seconds: float = 240.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, self.log[-4000:]
            time.sleep(0.1)

    def wait_until_worked_off(self, seconds: float = 240.0) -> None:
        with self.store as store:
            self.wait(lambda: is_worked_off(store), seconds)

    def wait_for_log(self, text: str, seconds: float = 240.0) -> None:
        self.wait(lambda: text in self.log, seconds)


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """A process that has imported everything and forks daemons."""
    made = Launcher()
    yield made
    made.close()


@pytest.fixture
def make_service(tmp_path, tiny, launcher) -> Iterator[Callable[..., Service]]:
    """make_service(database, **settings): a service on the tiny series; its daemons end with the test."""
    made: list[Service] = []

    def make(database: str, series: SimulatedCatalog = tiny, **settings: Any) -> Service:
        config = write_config(tmp_path / f"service{len(made)}", series, database, **settings)
        service = Service(config, database, launcher, [])
        made.append(service)
        return service

    yield make
    for service in made:
        for process in service.processes:
            if process.is_running():
                process.kill()
            process.wait(10)


@pytest.fixture
def receiver() -> Iterator[Sink]:
    """A receiver of messages."""
    with sink() as made:
        yield made
