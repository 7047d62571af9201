"""Boxes around GeoJSON geometries, for the indexed columns."""

from collections.abc import Mapping
from itertools import chain
from math import isnan
from typing import Any

import shapely
from shapely.geometry import shape

from monitor.catalog.item import BBox


def box_of(geometry: Mapping[str, Any]) -> BBox:
    """West, south, east, north of a GeoJSON geometry, degrees; of a polygon the outer rings say it all."""
    rings = outer_rings(geometry)
    if rings is None:
        west, south, east, north = shapely.bounds(shape(geometry)).tolist()
    else:
        longitudes, latitudes, *_ = zip(*chain.from_iterable(rings), strict=False) if rings else ((), ())
        if not longitudes:
            raise ValueError("an empty geometry has no place")
        west, south, east, north = min(longitudes), min(latitudes), max(longitudes), max(latitudes)
    if isnan(west):
        raise ValueError("an empty geometry has no place")
    return float(west), float(south), float(east), float(north)


def outer_rings(geometry: Mapping[str, Any]) -> list[Any] | None:
    """The outer rings of a Polygon or MultiPolygon, None for other geometries."""
    kind = geometry["type"]
    if kind not in ("Polygon", "MultiPolygon"):
        return None
    polygons = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    return [polygon[0] for polygon in polygons if len(polygon)]


def box_columns(box: BBox) -> dict[str, float]:
    """The columns of a table that hold a box."""
    return dict(zip(("west", "south", "east", "north"), box, strict=True))
