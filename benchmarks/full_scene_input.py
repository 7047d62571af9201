"""The input of `full_scene.py`: two Landsat-like dates of one place as files, with the reference model of the first.

Correlated fields of several scales, patches of ground, noise that lets DEFLATE save about as much as on real scenes,
clouds with shadows, some changed ground, and the slanted footprint with fill around it.
"""

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from monitor.catalog.item import BandAsset, SceneItem
from monitor.clustering.files import load_model, save_model
from monitor.clustering.reference import fit_reference
from monitor.errors import ReferenceModelError
from monitor.pipeline import ModelFile
from monitor.scenes.clear import ground
from monitor.scenes.grid import Grid
from monitor.scenes.reading import read_scene

BANDS = ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22")
SIZES = {"clip": (1100, 1500), "full": (7700, 7800)}
"""Rows and columns."""
SCALE, OFFSET = 2.75e-5, -0.2
"""Of Landsat Collection 2 surface reflectance."""
SPECTRA = np.array(
    [
        [0.020, 0.022, 0.030, 0.024, 0.012, 0.006, 0.004],
        [0.020, 0.025, 0.050, 0.035, 0.320, 0.140, 0.060],
        [0.025, 0.032, 0.065, 0.050, 0.420, 0.200, 0.090],
        [0.050, 0.065, 0.100, 0.120, 0.260, 0.280, 0.200],
        [0.080, 0.100, 0.150, 0.190, 0.280, 0.340, 0.280],
        [0.090, 0.110, 0.130, 0.140, 0.200, 0.220, 0.190],
        [0.160, 0.180, 0.220, 0.250, 0.300, 0.320, 0.290],
        [0.030, 0.040, 0.070, 0.080, 0.180, 0.170, 0.110],
    ],
    np.float32,
)
"""Water, forest, crops, grass, bare soil, town, bright roofs, wetland."""
CLOUD = np.array([0.60, 0.61, 0.62, 0.64, 0.69, 0.55, 0.42], np.float32)
SHADE = np.array([0.34, 0.38, 0.45, 0.50, 0.58, 0.67, 0.67], np.float32)
NOISE = 0.0012
"""Standard deviation in reflectance."""
CLOUD_SHARE, CHANGES = 0.12, 60
SUN_AZIMUTH, SUN_ELEVATION, CLOUD_HEIGHT_M = 140.0, 50.0, 1500.0
TILT = 0.19
"""Landsat's ground track against the map's north, in columns per row."""


@dataclass(frozen=True)
class Input:
    """Files of one size: the item of the second date, the band files in order, the grid and the reference model."""

    item: SceneItem
    paths: tuple[Path, ...]
    grid: Grid
    model: ModelFile


def made(folder: Path, size: str) -> Input:
    """The input of a size, made once in a folder."""
    here = folder / size
    grid = grid_of(size)
    items = [item_of(here, grid, date) for date in ("20240601", "20240617")]
    if not all(Path(asset.href).exists() for item in items for asset in item.assets.values()):
        here.mkdir(parents=True, exist_ok=True)
        write_dates(items, grid)
    paths = tuple(Path(items[1].assets[band].href) for band in BANDS)
    return Input(items[1], paths, grid, model_of(here, items[0], grid))


def grid_of(size: str) -> Grid:
    """Where the scene lies."""
    height, width = SIZES[size]
    return Grid(CRS.from_epsg(32617), Affine(30, 0, 500_000.0, 0, -30, 4_900_000.0), height, width)


def item_of(folder: Path, grid: Grid, date: str) -> SceneItem:
    """The item of one date."""
    name = f"LC08_L2SP_018030_{date}_02_T1"
    left, bottom, right, top = grid.bounds
    ring = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    outline = grid.to_lonlat({"type": "Polygon", "coordinates": [ring]})
    corners = np.array(outline["coordinates"][0])
    assets = {band: BandAsset(band, str(folder / f"{name}_{band}.tif"), SCALE, OFFSET, 0) for band in BANDS}
    west, south, east, north = *corners.min(axis=0).tolist(), *corners.max(axis=0).tolist()
    return SceneItem(
        scene_id=name, product_id=name, item_id=name, catalog="local", collection="landsat-c2-l2",
        platform="landsat-8", datetime=datetime.strptime(date, "%Y%m%d").replace(tzinfo=UTC), geometry=outline,
        bbox=(west, south, east, north), sun_azimuth=SUN_AZIMUTH, sun_elevation=SUN_ELEVATION, cloud_cover=0.0,
        needs_sun_correction=False, assets=assets,
    )  # fmt: skip


