"""One band file onto the monitor's grid: a windowed read where the lattices agree, a warp where not."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from monitor.catalog.item import BandAsset
from monitor.cog import CACHE_BYTES
from monitor.errors import AssetError, AssetUnavailable, MonitorError, SceneError
from monitor.scenes.grid import Grid

SAME_LATTICE = 0.01
"""Pixels; two lattices closer than that are one."""

BLOCK_PX = 4_000_000
"""A larger window is read in parts."""

UNREACHABLE = (
    "HTTP response code",
    "Could not resolve",
    "timed out",
    "Connection",
    "CURL",
    "No such file",
    "404",
    "403",
)
"""Parts of GDAL's messages that speak of the way to a file, not of the file."""


@dataclass(frozen=True)
class BandSource:
    """A band of a scene and how to open it now: `href` may be signed and is never stored or logged."""

    scene_id: str
    asset: BandAsset
    href: str
    options: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class BandPixels:
    """Numbers as stored in the file on the grid, and where there is data; both (rows, columns)."""

    numbers: NDArray[Any]
    seen: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class BandBlock:
    """Rows of a band on the grid, from `top` on: numbers as stored in the file, and where there is data."""

    top: int
    numbers: NDArray[Any]
    seen: NDArray[np.bool_]


def read_band(source: BandSource, grid: Grid, resampling: Resampling = Resampling.bilinear) -> BandPixels:
    """All of the band on the grid; raises as `read_blocks`."""
    blocks = list(read_blocks(source, grid, resampling))
    numbers, seen = np.empty(grid.shape, blocks[0].numbers.dtype), np.empty(grid.shape, bool)
    for block in blocks:
        rows = slice(block.top, block.top + len(block.seen))
        numbers[rows], seen[rows] = block.numbers, block.seen
    return BandPixels(numbers, seen)


def read_blocks(source: BandSource, grid: Grid, resampling: Resampling = Resampling.bilinear) -> Iterator[BandBlock]:
    """The band on the grid, in blocks of rows from top to bottom that cover it.

    Raises AssetUnavailable if the file cannot be reached, AssetError if it is not a readable raster and
    SceneError if it has no CRS.
    """
    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, **source.options), rasterio.open(source.href) as src:
            if src.crs is None:
                raise SceneError(f"{describe(source)} has no CRS; it cannot be placed on the monitor's grid")
            nodata = source.asset.nodata if source.asset.nodata is not None else src.nodata
            offset = lattice_offset(src.crs, src.transform, grid)
            if offset is not None:
                yield from window_blocks(src, grid, offset, nodata)
            else:
                yield read_warped(src, grid, nodata, resampling)
    except RasterioError as error:
        raise translate(source, error) from error


def read_geometry(source: BandSource) -> tuple[CRS, Affine]:
    """CRS and transform of a band file; raises as `read_band`."""
    try:
        with rasterio.Env(**source.options), rasterio.open(source.href) as src:
            if src.crs is None:
                raise SceneError(f"{describe(source)} has no CRS; it cannot be placed on a grid")
            return src.crs, src.transform
    except RasterioError as error:
        raise translate(source, error) from error


def lattice_offset(crs: CRS, transform: Affine, grid: Grid) -> tuple[int, int] | None:
    """Row and column of the grid's corner in a raster on the same lattice; None if the lattices differ."""
    own = grid.transform
    if crs != grid.crs or transform.b or transform.d:
        return None
    across = max(grid.width, 1) * abs(transform.a - own.a) / own.a
    down = max(grid.height, 1) * abs(transform.e - own.e) / abs(own.e)
    column, row = (own.c - transform.c) / transform.a, (own.f - transform.f) / transform.e
    drift = max(across, down, abs(column - round(column)), abs(row - round(row)))
    return (round(row), round(column)) if drift < SAME_LATTICE else None


def window_blocks(src: DatasetReader, grid: Grid, offset: tuple[int, int], nodata: float | None) -> Iterator[BandBlock]:
    """The part of the file that lies on the grid; unseen elsewhere.

    Parts of a large window end where the file's own blocks do, so that none is decoded twice.
    """
    row, column = offset
    tall = src.block_shapes[0][0]
    size = max(BLOCK_PX // grid.width // tall, 1) * tall
    bottom = row + grid.height
    top = row
    while top < bottom:
        stop = min((top // size + 1) * size, bottom) if grid.height * grid.width > BLOCK_PX else bottom
        yield window_block(src, (slice(top, stop), slice(column, column + grid.width)), top - row, nodata)
        top = stop


def window_block(src: DatasetReader, place: tuple[slice, slice], row: int, nodata: float | None) -> BandBlock:
    """A rectangle of the file, which may reach beyond it; `row` is the grid's."""
    down, across = place
    top, bottom = max(down.start, 0), min(down.stop, src.height)
    left, right = max(across.start, 0), min(across.stop, src.width)
    shape = down.stop - down.start, across.stop - across.start
    if top >= bottom or left >= right:
        return BandBlock(row, np.zeros(shape, src.dtypes[0]), np.zeros(shape, bool))
    found = src.read(1, window=Window(left, top, right - left, bottom - top))
    if found.shape == shape:
        return BandBlock(row, found, is_data(found, nodata))
    numbers, seen = np.zeros(shape, found.dtype), np.zeros(shape, bool)
    here = (slice(top - down.start, bottom - down.start), slice(left - across.start, right - across.start))
    numbers[here], seen[here] = found, is_data(found, nodata)
    return BandBlock(row, numbers, seen)


def read_warped(src: DatasetReader, grid: Grid, nodata: float | None, resampling: Resampling) -> BandBlock:
    """The file resampled to the grid; a pixel is seen where the nearest pixel of the file has data."""
    mask = {"src_nodata": nodata, "nodata": nodata} if nodata is not None else {"add_alpha": True}
    with WarpedVRT(src, resampling=resampling, **mask, **grid.profile) as vrt:
        numbers = vrt.read(1)
        seen = is_data(numbers, nodata) if nodata is not None else vrt.dataset_mask() > 0
    return BandBlock(0, numbers, seen)


def is_data(numbers: NDArray[Any], nodata: float | None) -> NDArray[np.bool_]:
    """Where numbers are finite and not the nodata value."""
    known = nodata is not None and not math.isnan(nodata)
    if numbers.dtype.kind != "f":
        return np.asarray(numbers != nodata, bool) if known else np.ones(numbers.shape, bool)
    seen = np.isfinite(numbers)
    return np.asarray(seen & (numbers != nodata), bool) if known else seen


def translate(source: BandSource, error: RasterioError) -> MonitorError:
    """GDAL's complaint in the terms of the scene, without the (possibly signed) address."""
    message = str(error.__cause__ or error).replace(source.href, Path(source.asset.href).name)
    if any(part in message for part in UNREACHABLE):
        return AssetUnavailable(f"{describe(source)} cannot be reached: {message}; it is tried again on the next pass")
    return AssetError(
        f"{describe(source)} is not a readable raster: {message}; "
        "the file is damaged or something else (an error page?) was served in its place"
    )


def describe(source: BandSource) -> str:
    """Scene, band and file name."""
    return f"scene {source.scene_id}: band {source.asset.name} ({Path(source.asset.href).name})"
