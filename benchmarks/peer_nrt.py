"""Changes of long series by ec-jrc/nrt, which fits every pixel's history of one index, beside ours on the same scenes.

    pip install nrt==0.1.0 -c constraints.txt
    python benchmarks/peer_nrt.py [--shared ../shared] [--work DIR] [--seeds 11-12] [--dates 64] [--history 46]

Both watch the dates after the history (46 dates are two years of Landsat 8). nrt learns from the history, and is told
where clouds and shadows truly are on every date; all five of its monitors run as they come, on NDVI and on NBR, with
one harmonic and no trend (CCDC asks for one). We have the first date as the reference and are told nothing. A place has
changed for nrt where it confirmed a break, for us where two of the dates have it as an anomaly.

Judged is what is to be seen on three dates or more after the history and never in it, without `NEAR_CHANGE_PX` around
all changes: ships come and go within one date, and are left to `detection.py`.
"""

import argparse
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from series import NEAR_CHANGE_PX, SHARED, Case, bench, generate, near, scan, seeds_of

INDICES = {"NDVI": ("nir08", "red"), "NBR": ("nir08", "swir22")}
NEEDED = ("green", "red", "nir08", "swir16", "swir22")
HIDDEN, CHANGED = (1, 2, 255), 3
"""Of the truth: cloud, shadow and what is not judged; a change that can be seen."""
LEAST_LOOKS, LOOKS_TO_CONFIRM, BROKEN = 3, 2, 3
LEAST_SHARE, LEAST_OBJECT_PX, LEAST_CHANGE_PX = 0.3, 9, 30
"""As the bench's score_flags.py: share of a change that must be found, pixels of a false object, of a change."""


@dataclass(frozen=True, eq=False)
class Series:
    """One series: `bands` (dates, rows, columns) by name, NaN under cloud and shadow; `truth` and our `flags` alike."""

    dates: list[datetime]
    bands: dict[str, NDArray[np.float32]]
    truth: NDArray[np.uint8]
    flags: NDArray[np.uint8]


@dataclass
class Counts:
    """Changes found and judged; pixels found, false and missed; false objects."""

    found: int = 0
    judged: int = 0
    hits: int = 0
    false: int = 0
    missed: int = 0
    objects: int = 0

    def row(self, name: str, series: int) -> str:
        """A row of the table."""
        f1 = 2 * self.hits / max(2 * self.hits + self.false + self.missed, 1)
        precision, recall = self.hits / max(self.hits + self.false, 1), self.hits / max(self.hits + self.missed, 1)
        shares = (f1, precision, recall, self.found / max(self.judged, 1))
        return f"| {name} | {' | '.join(f'{share:.3f}' for share in shares)} | {self.objects / series:.1f} |"


def read_series(scorer: Any, case: Case, flags: Path) -> Series:
    """A case with its truth, and our flags on the grid of the truth."""
    dates, truth, ours = [], [], []
    bands: dict[str, list[NDArray[np.float32]]] = {name: [] for name in NEEDED}
    for path in case.truths:
        taken = case.item(path.stem)["properties"]["datetime"]
        dates.append(datetime.fromisoformat(taken).astimezone(UTC).replace(tzinfo=None))
        true, mine = scorer.read_pair(path, flags / path.name)
        hidden = np.isin(true, HIDDEN)
        truth.append(true)
        ours.append(mine)
        for name, images in bands.items():
            images.append(np.where(hidden, np.float32(np.nan), case.reflectance(path.stem, name)))
    return Series(dates, {name: np.stack(images) for name, images in bands.items()}, np.stack(truth), np.stack(ours))


def monitors() -> dict[str, type]:
    """The monitors of nrt by name."""
    from nrt.monitor.ccdc import CCDC
    from nrt.monitor.cusum import CuSum
    from nrt.monitor.ewma import EWMA
    from nrt.monitor.iqr import IQR
    from nrt.monitor.mosum import MoSum

    return {"EWMA": EWMA, "CuSum": CuSum, "MoSum": MoSum, "IQR": IQR, "CCDC": CCDC}


