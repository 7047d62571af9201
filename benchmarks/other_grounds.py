"""Clear scenes of grounds that the real ones do not show, for series of `detection.py`.

    python benchmarks/other_grounds.py DIR [--shared ../shared]
    python benchmarks/detection.py --no-peers --seeds 1-4 --on DIR/sea.json [--level-1]

Writes desert, forest, farmland, ice, sea, savanna and town as items with seven bands of 350 x 350 pixels: fractal
patches or cells of a few surfaces, whose spectra are rounded from the usual libraries, with slow texture and a little
noise. The sun and the place are those of the bench's Liverpool Bay.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import rasterio
from backgrounds import sites
from numpy.typing import NDArray
from rasterio.warp import transform_bounds
from scipy.spatial import cKDTree
from series import BANDS, SHARED, bench
from shapely.geometry import box, mapping

SIZE, NOISE, EDGE_PX = 350, 0.0015, 0.7
SUN_ELEVATION = 45.0
SURFACES = {
    "sand": (0.14, 0.18, 0.29, 0.40, 0.48, 0.58, 0.52),
    "pale sand": (0.30, 0.34, 0.44, 0.52, 0.57, 0.62, 0.52),
    "gravel": (0.10, 0.12, 0.18, 0.24, 0.29, 0.36, 0.33),
    "rock": (0.06, 0.07, 0.09, 0.11, 0.13, 0.17, 0.17),
    "forest": (0.015, 0.018, 0.035, 0.022, 0.28, 0.13, 0.055),
    "clearing": (0.03, 0.035, 0.06, 0.05, 0.26, 0.19, 0.10),
    "crop": (0.03, 0.035, 0.07, 0.045, 0.42, 0.20, 0.10),
    "stubble": (0.07, 0.08, 0.12, 0.15, 0.26, 0.32, 0.26),
    "bare": (0.08, 0.09, 0.12, 0.16, 0.22, 0.28, 0.24),
    "ripe": (0.05, 0.06, 0.10, 0.12, 0.30, 0.28, 0.20),
    "dry grass": (0.04, 0.045, 0.075, 0.085, 0.21, 0.24, 0.16),
    "ice": (0.80, 0.80, 0.78, 0.74, 0.62, 0.10, 0.06),
    "snow": (0.92, 0.93, 0.92, 0.90, 0.82, 0.14, 0.10),
    "moraine": (0.10, 0.11, 0.13, 0.15, 0.18, 0.22, 0.21),
    "sea": (0.03, 0.032, 0.028, 0.012, 0.005, 0.003, 0.002),
    "turbid": (0.05, 0.06, 0.08, 0.06, 0.02, 0.008, 0.006),
    "roof": (0.14, 0.16, 0.18, 0.20, 0.24, 0.27, 0.26),
    "white roof": (0.34, 0.36, 0.38, 0.39, 0.40, 0.36, 0.32),
    "asphalt": (0.07, 0.08, 0.09, 0.10, 0.12, 0.14, 0.14),
    "park": (0.03, 0.035, 0.06, 0.045, 0.30, 0.18, 0.09),
}
"""Reflectance in `BANDS`."""


class Ground(NamedTuple):
    """Surfaces, as often as they occur; relative texture; and how they lie: power of a fractal, or number of cells."""

    surfaces: Sequence[str]
    texture: float
    spread: float | int


GROUNDS = {
    "desert": Ground(("rock", "gravel", "sand", "sand", "pale sand"), 0.06, 3.2),
    "forest": Ground(("forest",) * 6 + ("clearing",), 0.04, 3.0),
    "farmland": Ground(("crop", "crop", "stubble", "bare", "ripe"), 0.05, 900),
    "ice": Ground(("moraine", "ice", "snow", "snow"), 0.03, 3.2),
    "sea": Ground(("sea", "sea", "sea", "turbid"), 0.03, 3.2),
    "savanna": Ground(("dry grass", "clearing", "ripe", "bare"), 0.08, 2.6),
    "town": Ground(("roof",) * 8 + ("asphalt",) * 5 + ("park",) * 4 + ("bare", "bare", "white roof"), 0.06, 12000),
}
Field = Callable[[float], NDArray[np.float32]]
"""A fractal field (rows, columns) of mean 0 and variance 1, smoother the larger the power."""


def patches(field: Field, surfaces: Sequence[str], power: float) -> NDArray[np.intp]:
    """Which surface lies where (rows, columns): as much of each, in bands of a field."""
    height = field(power)
    return np.digitize(height, np.quantile(height, np.linspace(0, 1, len(surfaces) + 1)[1:-1]))


def cells(luck: np.random.Generator, surfaces: Sequence[str], number: int) -> NDArray[np.intp]:
    """Which surface lies where: so many slanted cells, fields or blocks, each of one by chance."""
    slant = np.array([[0.8, 0.3], [-0.2, 0.6]])
    middles = cKDTree(luck.uniform(0, SIZE, (number, 2)) @ slant)
    pixels = np.stack(np.mgrid[:SIZE, :SIZE], axis=-1).reshape(-1, 2) @ slant
    surface = luck.integers(len(surfaces), size=number)
    return np.asarray(surface[middles.query(pixels)[1]].reshape(SIZE, SIZE))


def reflectance(ground: Ground, luck: np.random.Generator, field: Field) -> NDArray[np.float64]:
    """Reflectance of a ground, (bands, rows, columns)."""
    names, spread = ground.surfaces, ground.spread
    where = cells(luck, names, spread) if isinstance(spread, int) else patches(field, names, spread)
    shares = [cv2.GaussianBlur((where == n).astype(np.float32), (0, 0), EDGE_PX) for n in range(len(names))]
    colours = np.array([SURFACES[name] for name in names])
    even = np.einsum("sij,sb->bij", np.stack(shares), colours) * (1 + ground.texture * field(2.5))
    return np.asarray(even + NOISE * luck.standard_normal(even.shape))


def write(name: str, folder: Path, like: Path, fractal: Any) -> None:
    """A ground as an item with its bands, like another item."""
    luck = np.random.default_rng(sum(map(ord, name)))
    cube = reflectance(GROUNDS[name], luck, lambda power: fractal(luck, (SIZE, SIZE), power))
    item = json.loads(like.read_text())
    item["properties"]["view:sun_elevation"] = SUN_ELEVATION
    item["assets"] = {band: item["assets"][band] for band in BANDS}
    for values, (band, asset) in zip(cube, item["assets"].items(), strict=True):
        units = asset["raster:bands"][0]
        with rasterio.open(like.parent / asset["href"]) as source:
            profile = {**source.profile, "width": SIZE, "height": SIZE}
        asset["href"] = f"{name}-{band}.tif"
        numbers = np.clip(np.rint((values - units["offset"]) / units["scale"]), 1, 65535)
        with rasterio.open(folder / asset["href"], "w", **profile) as file:
            file.write(numbers.astype(profile["dtype"]), 1)
            item["bbox"] = transform_bounds(file.crs, "EPSG:4326", *file.bounds)
    item["geometry"] = mapping(box(*item["bbox"]))
    for named in (item["properties"], *item["assets"].values()):
        for grid in ("proj:shape", "proj:transform"):
            named.pop(grid, None)
    (folder / f"{name}.json").write_text(json.dumps(item))


def main() -> None:
    """Write them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--shared", type=Path, default=SHARED)
    asked = parser.parse_args()
    bench(asked.shared)
    from fields import fractal

    asked.folder.mkdir(parents=True, exist_ok=True)
    for name in GROUNDS:
        write(name, asked.folder, sites(asked.shared)["liverpool"], fractal)


if __name__ == "__main__":
    main()
