"""The web application over a scanned project, asked in this process or as a server of its own."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from monitor.config import Settings
from monitor.config_file import load_settings
from monitor.store import Store, access, open_store
from monitor.web.app import create_app
from tests.e2e.conftest import Project, scanned, series

__all__ = ["scanned", "series"]

LOCAL = "http://127.0.0.1:8080"
REMOTE = "https://monitor.example.org"
START_S = 180.0


@dataclass(frozen=True)
class Site:
    """A server's settings and its database, a copy that the test may change."""

    settings: Settings
    store: Store

    def client(self, **options: Any) -> TestClient:
        """Somebody on this machine, or with `base_url` elsewhere."""
        return TestClient(create_app(self.settings, self.store, pages=False), **{"base_url": LOCAL} | options)

    def with_web(self, **web: Any) -> "Site":
        """The same site with other settings of its `web` section."""
        changed = self.settings.web.model_validate(self.settings.web.model_dump() | web)
        return Site(self.settings.model_copy(update={"web": changed}), self.store)

    def token(self, name: str, role: str) -> str:
        with self.store.session() as session:
            return access.create_token(session, name, role)


@pytest.fixture
def site(scanned: Project, tmp_path: Path) -> Iterator[Site]:
    """A scanned project on a copy of its database."""
    settings = load_settings(scanned.config)
    source, copy = Path(settings.database.removeprefix("sqlite:///")), tmp_path / "copy.db"
    shutil.copy(source, copy)
    with open_store(f"sqlite:///{copy}") as store:
        yield Site(settings.model_copy(update={"database": f"sqlite:///{copy}"}), store)


@pytest.fixture
def client(site: Site) -> Iterator[TestClient]:
    """Somebody on this machine."""
    with site.client() as made:
        yield made


@pytest.fixture
def serve(scanned: Project, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """serve(site, **environment): the address of `monitor serve` as a process of its own, over the site's database.

    A process, because GDAL holds the interpreter's lock while it waits for an answer.
    """
    processes: list[subprocess.Popen[bytes]] = []

    def start(site: Site, **environment: str) -> str:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "monitor", "--config", str(scanned.config), "serve", "--port", str(port)]
        variables = {**os.environ, "MONITOR_DATABASE": site.settings.database, **environment}
        with (tmp_path / "serve.log").open("ab") as log:
            process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
        processes.append(process)
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            assert process.poll() is None, (tmp_path / "serve.log").read_text()
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return f"http://127.0.0.1:{port}"
            time.sleep(0.05)
        raise TimeoutError((tmp_path / "serve.log").read_text())

    yield start
    for process in processes:
        process.terminate()
        assert process.wait(60) == 0, (tmp_path / "serve.log").read_text()