def breaks(name: str, kind: type, index: str, series: Series, history: int) -> NDArray[np.bool_]:
    """Where a monitor of nrt confirms a break after the history."""
    import xarray

    def past(values: NDArray[np.float32]) -> Any:
        times = np.array(series.dates[:history], "datetime64[ns]")
        places = {axis: np.arange(size) for axis, size in zip("yx", values.shape[1:], strict=True)}
        return xarray.DataArray(values[:history], dims=("time", "y", "x"), coords={"time": times, **places})

    one, other = (series.bands[band] for band in INDICES[index])
    values = (one - other) / np.maximum(one + other, np.float32(0.02))
    monitor = kind(trend=name == "CCDC", harmonic_order=1)
    more = {"green": past(series.bands["green"]), "swir": past(series.bands["swir16"])} if name == "CCDC" else {}
    monitor.fit(past(values), **more)
    for date, image in zip(series.dates[history:], values[history:], strict=True):
        monitor.monitor(image, date)
    return np.asarray(monitor.mask == BROKEN)


def measure(mask: NDArray[np.bool_], series: Series, history: int, counts: Counts) -> None:
    """Add how well a mask shows what changed after the history."""
    seen = series.truth == CHANGED
    looks, ever = seen[history:].sum(axis=0), near(seen.any(axis=0), NEAR_CHANGE_PX)
    new = (looks >= LEAST_LOOKS) & ~seen[:history].any(axis=0)
    judged = new | ~ever
    counts.hits += int((mask & new).sum())
    counts.false += int((mask & ~new & judged).sum())
    counts.missed += int((~mask & new).sum())
    number, changes = cv2.connectedComponents(new.astype(np.uint8), connectivity=8)
    size, hit = np.bincount(changes.ravel(), minlength=number), np.bincount(changes[mask], minlength=number)
    large = size[1:] >= LEAST_CHANGE_PX
    counts.judged += int(large.sum())
    counts.found += int((hit[1:] >= LEAST_SHARE * size[1:])[large].sum())
    number, objects = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    size, excused = np.bincount(objects.ravel(), minlength=number), np.bincount(objects[ever], minlength=number)
    counts.objects += int(((size >= LEAST_OBJECT_PX) & (excused == 0))[1:].sum())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=SHARED, help="folder with bench and data")
    parser.add_argument("--work", type=Path, help="keep scenes and runs here (default: a temporary folder)")
    parser.add_argument("--seeds", default="11-12")
    parser.add_argument("--dates", type=int, default=64)
    parser.add_argument("--history", type=int, default=46, help="dates that nrt learns from")
    args = parser.parse_args()
    try:
        kinds = monitors()
    except ImportError as missing:
        raise SystemExit(f"{missing}\ninstall it: pip install nrt==0.1.0 -c constraints.txt") from None
    seeds, shared = seeds_of(args.seeds), args.shared.resolve()
    with tempfile.TemporaryDirectory(prefix="nrt-") as scratch:
        work = (args.work or Path(scratch)).resolve()
        scorer = bench(shared)
        cases = generate(shared, work, seeds, variants=["generated"], dates=args.dates)
        table: dict[str, Counts] = {}
        for case in cases:
            series = read_series(scorer, case, scan(case, work))
            ours = (series.flags[args.history :] == CHANGED).sum(axis=0) >= LOOKS_TO_CONFIRM
            measure(ours, series, args.history, table.setdefault("**ours**", Counts()))
            for index in INDICES:
                for name, kind in kinds.items():
                    with warnings.catch_warnings():  # of pixels that are hardly ever clear
                        warnings.simplefilter("ignore")
                        found = breaks(name, kind, index, series, args.history)
                    measure(found, series, args.history, table.setdefault(f"nrt {name}, {index}", Counts()))
    print("| | pixel F1 | precision | recall | changes found | false objects a series |\n|---|---|---|---|---|---|")
    for name, counts in table.items():
        print(counts.row(name, len(cases)))


if __name__ == "__main__":
    main()
