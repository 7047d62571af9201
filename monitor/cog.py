"""Cloud Optimized GeoTIFFs, the form in which every raster leaves the monitor."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray

CACHE_BYTES = 64_000_000
"""What GDAL may keep of the blocks of files; by default a twentieth of the machine, though every block is read once."""

Colours = Mapping[int, tuple[int, int, int, int]]
"""Red, green, blue, alpha (0-255) by pixel value."""


def write_cog(
    path: Path,
    bands: NDArray[Any],
    profile: Mapping[str, Any],
    nodata: float | None,
    *,
    colours: Colours | None = None,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Bands (bands, rows, columns) as a COG with `profile` (crs, transform, height, width).

    With `colours` (one band of uint8) the file has a colour table, and overviews that keep values as they are.
    """
    predictor = 3 if np.issubdtype(bands.dtype, np.floating) else 2
    with rasterio.open(
        path, "w", driver="COG", count=len(bands), dtype=bands.dtype, nodata=nodata, compress="DEFLATE",
        predictor=predictor, blocksize=512, overviews="AUTO" if colours else "NONE", overview_resampling="nearest",
        **profile,
    ) as dst:  # fmt: skip
        dst.write(bands)
        if colours:
            dst.write_colormap(1, dict(colours))
        if tags:
            dst.update_tags(**tags)
