"""The whole job on one scene against the time that reading it takes, and against the tutorial's way.

    python benchmarks/full_scene.py [--size clip|full] [--rounds 5] [--json] [--profile] [--vs sklearnex]

The input is made once (see full_scene_input.py) and kept in `--folder`. Then, in one process and in turns, so that a
busy machine disturbs all alike: decoding the bands with two threads; the whole job (`process_scene`: read, normalise,
reference labels, sweep 3..10, borders, flags, findings, label tiles written to SQLite); on the clip the tutorial's way
(stack, KMeans.fit on all pixels for every k, silhouette of 1000 pixels). Prints medians, ratios and the peak of
resident memory during the job.
"""

import monitor.__main__  # noqa: F401 - sets NumPy up as for every command, before it is imported

# isort: split
import argparse
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import rasterio
from full_scene_input import BANDS, SIZES, Input, made
from sqlalchemy import func, select

from monitor import pipeline
from monitor.cog import CACHE_BYTES
from monitor.config import MonitorSettings
from monitor.cores import give_back, two_heaps
from monitor.pipeline import SceneJob
from monitor.store import Store, open_store
from monitor.store.monitors import ensure_monitor, set_grid
from monitor.store.scenes import find_scene, upsert_items
from monitor.store.tables import LabelMap, LabelTile

KS = range(3, 11)
THREADS = 2
STAGES = ("read_for", "normalise", "label_map", "sweep", "label_stats", "flag", "find", "store_result")
"""Functions of the pipeline that `--profile` times."""


def decode(paths: tuple[Path, ...]) -> None:
    """Every band, as numbers."""

    def read(path: Path) -> None:
        with rasterio.open(path) as file:
            file.read(1)

    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, paths))


def tutorial(paths: tuple[Path, ...], kmeans: Callable[..., Any]) -> None:
    """The way of the article that the monitor's method comes from: fit on every pixel, for every k."""
    from sklearn.metrics import silhouette_score

    with ExitStack() as open_files:
        stack = np.stack([open_files.enter_context(rasterio.open(path)).read(1) for path in paths]).astype(np.float32)
    pixels = stack.reshape(len(paths), -1).T
    pixels = pixels[(pixels > 0).all(axis=1)]
    for k in KS:
        model = kmeans(n_clusters=k, random_state=0).fit(pixels)
        silhouette_score(pixels, model.labels_, sample_size=1000, random_state=0)


@contextmanager
def opened(folder: Path, given: Input) -> Iterator[tuple[Store, SceneJob]]:
    """A database in a folder with the scene in it, and the job."""
    monitor = MonitorSettings(
        name="benchmark", catalogs=["local"], aoi=given.item.bbox, bands=list(BANDS), start=date(2024, 1, 1),
        sweep={"k_min": KS[0], "k_max": KS[-1]},
    )  # fmt: skip
    with open_store(f"sqlite:///{folder / 'benchmark.db'}") as store:
        store.upgrade()
        with store.session() as session:
            number = ensure_monitor(session, monitor.name)
            set_grid(session, number, given.grid)
            upsert_items(session, number, [given.item])
            row = find_scene(session, given.item.product_id, monitor.name)
        yield store, SceneJob(row, given.item, monitor, None, given.item.geometry, given.model)


