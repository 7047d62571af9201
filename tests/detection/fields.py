"""Small real scenes for detection tests: ground with texture, clouds with shadows, changes."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from scipy import ndimage

from monitor.catalog.item import SceneItem
from monitor.clustering.assign import label_map
from monitor.clustering.model import ReferenceModel
from monitor.clustering.reference import fit_reference
from monitor.detection import detect
from monitor.detection.result import Detection
from monitor.scenes.grid import Grid
from monitor.scenes.normalise import normalise
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
WATER = np.array([0.03, 0.04, 0.03, 0.015, 0.01, 0.008])
FOREST = np.array([0.02, 0.04, 0.03, 0.30, 0.15, 0.06])
FIELD = np.array([0.05, 0.08, 0.09, 0.25, 0.22, 0.14])
SOIL = np.array([0.10, 0.14, 0.20, 0.30, 0.38, 0.32])
FLOOD = np.array([0.05, 0.07, 0.06, 0.035, 0.015, 0.01])
BURN = np.array([0.03, 0.04, 0.05, 0.10, 0.13, 0.12])
CLOUD = np.array([0.60, 0.62, 0.64, 0.68, 0.50, 0.38])
LIGHT_LEFT = np.array([0.62, 0.55, 0.50, 0.42, 0.33, 0.33])
SHIP = np.array([0.36, 0.37, 0.38, 0.38, 0.36, 0.33])
SIZE = 160


def item(azimuth: float | None = 135.0, elevation: float | None = 45.0) -> SceneItem:
    return SceneItem(
        "LC08_TEST", "LC08_TEST", "LC08_TEST", "test", "landsat-c2-l2", "landsat-8", datetime(2020, 6, 1, tzinfo=UTC),
        {}, (0.0, 0.0, 1.0, 1.0), azimuth, elevation, None, False, {},
    )  # fmt: skip


def scene(
    cube: NDArray[Any], valid: NDArray[np.bool_] | None = None, pixel_m: float = 30, **sun: float | None
) -> Scene:
    height, width = cube.shape[1:]
    grid = Grid(CRS.from_epsg(32617), Affine(pixel_m, 0, 600000, 0, -pixel_m, 4800000), height, width)
    valid = np.ones((height, width), bool) if valid is None else valid
    bands = BANDS if len(cube) == len(BANDS) else BANDS[: len(cube)]
    values = np.where(valid, cube, np.nan).astype(np.float32)
    return Scene(item(**sun), grid, bands, Stack.of(values, valid), valid, None)


def ground(seed: int = 0, size: int = SIZE) -> NDArray[Any]:
    """Forest, fields and a lake, with texture, (bands, size, size)."""
    rng = np.random.default_rng(seed)
    cover = ndimage.gaussian_filter(rng.standard_normal((size, size)), 8)
    cover /= cover.std()
    cube = np.where(cover[None] > 0.3, FIELD[:, None, None], FOREST[:, None, None])
    cube = np.where((np.arange(size) > 0.7 * size)[None, None, :], WATER[:, None, None], cube)
    texture = 1 + 0.05 * ndimage.gaussian_filter(rng.standard_normal((size, size)), 1)
    return np.stack([ndimage.gaussian_filter(band, 0.7) for band in cube]) * texture


def even(colour: NDArray[Any], texture: float) -> NDArray[Any]:
    """One kind of ground of slow and fine texture, (bands, rows, columns), smoother than the sensor's noise."""
    rng = np.random.default_rng(3)
    slow, fine = (ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), sigma) for sigma in (12, 1))
    return colour[:, None, None] * (1 + texture * (slow / slow.std() + 0.3 * fine / fine.std()))


def later(cube: NDArray[Any], seed: int = 1) -> NDArray[Any]:
    """The same ground another day: sensor noise."""
    return cube + 0.002 * np.random.default_rng(seed).standard_normal(cube.shape)


def paint(cube: NDArray[Any], mask: NDArray[np.bool_], colour: NDArray[Any], share: float = 1.0) -> NDArray[Any]:
    """A colour laid over a mask, its edge softened by half a pixel."""
    soft = share * ndimage.gaussian_filter(mask.astype(float), 0.5)
    return cube * (1 - soft) + colour[:, None, None] * soft


def disc(row: int, column: int, radius: float, size: int = SIZE) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[:size, :size]
    return (rows - row) ** 2 + (columns - column) ** 2 <= radius**2


def cloudy(cube: NDArray[Any], row: int, column: int, radius: float, height_m: float = 900) -> NDArray[Any]:
    """A soft round cloud at a height and its shadow to the north-west (sun in the south-east at 45 degrees)."""
    away = round(height_m * np.sqrt(0.5) / 30)
    size = cube.shape[1]
    opacity = np.clip(1.5 * ndimage.gaussian_filter(disc(row, column, radius, size).astype(float), 2), 0, 1)
    shade = ndimage.shift(opacity, (-away, -away), order=1)
    cube = cube * (1 - shade * (1 - LIGHT_LEFT[:, None, None]))
    return cube * (1 - opacity) + CLOUD[:, None, None] * opacity


def model(cube: NDArray[Any], known: NDArray[np.bool_] | None = None, k: int = 4) -> ReferenceModel:
    clear = scene(cube)
    known = clear.valid if known is None else known
    return fit_reference(clear, known, "test", range(3, 6), k)[0]


def judge(now: Scene, reference: ReferenceModel) -> Detection:
    laid = normalise(now, reference)
    features = laid.reference.features(laid.scene.reflectance)
    labels = label_map(features, laid.reference.centroids)
    return detect(laid.scene, laid.reference, labels, labels)


def with_sun(now: Scene, azimuth: float | None, elevation: float | None) -> Scene:
    return replace(now, item=item(azimuth, elevation))


def share(flags: NDArray[np.uint8], mask: NDArray[np.bool_], flag: int) -> float:
    """How much of a mask has a flag."""
    return float((flags[mask] == flag).mean())
