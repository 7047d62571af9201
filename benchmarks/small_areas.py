"""Small areas: squares cut from generated series, as one who watches a harbour, a forest or a stretch of sea sets them.

    python benchmarks/small_areas.py [--shared ../shared] [--work DIR] [--seeds 1-2] [--sides 50 80 130 200] [--areas 3]

Cuts squares of so many pixels at random from every normal, hard and drifting series (many hold nothing but water or
forest), fits a reference in each, judges all dates, and prints scores over all of them, and what share of the clear
ground of a date is flagged, on the mean and where it is worst of twenty.
"""

import argparse
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.warp import transform_bounds
from rasterio.windows import Window
from series import SHARED, VARIANTS, Case, bench, generate, opened, seeds_of, truth_on

from monitor.clustering.assign import label_map
from monitor.clustering.sweep import sweep
from monitor.detection import detect
from monitor.detection.result import Flag
from monitor.scenes.normalise import normalise

Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def squares(case: Case, side: int, count: int) -> list[Case]:
    """The case in some squares of `side` pixels, the same whenever it is asked."""
    luck, found = np.random.default_rng(side), []
    with rasterio.open(case.truths[0]) as source:
        for number in range(count):
            row, column = (int(luck.integers(length - side + 1)) for length in source.shape)
            box = source.window_bounds(Window(column, row, side, side))
            name = f"{case.name}-{side}-{number}"
            found.append(replace(case, name=name, bbox=transform_bounds(source.crs, "EPSG:4326", *box)))
    return found


def judged(case: Case, work: Path) -> list[Pair]:
    """Truth and flags of every date of a case but the reference's."""
    some, pairs = opened(case, work), []
    for path in case.truths:
        laid = normalise(some.scene(path.stem), some.reference)
        features = laid.reference.feature_stack(laid.scene.stack)
        maps = (laid.reference.centroids, sweep(features, range(3, 11)).chosen.centroids)
        found = detect(laid.scene, laid.reference, *(label_map(features, centroids) for centroids in maps))
        pairs.append((truth_on(some.reference.grid, path), found.flags))
    return pairs


def row(scorer: Any, pairs: Sequence[Pair]) -> str:
    """The scores over all pairs, as a row of a table."""
    counts = [scorer.count(*pair) for pair in pairs]
    rates = scorer.rates({key: sum(count[key] for count in counts) for key in counts[0]})
    f1 = " | ".join(f"{rates[kind]['f1']:.3f}" for kind in ("any", "cloud", "shadow", "anomaly"))
    false = sum(scorer.false_objects(*pair) for pair in pairs) / len(pairs)
    clear = [flags[truth == Flag.CLEAR] for truth, flags in pairs]
    flagged = [float(np.isin(each, (Flag.CLOUD, Flag.SHADOW, Flag.ANOMALY)).mean()) for each in clear if each.size]
    return f"{f1} | {false:.2f} | {np.mean(flagged):.3f}, {np.quantile(flagged, 0.95):.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--seeds", default="1-2")
    parser.add_argument("--sides", type=int, nargs="+", default=[50, 80, 130, 200])
    parser.add_argument("--areas", type=int, default=3)
    asked = parser.parse_args()
    scorer = bench(asked.shared)
    print("| side | set | any | cloud | shadow | anomaly | false objects | clear flagged: mean, worst of twenty |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, ProcessPoolExecutor(2) as pool:
        work = asked.work or Path(folder)
        cases = generate(asked.shared, work, seeds_of(asked.seeds))
        for side in asked.sides:
            for variant in VARIANTS:
                cut = [square for case in cases if case.row == variant for square in squares(case, side, asked.areas)]
                pairs = [pair for some in pool.map(partial(judged, work=work), cut) for pair in some]
                print(f"| {side} | {variant} | {row(scorer, pairs)} |", flush=True)


if __name__ == "__main__":
    main()