def clocked(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the wall and of the processor."""
    wall, used = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - used


def processed(
    given: Input, stages: dict[str, float] | None = None
) -> tuple[tuple[float, float], float, dict[str, float]]:
    """Seconds of the job on a database that does not know the scene, its peak of memory, and the maps' sizes.

    Fills `stages` if asked to, which then go one after another.
    """
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), given) as (store, job):
        forget_peak()
        with nullcontext() if stages is None else staged(stages):
            took = clocked(lambda: pipeline.process_scene(store, job))
        return took, peak_mb(), map_sizes(store)


def forget_peak() -> None:
    """Let the kernel count the peak of resident memory anew."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_mb() -> float:
    """The peak of resident memory since `forget_peak`."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return float("nan")


@contextmanager
def staged(times: dict[str, float]) -> Iterator[None]:
    """Time the stages of the pipeline on the processor while the block runs, all one after another."""

    def timed(name: str, work: Callable[..., Any], *args: Any, **options: Any) -> Any:
        start = time.process_time()
        try:
            return work(*args, **options)
        finally:
            times[name] = times.get(name, 0.0) + time.process_time() - start

    with ExitStack() as patches:
        for name in STAGES:
            patches.enter_context(patch.object(pipeline, name, partial(timed, name, getattr(pipeline, name))))
        patches.enter_context(patch.object(pipeline, "ThreadPoolExecutor", AtOnce))
        yield


class AtOnce(Executor):
    """Does what is submitted before it gives the future back."""

    def __init__(self, workers: int) -> None: ...

    def submit(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """The result of the work."""
        done: Future[Any] = Future()
        done.set_result(work(*args, **options))
        return done


def measure(
    given: Input, rounds: int, rivals: dict[str, Callable[[], None]], *, profile: bool = False
) -> dict[str, Any]:
    """Medians of everything, in turns; the model is read before, as in a process that has seen its monitor before.

    The profile takes a round of its own.
    """
    works = {"decode": lambda: decode(given.paths), **rivals}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ("decode", "job", *rivals)}
    stages: dict[str, float] = {}
    peaks = []
    pipeline.cached_model(given.model)
    give_back()  # what came before is not to count
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", end="\r", file=sys.stderr, flush=True)
        seconds, peak, sizes = processed(given)
        took["job"].append(seconds)
        peaks.append(peak)
        for name, work in works.items():
            took[name].append(clocked(work))
    if profile:
        processed(given, stages)
    medians, used = (
        {name: statistics.median(pair[clock] for pair in pairs) for name, pairs in took.items()} for clock in range(2)
    )
    pixels = given.grid.height * given.grid.width
    return {
        "pixels": pixels,
        "bands": len(BANDS),
        "rounds": rounds,
        "compression": round(2 * pixels * len(BANDS) / sum(path.stat().st_size for path in given.paths), 2),
        "seconds": medians,
        "processor_seconds": used,
        "job_per_decode": medians["job"] / medians["decode"],
        "job_per_decode_processor": used["job"] / used["decode"],
        "job_ns_per_pixel": medians["job"] / pixels * 1e9,
        **{f"{name}_per_job": medians[name] / medians["job"] for name in rivals},
        "peak_rss_mb": max(peaks),
        "map_mb": sizes,
        "stage_processor_seconds": stages,
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "versions": {name: version(name) for name in ("numpy", "numba", "scikit-learn", "rasterio")},
    }


def map_sizes(store: Store) -> dict[str, float]:
    """Megabytes of every stored map, by its kind."""
    with store.session(read_only=True) as session:
        query = select(LabelMap.kind, func.sum(func.length(LabelTile.data))).join(LabelTile).group_by(LabelMap.kind)
        return {kind: size / 1e6 for kind, size in session.execute(query)}


def show(found: dict[str, Any], *, profile: bool) -> None:
    """For eyes."""
    print(f"{found['pixels'] / 1e6:.2f} Mpx, {found['bands']} bands, compression {found['compression']}")
    for clock in ("seconds", "processor_seconds"):
        print("  by the wall" if clock == "seconds" else "  of the processor")
        for name, value in found[clock].items():
            ratio, share = value / found[clock]["decode"], value / found[clock]["job"]
            print(f"    {name:<10} {value:8.2f} s   {ratio:7.1f} x decode   {share:7.2f} x job")
    print(f"  job: {found['job_ns_per_pixel']:.0f} ns a pixel, peak RSS {found['peak_rss_mb']:.0f} MB")
    print("  maps: " + ", ".join(f"{kind} {size:.2f} MB" for kind, size in found["map_mb"].items()))
    if profile:
        print("  stages, of the processor")
        for name, value in found["stage_processor_seconds"].items():
            print(f"    {name:<14} {value:8.3f} s   {value / found['processor_seconds']['job']:6.1%}")


def rivals_of(given: Input, size: str, vs: str | None) -> dict[str, Callable[[], None]]:
    """The other ways that are timed beside the job."""
    if size != "clip":
        return {}
    from sklearn.cluster import KMeans

    rivals = {"tutorial": lambda: tutorial(given.paths, KMeans)}
    if vs == "sklearnex":
        try:
            from sklearnex.cluster import KMeans as FastKMeans
        except ImportError:
            sys.exit("--vs sklearnex needs it beside scikit-learn: pip install scikit-learn-intelex")
        rivals["sklearnex"] = lambda: tutorial(given.paths, FastKMeans)
    return rivals


def main() -> None:
    """Measure one size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=sorted(SIZES), default="clip")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="machine-readable, on one line")
    parser.add_argument("--profile", action="store_true", help="print the stages as well")
    parser.add_argument("--vs", choices=["sklearnex"], help="the tutorial's way with another k-means as well (clip)")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "full-scene-input")
    asked = parser.parse_args()
    two_heaps()  # as the program does when it starts
    for size in {"clip", asked.size}:
        command = [sys.executable, str(Path(__file__).with_name("full_scene_input.py")), str(asked.folder), size]
        subprocess.run(command, check=True)
    warm = made(asked.folder, "clip")
    measure(warm, 1, {})
    pipeline.cached_model.cache_clear()
    given = warm if asked.size == "clip" else made(asked.folder, asked.size)
    found = {
        "size": asked.size,
        **measure(given, asked.rounds, rivals_of(given, asked.size, asked.vs), profile=asked.profile),
    }
    if asked.json:
        print(json.dumps(found))
    else:
        show(found, profile=asked.profile)


if __name__ == "__main__":
    main()
