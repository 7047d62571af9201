"""Boxes around GeoJSON geometries, for the indexed columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape
from sqlalchemy import ColumnElement, and_, or_

from monitor.catalog.item import BBox
from monitor.detection.result import Outline


def box_of(geometry: Mapping[str, Any]) -> BBox:
    """West, south, east, north of a GeoJSON geometry, degrees."""
    return boxes_of([geometry])[0]


def boxes_of(geometries: Sequence[Mapping[str, Any]]) -> list[BBox]:
    """West, south, east, north of GeoJSON geometries, degrees."""
    if not geometries:
        return []
    found = [places_of(geometry) for geometry in geometries]
    counts = [sum(map(len, places)) for places in found]
    if not all(counts):
        raise ValueError("an empty geometry has no place")
    places = np.concatenate([part for parts in found for part in parts])
    starts = np.cumsum([0, *counts[:-1]])
    lowest, highest = np.minimum.reduceat(places, starts), np.maximum.reduceat(places, starts)
    return [(west, south, east, north) for west, south, east, north in np.hstack([lowest, highest]).tolist()]


def places_of(geometry: Mapping[str, Any]) -> list[NDArray[np.float64]]:
    """Longitudes and latitudes (places, 2) that a geometry's box depends on: of polygons their outer rings."""
    if isinstance(geometry, Outline):
        return [polygon[0] for polygon in geometry.polygons if polygon]
    if geometry["type"] not in ("Polygon", "MultiPolygon"):
        return [shapely.get_coordinates(shape(geometry))]
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [np.asarray(polygon[0], np.float64)[:, :2] for polygon in polygons if len(polygon) and len(polygon[0])]


def box_columns(box: BBox) -> dict[str, float]:
    """The columns of a table that hold a box."""
    return dict(zip(("west", "south", "east", "north"), box, strict=True))


def overlaps(table: Any, box: BBox) -> ColumnElement[bool]:
    """Rows of a table with box columns that overlap a box; one with west > east crosses the antimeridian."""
    west, south, east, north = box
    across = or_ if west > east else and_
    return and_(across(table.west <= east, table.east >= west), table.south <= north, table.north >= south)
