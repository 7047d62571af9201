"""Rows as pandas and GeoPandas frames, rasters as xarray; the packages are imported when first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.history.extra import require
from monitor.scenes.grid import Grid
from monitor.store.alerts import AlertRow

if TYPE_CHECKING:
    import geopandas
    import pandas
    import xarray

PURPOSE = "the history in Python"
PIXEL_TYPES = {
    "label": "UInt8",
    "reference_label": "UInt8",
    "reference_version": "Int64",
    "spectrum_distance": "float64",
}
"""Types of columns in which nothing may be known."""
WGS84 = "EPSG:4326"


def frame(records: Sequence[Mapping[str, Any]], types: Mapping[str, str] | None = None) -> pandas.DataFrame:
    """Rows as a frame; states and kinds become plain strings."""
    pandas = require("pandas", PURPOSE)
    made = pandas.DataFrame.from_records([plain(record) for record in records])
    known = {name: kind for name, kind in (types or {}).items() if name in made}
    return made.astype(known)


def plain(record: Mapping[str, Any]) -> dict[str, Any]:
    """A row without enums."""
    return {key: str(value) if isinstance(value, StrEnum) else value for key, value in record.items()}


def geo_frame(records: Sequence[Mapping[str, Any]], geometries: Sequence[Mapping[str, Any]]) -> geopandas.GeoDataFrame:
    """Rows with GeoJSON geometries (WGS 84) as a GeoPandas frame."""
    geopandas = require("geopandas", PURPOSE)
    shapes = require("shapely.geometry", PURPOSE)
    outlines = [shapes.shape(geometry) for geometry in geometries]
    return geopandas.GeoDataFrame(frame(records), geometry=outlines, crs=WGS84)


def alert_frame(alerts: Sequence[AlertRow]) -> geopandas.GeoDataFrame:
    """Alerts as a GeoPandas frame."""
    records = [{key: value for key, value in asdict(row).items() if key not in ("geometry", "bbox")} for row in alerts]
    return geo_frame(records, [row.geometry for row in alerts])


def data_array(values: NDArray[np.uint8], grid: Grid, name: str, attributes: Mapping[str, Any]) -> xarray.DataArray:
    """A raster on a grid as an array with pixel-centre coordinates, CRS and transform (CF, as rioxarray has them)."""
    arrays = require("xarray", PURPOSE)
    require("rioxarray", PURPOSE)
    step = grid.transform
    coords = {
        "y": step.f + step.e * (np.arange(grid.height) + 0.5),
        "x": step.c + step.a * (np.arange(grid.width) + 0.5),
    }
    array = arrays.DataArray(values, coords, ("y", "x"), name, dict(attributes))
    placed: xarray.DataArray = array.rio.write_crs(grid.crs).rio.write_transform(step).rio.write_nodata(NO_LABEL)
    return placed