def write_dates(items: list[SceneItem], grid: Grid) -> None:
    """Both dates, band by band."""
    rng = np.random.default_rng(4)
    shape = grid.shape
    kinds = patches(rng, shape)
    bright, green = (correlated(rng, shape, (600, 90, 12)) for _ in range(2))
    opacity = clouds(rng, shape)
    shadow = thrown(opacity, grid)
    changed = kinds.copy()
    for _ in range(CHANGES):
        row, column = (int(rng.integers(0, side)) for side in shape)
        tall, wide = (int(side) for side in rng.integers(4, 40, 2))
        changed[row : row + tall, column : column + wide] = rng.integers(3, 7)
    fill = ~footprint(shape)
    for index, band in enumerate(BANDS):
        for item, kind, today in ((items[0], kinds, False), (items[1], changed, True)):
            values = SPECTRA[:, index][kind]
            values *= 1 + np.float32(0.12) * bright
            values += np.float32(0.10 * SPECTRA[2, index]) * green
            if today:
                values *= np.float32(1 + 0.03 * (index - 3) / 3)
                values *= 1 - shadow * SHADE[index]
                values += opacity * (CLOUD[index] - values)
            values += rng.standard_normal(shape, np.float32) * np.float32(NOISE)
            numbers = np.clip(np.round((values - OFFSET) / SCALE), 1, 65535).astype(np.uint16)
            numbers[fill] = 0
            write_band(Path(item.assets[band].href), numbers, grid)


def correlated(rng: np.random.Generator, shape: tuple[int, int], scales_px: tuple[int, ...]) -> NDArray[np.float32]:
    """A field of about unit variance that varies over all of the scales."""
    height, width = shape
    total = np.zeros(shape, np.float32)
    for scale in scales_px:
        coarse = rng.standard_normal((height // scale + 3, width // scale + 3), np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    total /= np.float32(total[::7, ::7].std())
    return total


def patches(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Kinds of ground: fields cut at their quantiles, large waters and forests, small parcels between."""
    wide = correlated(rng, shape, (500, 120))
    small = correlated(rng, shape, (40, 14))
    kinds = np.digitize(small, [-0.9, -0.2, 0.4, 1.1, 1.8]).astype(np.uint8) + np.uint8(2)
    kinds[wide > 0.6] = 1
    kinds[wide < -1.2] = 0
    return kinds


def clouds(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Opacity of clouds, 0-1."""
    field = correlated(rng, shape, (300, 60, 15))
    edge = np.quantile(field[::7, ::7], 1 - CLOUD_SHARE)
    return np.clip((field - np.float32(edge)) * np.float32(1.6), 0, np.float32(0.95))


def thrown(opacity: NDArray[np.float32], grid: Grid) -> NDArray[np.float32]:
    """Opacity where the sun throws it."""
    reach = CLOUD_HEIGHT_M / np.tan(np.radians(SUN_ELEVATION)) / grid.pixel_size_m
    down, right = reach * np.cos(np.radians(SUN_AZIMUTH)), -reach * np.sin(np.radians(SUN_AZIMUTH))
    move = np.array([[1, 0, right], [0, 1, down]], np.float64)
    return np.asarray(cv2.warpAffine(opacity, move, opacity.shape[::-1], borderValue=0.0), np.float32)


def footprint(shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The slanted outline of a Landsat scene in its bounding box."""
    rows, columns = np.ogrid[0.0 : shape[0], 0.0 : shape[1]]
    across = columns + TILT * (rows - shape[0])
    down = rows - TILT * columns
    wide, tall = shape[1] - TILT * shape[0], shape[0] - TILT * shape[1]
    inside: NDArray[np.bool_] = (across + TILT * shape[0] > TILT * shape[0] * 0.5) & (down > -0.5 * TILT * shape[1])
    inside &= (across < wide + 0.5 * TILT * shape[0]) & (down < tall + 0.5 * TILT * shape[1])
    return inside


def write_band(path: Path, numbers: NDArray[np.uint16], grid: Grid) -> None:
    """As the provider writes them: COG of 256 x 256 blocks, DEFLATE with the difference to the left."""
    with rasterio.open(
        path, "w", driver="COG", count=1, dtype="uint16", nodata=0, compress="DEFLATE", predictor=2, blocksize=256,
        overviews="NONE", num_threads=2, **grid.profile,
    ) as file:  # fmt: skip
        file.write(numbers, 1)


def model_of(folder: Path, item: SceneItem, grid: Grid) -> ModelFile:
    """The reference model of the first date, fitted once."""
    note = folder / "model.json"
    if note.exists():
        known = json.loads(note.read_text(encoding="utf-8"))
        model = ModelFile(folder / "models" / known["path"], known["sha256"])
        try:
            load_model(model.folder, model.sha256)
        except ReferenceModelError:
            note.unlink()
        else:
            return model
    scene = read_scene(item, grid, BANDS, None, lambda asset: (asset.href, {}))
    fitted, tried = fit_reference(scene, ground(scene), "benchmark", range(8, 9), 8)
    _, checksum = save_model(fitted, tried, folder / "models")
    note.write_text(json.dumps({"path": "benchmark/1", "sha256": checksum}), encoding="utf-8")
    return ModelFile(folder / "models" / "benchmark" / "1", checksum)


def main() -> None:
    """Make one size; apart from the measuring process, whose memory is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("size", choices=sorted(SIZES))
    asked = parser.parse_args()
    made(asked.folder, asked.size)


if __name__ == "__main__":
    main()
