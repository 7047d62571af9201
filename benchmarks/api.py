"""How quickly the API answers over a database of years.

    python benchmarks/api.py [--alerts 100000] [--scenes 5000] [--maps 500] [--clients 2] [--requests 200]
                             [--database URL] [--postgresql]

Builds the database of `benchmarks/history_db.py` (or takes one that it built), starts `monitor serve` on it as a
process of its own, and asks every question `--requests` times from `--clients` clients at once, each waiting for one
answer before it asks the next. Prints a table with the median, the 95th and the 99th percentile of the time from the
first byte sent to the last one received, and the processor time of `monitor serve` for one answer, which other work on
the machine changes little; exit status 1 when a goal is missed.
"""

import argparse
import asyncio
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil
import yaml
from history_db import NAMES, Size, build, database

from monitor.store import open_store

START_S = 120.0
WARM_UP = 5
LAKE = (-79.57, 43.74)
"""Inside the grid of the invented monitors."""


@dataclass(frozen=True)
class Question:
    """A request that varies with a random number, and the goal for its 95th percentile."""

    name: str
    path: Callable[[random.Random], str]
    goal_ms: float | None
    share: float = 1.0
    """Of `--requests`, how many of this one."""


def questions(size: Size, cursors: list[str]) -> list[Question]:
    """What people and programs ask."""
    kinds = ("anomaly", "cloud", "shadow")
    return [
        Question("inbox: new, severest first",
                 lambda luck: "/api/v1/alerts?state=new&order=severest&limit=50&geometry=false", 100),
        Question("inbox: by monitor and kind",
                 lambda luck: f"/api/v1/alerts?monitor={luck.choice(NAMES)}&kind={luck.choice(kinds)}&limit=50", 100),
        Question("inbox: any page, with outlines",
                 lambda luck: f"/api/v1/alerts?limit=50&cursor={luck.choice(cursors)}", 100),
        Question("inbox: within a box", lambda luck: box_path(luck), 100),
        Question("review items", lambda luck: "/api/v1/review?limit=20", 100, 0.5),
        Question("counts", lambda luck: "/api/v1/alerts/counts", None, 0.5),
        Question("one alert", lambda luck: f"/api/v1/alerts/{luck.randint(1, size.alerts)}", 100),
        Question("scenes", lambda luck: f"/api/v1/scenes?monitor={NAMES[0]}&limit=50", 100),
        Question("OGC items", lambda luck: "/ogc/collections/alerts/items?limit=100&state=new", None, 0.5),
        Question(f"pixel history, {size.maps} scenes", pixel_path, 1000, 0.1),
    ]  # fmt: skip


def box_path(luck: random.Random) -> str:
    """A box of a tenth of a degree."""
    west, south = -80 + luck.random(), 43.5 + luck.random() / 2
    return f"/api/v1/alerts?limit=50&geometry=false&bbox={west:.3f},{south:.3f},{west + 0.1:.3f},{south + 0.1:.3f}"


def pixel_path(luck: random.Random) -> str:
    """Any pixel near the middle."""
    lon, lat = LAKE[0] + luck.uniform(-0.05, 0.05), LAKE[1] + luck.uniform(-0.05, 0.05)
    return f"/api/v1/history/pixel?monitor={NAMES[0]}&lon={lon:.5f}&lat={lat:.5f}"


async def load(url: str, question: Question, clients: int, requests: int) -> list[float]:
    """Seconds of every answer; raises for one that is no success."""
    seconds: list[float] = []
    left = iter(range(requests))

    async def client(number: int) -> None:
        luck = random.Random(number)
        async with httpx.AsyncClient(base_url=url, timeout=60) as session:
            for _ in left:
                path, started = question.path(luck), time.perf_counter()
                answer = await session.get(path)
                seconds.append(time.perf_counter() - started)
                if answer.status_code != 200:
                    raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:300]}")

    await asyncio.gather(*(client(number) for number in range(clients)))
    return seconds


def cursors_of(url: str, pages: int = 20) -> list[str]:
    """Cursors of pages all over the list."""
    found: list[str] = []
    with httpx.Client(base_url=url, timeout=60) as session:
        cursor = ""
        for _ in range(pages):
            asked = {"limit": 1000, "geometry": "false"} | ({"cursor": cursor} if cursor else {})
            cursor = session.get("/api/v1/alerts", params=asked).json()["next"] or ""
            if not cursor:
                break
            found.append(cursor)
    return found


@contextmanager
def server(database_url: str, folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`monitor serve` on that database; its address and its process."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    watched = {"catalogs": ["none"], "aoi": [-80, 43, -79, 44], "start": "2014-01-01"}
    config = {
        "database": database_url,
        "catalogs": {"none": {"url": "catalog.json"}},
        "monitors": [{"name": name} | watched for name in NAMES],
        "web": {"port": port},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    command = [sys.executable, "-m", "monitor", "--config", str(folder / "config.yaml"), "serve"]
    process = subprocess.Popen(command, env=dict(os.environ))
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + START_S
    try:
        while True:
            try:
                httpx.get(f"{url}/api/v1/me", timeout=5).raise_for_status()
                break
            except httpx.HTTPError:
                if time.monotonic() > end or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def busy(process: psutil.Process) -> float:
    """Seconds of processor time that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


def measure(url: str, process: psutil.Process, size: Size, clients: int, requests: int) -> bool:
    """Print the table; whether every goal was met."""
    well = True
    print(f"{'question':30s} {'requests':>8s} {'p50 ms':>8s} {'p95 ms':>8s} {'p99 ms':>8s} {'processor ms':>12s}  goal")
    for question in questions(size, cursors_of(url)):
        asyncio.run(load(url, question, 1, WARM_UP))
        number, before = max(int(requests * question.share), 10), busy(process)
        found = asyncio.run(load(url, question, clients, number))
        own = (busy(process) - before) / len(found) * 1000
        p50, p95, p99 = np.percentile(np.array(found) * 1000, [50, 95, 99])
        met = question.goal_ms is None or p95 < question.goal_ms
        goal = "" if question.goal_ms is None else f"p95 < {question.goal_ms:.0f} ms: {'met' if met else 'MISSED'}"
        print(f"{question.name:30s} {number:8d} {p50:8.1f} {p95:8.1f} {p99:8.1f} {own:12.1f}  {goal}", flush=True)
        well &= met
    return well


def main() -> None:
    """Build, serve, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="URL of an empty database, kept afterwards, or of one that was built")
    parser.add_argument("--postgresql", action="store_true")
    for name, value in vars(Size()).items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--requests", type=int, default=200)
    given = parser.parse_args()
    size = Size(given.alerts, given.scenes, given.maps, given.pixels)
    with database(given.database, given.postgresql) as url, tempfile.TemporaryDirectory() as folder:
        with open_store(url) as store:
            if store.is_empty():
                started = time.perf_counter()
                store.upgrade()
                build(store, size)
                print(f"built in {time.perf_counter() - started:.0f} s", flush=True)
        with server(url, Path(folder)) as (address, process):
            well = measure(address, process, size, given.clients, given.requests)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
