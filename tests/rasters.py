"""Small real scenes for tests: GeoTIFF bands on disk and the SceneItem that describes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from monitor.catalog.item import BandAsset, SceneItem
from monitor.scenes.grid import Grid

SCALE, OFFSET = 2.75e-05, -0.2
UTM17 = CRS.from_epsg(32617)
BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")


def make_grid(height: int = 60, width: int = 80, left: float = 600000.0, top: float = 4_850_010.0) -> Grid:
    return Grid(UTM17, Affine(30, 0, left, 0, -30, top), height, width)


def area_of(grid: Grid, margin_px: float = 0.0) -> dict[str, object]:
    """The outline of a grid in WGS 84, pulled in by a margin."""
    left, bottom, right, top = grid.bounds
    gap = margin_px * grid.transform.a
    left, bottom, right, top = left + gap, bottom + gap, right - gap, top - gap
    ring = [(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]
    return grid.to_lonlat({"type": "Polygon", "coordinates": [ring]})


def write_raster(path: Path, numbers: NDArray, grid: Grid, nodata: float | None = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype=numbers.dtype, nodata=nodata, tiled=True, blockxsize=64,
        blockysize=64, compress="DEFLATE", **grid.profile,
    ) as dst:  # fmt: skip
        dst.write(numbers, 1)
    return path


def to_numbers(reflectance: NDArray) -> NDArray[np.uint16]:
    """Reflectance as level-2 numbers, 0 where NaN."""
    numbers = np.clip(np.round((reflectance - OFFSET) / SCALE), 1, 65535)
    return np.where(np.isfinite(reflectance), numbers, 0).astype(np.uint16)


def write_scene(
    folder: Path,
    reflectance: NDArray[np.float32],
    grid: Grid,
    *,
    bands: tuple[str, ...] = BANDS,
    scene_id: str = "LC08_L2SP_018030_20240601_02_T1",
    qa: NDArray[np.uint16] | None = None,
    **properties: object,
) -> SceneItem:
    """Bands on disk and the item that describes them; `properties` replace fields of the item."""
    assets = {}
    for name, band in zip(bands, reflectance, strict=True):
        path = write_raster(folder / scene_id / f"{scene_id}_{name}.tif", to_numbers(band), grid)
        assets[name] = BandAsset(name, str(path), SCALE, OFFSET, 0)
    if qa is not None:
        path = write_raster(folder / scene_id / f"{scene_id}_qa_pixel.tif", qa, grid, nodata=1)
        assets["qa_pixel"] = BandAsset("qa_pixel", str(path), 1, 0, 1)
    return make_item(assets, grid, scene_id=scene_id, **properties)


def make_item(assets: Mapping[str, BandAsset], grid: Grid, **changes: object) -> SceneItem:
    outline = area_of(grid)
    ring = np.array(outline["coordinates"][0])
    values: dict[str, object] = {
        "scene_id": "LC08_L2SP_018030_20240601_02_T1",
        "product_id": "LC08_L2SP_018030_20240601_20240611_02_T1",
        "catalog": "local",
        "collection": "landsat-c2-l2",
        "platform": "landsat-8",
        "datetime": datetime(2024, 6, 1, 16, 10, tzinfo=UTC),
        "geometry": outline,
        "bbox": (*ring.min(axis=0).tolist(), *ring.max(axis=0).tolist()),
        "sun_azimuth": 140.0,
        "sun_elevation": 60.0,
        "cloud_cover": 0.0,
        "needs_sun_correction": False,
        "assets": assets,
    }
    values |= changes
    values.setdefault("item_id", values["scene_id"])
    return SceneItem(**values)


def patchwork(grid: Grid, bands: int = 6, patches: int = 5, seed: int = 0) -> NDArray[np.float32]:
    """Reflectance (bands, rows, columns) of blocks of ground, each of one spectrum with a little noise."""
    rng = np.random.default_rng(seed)
    spectra = rng.uniform(0.03, 0.4, (patches, bands))
    rows, columns = np.indices(grid.shape)
    kind = (rows // 15 + 3 * (columns // 16)) % patches
    noise = rng.normal(0, 0.004, (bands, *grid.shape))
    return (np.moveaxis(spectra[kind], -1, 0) + noise).astype(np.float32)


def plain_href(asset: BandAsset) -> tuple[str, dict[str, object]]:
    """Opens an asset as it is."""
    return asset.href, {}
