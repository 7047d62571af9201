"""From an area of interest and a reference scene to the monitor's grid."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import Proj
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info
from rasterio.crs import CRS
from rasterio.features import geometry_mask
from rasterio.warp import calculate_default_transform, transform_geom
from shapely import segmentize
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from monitor.errors import SceneError
from monitor.scenes.grid import Grid

MAX_PIXELS = 400_000_000
"""Two whole Landsat scenes side by side fit; a typing error in the AOI does not."""

EDGE_POINTS = 50
"""Points along the longer side of an area; an edge of the AOI is a curve in the CRS."""

SCALE_ERROR = 0.1
"""Share by which areas may be off in a CRS in metres; those of Web Mercator are in all but the tropics."""

SNAP = 1e-6
"""Pixels; an AOI edge this close to a pixel edge lies on it."""


def make_grid(crs: CRS, transform: Affine, area: Mapping[str, Any], resolution: float | None, scene_id: str) -> Grid:
    """The smallest grid on the pixel lattice of a scene that covers an area.

    `crs` and `transform` are the scene's, `area` is GeoJSON in WGS 84, `resolution` (metres) replaces the
    scene's pixel size where it is given. Raises SceneError if the area makes no sensible grid there.
    """
    crs, transform = in_metres(crs, transform, area, scene_id)
    width_m, height_m = (resolution, resolution) if resolution else (abs(transform.a), abs(transform.e))
    left, bottom, right, top = bounds_in(crs, area, scene_id)
    first_column = math.floor((left - transform.c) / width_m + SNAP)
    first_row = math.floor((transform.f - top) / height_m + SNAP)
    columns = math.ceil((right - transform.c) / width_m - SNAP) - first_column
    rows = math.ceil((transform.f - bottom) / height_m - SNAP) - first_row
    if rows * columns > MAX_PIXELS:
        raise SceneError(
            f"the AOI is {columns} x {rows} pixels on scene {scene_id}, more than {MAX_PIXELS:,} in all; "
            "split it over several monitors or set a coarser `resolution`"
        )
    origin = Affine(width_m, 0, transform.c + first_column * width_m, 0, -height_m, transform.f - first_row * height_m)
    return Grid(crs, origin, max(rows, 1), max(columns, 1))


def in_metres(crs: CRS, transform: Affine, area: Mapping[str, Any], scene_id: str) -> tuple[CRS, Affine]:
    """A lattice in metres on the ground: the scene's own, or one about as fine in the UTM zone of the area."""
    middle = shape(area).centroid
    if crs.is_projected and crs.linear_units_factor[1] == 1:
        scale = Proj(crs.to_wkt()).get_factors(middle.x, middle.y).areal_scale
        if abs(scale - 1) < SCALE_ERROR:
            return crs, transform
    zones = query_utm_crs_info("WGS 84", AreaOfInterest(middle.x, middle.y, middle.x, middle.y))
    if not zones:
        raise SceneError(
            f"scene {scene_id} ({crs}) is not in metres, and no UTM zone has the AOI; pick another reference"
        )
    left, bottom, right, top = bounds_in(crs, area, scene_id)
    columns, rows = math.ceil((right - left) / abs(transform.a)), math.ceil((top - bottom) / abs(transform.e))
    utm = CRS.from_epsg(int(zones[0].code))
    lattice, _, _ = calculate_default_transform(crs, utm, columns, rows, left, bottom, right, top)
    return utm, lattice


def bounds_in(crs: CRS, area: Mapping[str, Any], scene_id: str) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of an area in the CRS of a scene; SceneError if it has none there."""
    left, bottom, right, top = projected(area, crs).bounds
    if not all(map(math.isfinite, (left, bottom, right, top))):
        raise SceneError(f"the AOI cannot be laid on scene {scene_id} ({crs}); pick a reference scene that covers it")
    return left, bottom, right, top


def projected(area: Mapping[str, Any], crs: CRS) -> BaseGeometry:
    """A GeoJSON geometry (WGS 84) in a CRS, with its straight edges bent as they run there."""
    outline = shape(area)
    west, south, east, north = outline.bounds
    dense = segmentize(outline, max(east - west, north - south) / EDGE_POINTS)
    return shape(transform_geom("EPSG:4326", crs, mapping(dense)))


def area_mask(area: Mapping[str, Any], grid: Grid) -> NDArray[np.bool_]:
    """True where the centre of a pixel lies inside a GeoJSON geometry (WGS 84), (rows, columns)."""
    inside: NDArray[np.bool_] = geometry_mask([projected(area, grid.crs)], grid.shape, grid.transform, invert=True)
    return inside
