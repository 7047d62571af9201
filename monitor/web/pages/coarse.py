"""A scene in a coarse picture: read from the overviews of its files, so that a whole scene costs a few megabytes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window

from monitor.catalog.item import SceneItem
from monitor.scenes.bands import BandSource, is_data, lattice_offset, translate
from monitor.scenes.reading import OpenHref, band_source, sun_gain
from monitor.web.pages.places import Place


def read_coarse(item: SceneItem, place: Place, bands: Sequence[str], open_href: OpenHref) -> NDArray[np.float32] | None:
    """Reflectance (bands, rows, columns) on the drawn grid, NaN without data.

    None when the files are not on the monitor's lattice; raises as `read_scene` for files that cannot be read.
    """
    sources = [band_source(item, name, open_href) for name in bands]
    gain = sun_gain(item)
    with ThreadPoolExecutor(max_workers=3) as pool:
        found = list(pool.map(lambda source: read_band(source, place, gain), sources))
    known = [band for band in found if band is not None]
    return np.stack(known) if len(known) == len(found) else None


def read_band(source: BandSource, place: Place, gain: float) -> NDArray[np.float32] | None:
    """One band on the drawn grid, NaN without data; None when its file is on another lattice."""
    try:
        with rasterio.Env(**source.options), rasterio.open(source.href) as src:
            offset = lattice_offset(src.crs, src.transform, place.exact) if src.crs is not None else None
            if offset is None:
                return None
            asset, step = source.asset, place.step
            rows = common(offset[0], place.window.height, src.height, step)
            columns = common(offset[1], place.window.width, src.width, step)
            values = np.full(place.drawn.shape, np.nan, np.float32)
            if len(rows) == 0 or len(columns) == 0:
                return values
            window = Window(
                offset[1] + columns.start * step, offset[0] + rows.start * step, len(columns) * step, len(rows) * step
            )
            numbers = src.read(1, window=window, out_shape=(len(rows), len(columns)), resampling=Resampling.nearest)
            seen = is_data(numbers, asset.nodata if asset.nodata is not None else src.nodata)
            part = (numbers * np.float32(asset.scale * gain) + np.float32(asset.offset * gain)).astype(np.float32)
            values[rows.start : rows.stop, columns.start : columns.stop] = np.where(seen, part, np.float32(np.nan))
            return values
    except RasterioError as error:
        raise translate(source, error) from error


def common(offset: int, length: int, limit: int, step: int) -> range:
    """The cells of `step` pixels of a span that lie wholly within a file of that size; the span starts at `offset`."""
    first = max(-(offset // step), 0) if offset < 0 else 0
    return range(first, max(min(length, limit - offset) // step, first))
