"""One tile: read through rio-tiler in Web Mercator, coloured, as PNG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rio_tiler.errors import RioTilerError, TileOutsideBounds
from rio_tiler.io import Reader
from rio_tiler.models import ImageData

from monitor.catalog.item import SceneItem
from monitor.clustering.files import REFLECTANCE
from monitor.clustering.labels import NO_LABEL
from monitor.clustering.model import decode_reflectance
from monitor.cog import Colours
from monitor.config import CatalogSettings
from monitor.errors import AssetUnavailable, NotFoundError, ReferenceModelError
from monitor.pipeline import opener
from monitor.plots.image import Limits, paint, stretch_limits, to_rgba
from monitor.scenes.bands import translate
from monitor.scenes.reading import band_source, sun_gain

SIZE = 256
SAMPLE_PX = 512
"""Side of the sample that contrast is taken from."""
PNG_OPTIONS: Mapping[str, Any] = {"zlevel": 6}


@dataclass(frozen=True)
class Tile:
    """Column, row and zoom of the Web Mercator pyramid."""

    x: int
    y: int
    z: int


def draw_classes(path: Path, tile: Tile, colours: Colours | None = None) -> bytes | None:
    """A raster of classes in these colours, or those of its own table (in which nothing is transparent).

    None outside of it.
    """
    with Reader(str(path)) as src:
        try:
            found = src.tile(tile.x, tile.y, tile.z, indexes=1, tilesize=SIZE, resampling_method="nearest")
        except TileOutsideBounds:
            return None
        table = colours or src.dataset.colormap(1)
    values = np.where(found.mask > 0, found.data[0], NO_LABEL).astype(np.uint8)
    return png(paint(values, {value: colour for value, colour in table.items() if value != NO_LABEL}))


def draw_composite(
    item: SceneItem, catalog: CatalogSettings | None, bands: Sequence[str], limits: Limits, tile: Tile
) -> bytes | None:
    """Three bands of a scene; None outside of it. Raises SceneError for a band it has not, AssetUnavailable."""
    gain = sun_gain(item)
    stack = np.zeros((3, SIZE, SIZE), np.float32)
    valid = np.ones((SIZE, SIZE), bool)
    for index, name in enumerate(bands):
        source = band_source(item, name, opener(catalog))
        asset = source.asset
        try:
            with rasterio.Env(**source.options), Reader(source.href, options=options_of(asset.nodata)) as src:
                found = src.tile(tile.x, tile.y, tile.z, indexes=1, tilesize=SIZE, resampling_method="bilinear")
        except TileOutsideBounds:
            return None
        except RasterioError as error:
            raise translate(source, error) from error
        except RioTilerError as error:
            raise AssetUnavailable(f"scene {item.scene_id}: band {name} cannot be drawn: {error}") from error
        stack[index] = (found.data[0] * asset.scale + asset.offset) * gain
        valid &= found.mask > 0
    return png(to_rgba(stack, valid, limits))


def options_of(nodata: float | None) -> Any:
    """The reader's options for a band with that nodata value."""
    return {} if nodata is None else {"nodata": nodata}


def draw_reference(
    folder: Path, known: Sequence[str], bands: Sequence[str], limits: Limits, tile: Tile
) -> bytes | None:
    """The clear scene of a reference model; None outside of it. Raises NotFoundError for a band it has not."""
    try:
        with Reader(str(folder / REFLECTANCE)) as src:
            found = src.tile(tile.x, tile.y, tile.z, indexes=numbers_of(known, bands), tilesize=SIZE)
    except TileOutsideBounds:
        return None
    except (RasterioError, RioTilerError) as error:
        raise ReferenceModelError(f"reference model {folder}: {error}; activate or fit another one") from error
    numbers = np.where(found.mask > 0, found.data, 0).astype(np.uint16)
    values = decode_reflectance(numbers)
    return png(to_rgba(values, whole(values), limits))


def numbers_of(known: Sequence[str], bands: Sequence[str]) -> tuple[int, ...]:
    """Band numbers in the model's file; NotFoundError for a band that it has not."""
    missing = [band for band in bands if band not in known]
    if missing:
        raise NotFoundError(f"the reference has no band {', '.join(missing)}; it has {', '.join(known)}")
    return tuple(known.index(band) + 1 for band in bands)


@lru_cache(maxsize=64)
def contrast(folder: Path, sha256: str, known: tuple[str, ...], bands: tuple[str, ...]) -> tuple[float, ...]:
    """Limits of what is black and white, flat, from the clear scene: one contrast for every scene and every tile."""
    try:
        with Reader(str(folder / REFLECTANCE)) as src:
            sample = src.preview(max_size=SAMPLE_PX, indexes=numbers_of(known, bands))
    except (RasterioError, RioTilerError) as error:
        raise ReferenceModelError(f"reference model {folder}: {error}; activate or fit another one") from error
    values = decode_reflectance(np.where(sample.mask > 0, sample.data, 0).astype(np.uint16))
    limits = stretch_limits(values, whole(values))
    return tuple(limits.ravel().tolist())


def whole(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where every band (bands, rows, columns) has a value, (rows, columns)."""
    return np.asarray(np.isfinite(values).all(axis=0), bool)


def png(rgba: NDArray[np.uint8]) -> bytes:
    """RGBA (rows, columns, 4) as PNG."""
    image = ImageData(np.ma.MaskedArray(np.moveaxis(rgba[..., :3], -1, 0)), alpha_mask=rgba[..., 3])
    content: bytes = image.render(img_format="PNG", **PNG_OPTIONS)
    return content


@lru_cache(maxsize=1)
def nothing() -> bytes:
    """A tile with nothing on it."""
    return png(np.zeros((SIZE, SIZE, 4), np.uint8))
