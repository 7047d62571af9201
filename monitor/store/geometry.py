"""Boxes around GeoJSON geometries, for the indexed columns."""

from collections.abc import Mapping
from typing import Any

import shapely
from shapely.geometry import shape
from sqlalchemy import ColumnElement, and_, or_

from monitor.catalog.item import BBox


def box_of(geometry: Mapping[str, Any]) -> BBox:
    """West, south, east, north of a GeoJSON geometry, degrees."""
    found = shape(geometry)
    if found.is_empty:
        raise ValueError("an empty geometry has no place")
    west, south, east, north = shapely.bounds(found).tolist()
    return west, south, east, north


def box_columns(box: BBox) -> dict[str, float]:
    """The columns of a table that hold a box."""
    return dict(zip(("west", "south", "east", "north"), box, strict=True))


def overlaps(table: Any, box: BBox) -> ColumnElement[bool]:
    """Rows of a table with box columns that overlap a box; one with west > east crosses the antimeridian."""
    west, south, east, north = box
    across = or_ if west > east else and_
    return and_(across(table.west <= east, table.east >= west), table.south <= north, table.north >= south)
