"""Outlines of objects as GeoJSON in WGS 84."""

from collections.abc import Mapping
from typing import Any

from rasterio.features import shapes

from monitor.detection.objects import Objects
from monitor.scenes.grid import Grid


def outlines(objects: Objects, grid: Grid) -> dict[int, Mapping[str, Any]]:
    """One geometry per object id, vectorised and projected in one go."""
    found = list(shapes(objects.labels, mask=objects.labels > 0, connectivity=4, transform=grid.transform))
    if not found:
        return {}
    together = {"type": "MultiPolygon", "coordinates": [geometry["coordinates"] for geometry, _ in found]}
    projected = grid.to_lonlat(together)["coordinates"]
    parts: dict[int, list[Any]] = {}
    for (_, value), coordinates in zip(found, projected, strict=True):
        parts.setdefault(int(value), []).append(coordinates)
    return {number: geometry_of(polygons) for number, polygons in parts.items()}


def geometry_of(polygons: list[Any]) -> Mapping[str, Any]:
    """A Polygon, or a MultiPolygon of several parts that touch at corners."""
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}
