"""Debian's Chromium on the pages of a real server, over a scanned project that tests may change.

site        a `monitor serve` process with its database; one for all tests
visit       visit(path, **options) -> Page, whose console, requests and errors are watched until the test ends
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

from monitor.store import Store, open_store
from tests.e2e.conftest import Project

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]
START_S = 90.0
PATIENCE_MS = 30_000

Visit = Callable[..., Page]


@dataclass(frozen=True)
class Site:
    """A running server and the database behind it."""

    url: str
    store: Store


@dataclass
class Watched:
    """What a page did that it should not have done."""

    host: str
    problems: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        page.on("console", lambda said: said.type in ("error", "warning") and self.problems.append(said.text))
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", lambda request: self.check(request.url))
        page.on("websocket", lambda socket: self.check(socket.url))
        page.on("response", self.judge)

    def judge(self, answer: Response) -> None:
        if answer.status >= 400:
            self.problems.append(f"{answer.status} {answer.url}")

    def check(self, url: str) -> None:
        address = urlsplit(url)
        if address.scheme not in ("data", "blob") and address.netloc != self.host:
            self.problems.append(f"a request outside: {url}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; Debian's package is installed where root may, else the tests skip."""
    if not CHROMIUM.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", "chromium"]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, check=False, capture_output=True, timeout=300)
    if not CHROMIUM.exists():
        pytest.skip("no browser: install Debian's package chromium (/usr/bin/chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def served(config: Path, **environment: str) -> Iterator[Site]:
    """`monitor serve` on a free port until the block ends, over the database of that configuration."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "monitor", "--config", str(config), "serve", "--port", str(port)]
    log = config.with_name(f"serve-{port}.log")
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env={**os.environ, **environment}, stdout=output, stderr=output) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/login", process, log)
            with open_store(f"sqlite:///{config.with_name('monitor.db')}") as store:
                yield Site(url, store)
        finally:
            process.terminate()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        with suppress(OSError), urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError(log.read_text())


def copy_of(project: Project, folder: Path) -> Path:
    """The configuration of a copy of a project, with its database and models."""
    shutil.copytree(project.config.parent, folder)
    return folder / project.config.name


@pytest.fixture(scope="session")
def site(scanned: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server of all tests that open pages, on a copy of the scanned project."""
    with served(copy_of(scanned, tmp_path_factory.mktemp("site") / "project")) as running:
        yield running


@pytest.fixture
def visit(site: Site, chromium: Browser) -> Iterator[Visit]:
    """visit(path, **options of the browser's context): a page that is ready; problems fail the test at its end."""
    watched = Watched(urlsplit(site.url).netloc)
    with ExitStack() as stack:

        def go(path: str, **options: Any) -> Page:
            context = stack.enter_context(chromium.new_context(viewport={"width": 1280, "height": 900}, **options))
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            watched.follow(page)
            page.goto(site.url + path)
            page.wait_for_selector(".page h1")
            page.wait_for_function("window.did_handshake")
            return page

        yield go
    assert watched.problems == []
