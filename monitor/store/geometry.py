"""Boxes around GeoJSON geometries, for the indexed columns."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import shapely
from shapely.geometry import shape

from monitor.catalog.item import BBox


def box_of(geometry: Mapping[str, Any]) -> BBox:
    """West, south, east, north of a GeoJSON geometry, degrees; of a polygon the outer rings say it all."""
    rings = outer_rings(geometry)
    boxes = [shapely.bounds(shape(geometry)).tolist()] if rings is None else [box_of_ring(ring) for ring in rings]
    if not boxes or isnan(boxes[0][0]):
        raise ValueError("an empty geometry has no place")
    wests, souths, easts, norths = zip(*boxes, strict=True)
    return float(min(wests)), float(min(souths)), float(max(easts)), float(max(norths))


def box_of_ring(ring: Sequence[Sequence[float]]) -> BBox:
    """West, south, east, north of a ring of longitudes and latitudes."""
    longitudes, latitudes, *_ = zip(*ring, strict=True)
    return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def outer_rings(geometry: Mapping[str, Any]) -> list[Any] | None:
    """The outer rings of a Polygon or MultiPolygon, None for other geometries."""
    kind = geometry["type"]
    if kind not in ("Polygon", "MultiPolygon"):
        return None
    polygons = [geometry["coordinates"]] if kind == "Polygon" else geometry["coordinates"]
    return [polygon[0] for polygon in polygons if len(polygon) and len(polygon[0])]


def box_columns(box: BBox) -> dict[str, float]:
    """The columns of a table that hold a box."""
    return dict(zip(("west", "south", "east", "north"), box, strict=True))
