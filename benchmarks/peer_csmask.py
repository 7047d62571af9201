"""Cloud and shadow by ukis-csmask, a trained network that looks at one date, beside ours on the same scenes.

    pip install "ukis-csmask[cpu]==1.0.0" -c constraints.txt
    python benchmarks/peer_csmask.py [--shared ../shared] [--work DIR] [--seeds 11-13] [--level-1]

The package is not among our own: its networks take 150 MB. Scored as in `detection.py`, whose scenes and runs in a
folder DIR serve here, too. The network knows no anomalies; how many of their pixels it takes for cloud or shadow is in
the last column. It was trained on real clouds: generated ones are strange to it, the real sets are not.
"""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from backgrounds import all_at_level_1, sites
from numpy.typing import NDArray
from series import SHARED, Case, bench, generate, pooled, real_cases, scan, seeds_of, truth_pairs

BANDS = {"blue": "blue", "green": "green", "red": "red", "nir08": "nir", "swir16": "swir16", "swir22": "swir22"}
"""Our names of the bands that it needs, and its own."""
COLUMNS = ("cloud F1", "false positives", "omission", "shadow F1", "anomalies called cloud or shadow")
ANOMALY, MASKED = 3, (1, 2)
Pairs = Mapping[str, tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def masks(case: Case, work: Path) -> Path:
    """Folder with the network's flags of every scene of a case: 0 clear, 1 cloud, 2 shadow, 255 no data."""
    folder = work / "csmask" / case.name
    folder.mkdir(parents=True, exist_ok=True)
    for truth in case.truths:
        if not (folder / truth.name).exists():
            write_mask(case, truth.stem, folder / truth.name)
    return folder


def write_mask(case: Case, item_id: str, target: Path) -> None:
    """The network's flags of one item; level 1 is divided by the sine of the height of the sun, as it was trained."""
    from ukis_csmask.mask import CSmask

    item = case.item(item_id)
    raw = "L1" in item["properties"].get("landsat:correction", "L2SP")
    height = np.sin(np.radians(item["properties"]["view:sun_elevation"])) if raw else 1.0
    image = np.stack([case.reflectance(item_id, band) / np.float32(height) for band in BANDS], axis=-1)
    with rasterio.open(case.folder / item_id / item["assets"]["red"]["href"]) as source:
        profile = source.profile
    known = np.isfinite(image).all(axis=-1)
    found = CSmask(np.nan_to_num(image), [*BANDS.values()], product_level="l1c" if raw else "l2a").csm[..., 0]
    with rasterio.open(target, "w", **profile | {"dtype": "uint8", "nodata": 255}) as file:
        file.write(np.where(known, found, 255).astype(np.uint8), 1)


def taken(every: Sequence[Pairs]) -> float | None:
    """Share of the pixels of anomalies that are called cloud or shadow."""
    calls = [np.isin(flags[truth == ANOMALY], MASKED) for pairs in every for truth, flags in pairs.values()]
    called = np.concatenate(calls)
    return float(called.mean()) if called.size else None


def row(scorer: Any, name: str, cases: Sequence[Case], folders: Sequence[Path]) -> str:
    """One row of the table."""
    pairs = [truth_pairs(scorer, case, folder) for case, folder in zip(cases, folders, strict=True)]
    scores = pooled(scorer, cases, pairs)
    cloud, shadow = scores["cloud"], scores["shadow"]
    there = cloud["recall"] is not None
    values = [cloud["f1"] if there else None, cloud["fpr"], cloud["omission"], shadow["f1"] if there else None]
    cells = ["" if value is None else f"{value:.3f}" for value in (*values, taken(pairs))]
    return f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with bench and data")
    parser.add_argument("--work", type=Path, help="keep scenes and runs here (default: a temporary folder)")
    parser.add_argument("--seeds", default="11-13")
    parser.add_argument("--level-1", action="store_true", help="series on clear scenes as level 1 shows them")
    args = parser.parse_args()
    try:
        import ukis_csmask  # noqa: F401
    except ImportError as missing:
        raise SystemExit(f'{missing}\ninstall it: pip install "ukis-csmask[cpu]==1.0.0" -c constraints.txt') from None
    seeds, shared = seeds_of(args.seeds), args.shared.resolve()
    with tempfile.TemporaryDirectory(prefix="csmask-") as scratch:
        work = (args.work or Path(scratch)).resolve()
        scorer = bench(shared)
        items = sites(shared)
        if args.level_1:
            items = all_at_level_1(items, work)
        cases = [*([] if args.level_1 else real_cases(shared)), *generate(shared, work, seeds, backgrounds=items)]
        print(f"| set | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 1)}")
        for name in dict.fromkeys(case.row for case in cases):
            mine = [case for case in cases if case.row == name]
            print(row(scorer, f"**{name}**", mine, [scan(case, work) for case in mine]))
            print(row(scorer, "ukis-csmask", mine, [masks(case, work) for case in mine]), flush=True)


if __name__ == "__main__":
    main()
