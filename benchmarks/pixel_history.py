"""The label history of one pixel over many scenes, from a database that is built first.

    python benchmarks/pixel_history.py [--scenes 500] [--side 1000] [--rounds 20] [--json]

Every scene gets a reference map of noisy patches (about as hard to compress as real labels of ten clusters), and is
otherwise empty. Prints the median time of `pixel_labels` (labels and flags) for pixels all over the grid, and the bytes
of a map.
"""

import argparse
import json
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from monitor.catalog.item import BandAsset, SceneItem
from monitor.clustering.sweep_result import Sweep, SweepEntry
from monitor.detection.result import Detection
from monitor.store import Store, open_store
from monitor.store.monitors import ensure_monitor
from monitor.store.places import pixel_labels
from monitor.store.results import encode_maps, save_result
from monitor.store.scenes import find_scene, upsert_items
from monitor.store.tables import LabelMap, LabelTile

START = datetime(2015, 1, 1, 16, tzinfo=UTC)
K, NOISE = 10, 0.08
"""Clusters, and the share of pixels that lie on the edge between two."""


def maps(side: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """A smooth field, and the labels that its values fall into."""
    coarse = rng.standard_normal((side // 6 + 2, side // 6 + 2), np.float32)
    field = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    return field, labels_of(field, rng)


def labels_of(field: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Labels of a field under noise, which moves pixels near the edges of clusters."""
    seen = field + NOISE * rng.standard_normal(field.shape, np.float32)
    return np.digitize(seen, np.linspace(-1.6, 1.6, K - 1)).astype(np.uint8)


def build(store: Store, scenes: int, side: int) -> int:
    """Scenes sixteen days apart; gives the monitor's number."""
    rng = np.random.default_rng(1)
    field, _ = maps(side, rng)
    centroids = np.zeros((K, 2), np.float32)
    sweep = Sweep((SweepEntry(K, 1.0, 0.5, centroids),), K, "benchmark", 0, 1)
    nothing = Detection(np.zeros((side, side), np.uint8), (), {})
    for number in range(scenes):
        name = f"LC08_L2SP_018030_{number:06d}_02_T1"
        outline = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
        item = SceneItem(
            name, name, name, "local", "landsat-c2-l2", "landsat-8", START + timedelta(days=16 * number), outline,
            (0.0, 0.0, 1.0, 1.0), 140.0, 50.0, 0.0, False, {"red": BandAsset("red", "red.tif", 1, 0, 0)},
        )  # fmt: skip
        with store.session() as session:
            monitor = ensure_monitor(session, "history")
            upsert_items(session, monitor, [item])
            pk = find_scene(session, name, "history").pk
            encoded = encode_maps({"reference": (labels_of(field, rng), centroids)}, nothing.flags)
            save_result(session, pk, 1, sweep, encoded, {}, nothing)
    return monitor


def measure(store: Store, monitor: int, side: int, rounds: int) -> tuple[list[float], list[float], float]:
    """Seconds of every query by the wall and of the processor, and the mean bytes of a reference map."""
    rng = np.random.default_rng(2)
    seconds, used = [], []
    for number in range(rounds + 1):
        row, column = (int(place) for place in rng.integers(0, side, 2))
        start, busy = time.perf_counter(), time.process_time()
        with store.session(read_only=True) as session:
            looks = list(pixel_labels(session, monitor, row, column))
        if number:
            seconds.append(time.perf_counter() - start)
            used.append(time.process_time() - busy)
        assert all(look.label < K for look in looks)
    with store.session(read_only=True) as session:
        of_kind = select(func.sum(func.length(LabelTile.data))).join(LabelMap).where(LabelMap.kind == "reference")
        return seconds, used, (session.scalar(of_kind) or 0) / len(looks)


def main() -> None:
    """Build and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{Path(folder) / 'history.db'}") as store:
        store.upgrade()
        monitor = build(store, asked.scenes, asked.side)
        seconds, used, size = measure(store, monitor, asked.side, asked.rounds)
    found = {
        "scenes": asked.scenes,
        "side": asked.side,
        "median_seconds": statistics.median(seconds),
        "slowest_seconds": max(seconds),
        "median_processor_seconds": statistics.median(used),
        "bytes_per_map": size,
        "mb_per_full_scene_map": size / asked.side**2 * 60,
    }
    if asked.json:
        print(json.dumps(found))
    else:
        print(
            f"{asked.scenes} scenes of {asked.side} x {asked.side}: median {found['median_seconds']:.3f} s, "
            f"slowest {found['slowest_seconds']:.3f} s, of the processor {found['median_processor_seconds']:.3f} s; "
            f"{size / 1e3:.0f} kB a map ({found['mb_per_full_scene_map']:.1f} MB of 60 Mpx)"
        )


if __name__ == "__main__":
    main()
