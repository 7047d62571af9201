"""Real parts on loopback: a STAC API, a file server with ranges, and both misbehaving on request.

Fixtures, all of them factories whose servers end with the test:

    serve_api(items, collections) -> str         `rustac serve`; the landing page's URL
    serve_folder(folder) -> LocalServer          files with Range requests
    serve_pages(pages) -> LocalServer            a STAC API that answers /search with exactly these pages

A LocalServer has a `url`, `requests` (method and path of all that arrived), and takes faults that the next requests
get instead of the real answer, for example ``server.fail(too_many(retry_after=1), path="/search", times=2)``.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.request import Request, urlopen

import pytest

START_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Reply:
    """One answer of a server that misbehaves: after `delay_s` a status, headers and a body."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0


def too_many(retry_after: int | str) -> Reply:
    return Reply(429, "slow down", {"Retry-After": str(retry_after)})


def unavailable(status: int = 503) -> Reply:
    return Reply(status, "come back later")


def stall(seconds: float) -> Reply:
    return Reply(200, "{}", delay_s=seconds)


def html() -> Reply:
    return Reply(200, "<!DOCTYPE html><html><body>Please log in</body></html>", {"Content-Type": "text/html"})


def malformed_json() -> Reply:
    return Reply(200, '{"type": "FeatureCollection", "features": [{"id"', {"Content-Type": "application/json"})


@dataclass(frozen=True)
class LocalServer:
    """A server in a process of its own."""

    url: str

    def fail(self, reply: Reply, *, times: int = 1, path: str = "") -> None:
        """The next `times` requests whose path contains `path` get this reply, each once, in order of adding."""
        self._control([asdict(reply) | {"path": path}] * times)

    def misbehave(self, share: float) -> None:
        """From now on so many of all requests fail in one way or another."""
        self._control({"share": share})

    @property
    def requests(self) -> list[str]:
        """Method and path of every request so far."""
        requests: list[str] = self._control()["requests"]
        return requests

    def _control(self, faults: list[dict[str, Any]] | dict[str, Any] | None = None) -> dict[str, Any]:
        body = None if faults is None else json.dumps(faults).encode()
        with urlopen(Request(f"{self.url}/_control", body), timeout=10) as response:
            state: dict[str, Any] = json.load(response)
        return state


class ServeApi(Protocol):
    def __call__(
        self, items: Sequence[Mapping[str, Any]], collections: Sequence[Mapping[str, Any]] | None = None
    ) -> str: ...


class ServePages(Protocol):
    def __call__(self, pages: Sequence[Any], collections: Sequence[str] = ...) -> LocalServer: ...


ServeFolder = Callable[[Path], LocalServer]


@contextmanager
def local_server(kind: str, path: Path) -> Iterator[LocalServer]:
    """tests/serving.py over a folder or a file of pages."""
    command = [sys.executable, str(Path(__file__).with_name("serving.py")), kind, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"{' '.join(command)} did not start")
            yield LocalServer(url)
        finally:
            process.kill()


@contextmanager
def rustac_server(
    folder: Path, items: Sequence[Mapping[str, Any]], collections: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    """`rustac serve` over items with absolute asset hrefs; the files that it loads are written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"collection-{number}.json" for number in range(len(collections))] + [folder / "items.json"]
    documents = [*collections, {"type": "FeatureCollection", "features": list(items)}]
    for file, document in zip(files, documents, strict=True):
        file.write_text(json.dumps(document), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    url = f"http://{address}"
    command = [str(Path(sys.executable).with_name("rustac")), "serve", "-a", url, "-b", address, *map(str, files)]
    log = folder / "rustac.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        try:
            wait_until_it_answers(url, process, log)
            yield url
        finally:
            process.kill()


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"rustac ended with {process.returncode}: {log.read_text(encoding='utf-8')}")
        with suppress(OSError), urlopen(url, timeout=2):
            return
        time.sleep(0.02)
    raise TimeoutError(f"rustac at {url} did not answer within {START_TIMEOUT_S:.0f} s")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def absolute_item(file: Path) -> dict[str, Any]:
    """An item as read from a file, with absolute asset hrefs and without links, for `serve_api`."""
    item: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    for asset in item["assets"].values():
        if "://" not in asset["href"]:
            asset["href"] = str((file.parent / asset["href"]).resolve())
    return item | {"links": []}


def collection_document(name: str) -> dict[str, Any]:
    """A minimal STAC collection."""
    about = {"type": "Collection", "stac_version": "1.0.0", "id": name, "description": name, "license": "proprietary"}
    extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [["2000-01-01T00:00:00Z", None]]}}
    return about | {"extent": extent, "links": []}


@pytest.fixture
def serve_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServeApi]:
    """serve_api(items, collections=None): by default one minimal collection for every name among the items."""
    with ExitStack() as stack:

        def start(items: Sequence[Mapping[str, Any]], collections: Sequence[Mapping[str, Any]] | None = None) -> str:
            if collections is None:
                collections = [collection_document(name) for name in sorted({item["collection"] for item in items})]
            return stack.enter_context(rustac_server(tmp_path_factory.mktemp("rustac"), items, collections))

        yield start


@pytest.fixture
def serve_folder() -> Iterator[ServeFolder]:
    """serve_folder(folder): the files below it, with Range requests."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(local_server("folder", folder))


@pytest.fixture
def serve_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServePages]:
    """serve_pages(pages, collections): see `tests.serving.pages_app`."""
    with ExitStack() as stack:

        def start(pages: Sequence[Any], collections: Sequence[str] = ("landsat-c2-l2",)) -> LocalServer:
            file = tmp_path_factory.mktemp("pages") / "pages.json"
            file.write_text(json.dumps({"pages": pages, "collections": collections}), encoding="utf-8")
            return stack.enter_context(local_server("pages", file))

        yield start
