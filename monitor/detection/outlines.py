"""Outlines of objects as GeoJSON in WGS 84."""

from collections.abc import Mapping
from itertools import chain, pairwise
from typing import Any

import numpy as np
from affine import Affine
from rasterio.features import shapes
from rasterio.warp import transform

from monitor.detection.objects import Objects
from monitor.scenes.grid import Grid

DECIMALS = 7
"""About a centimetre."""
BATCH_ROWS = 512


def outlines(objects: Objects, grid: Grid) -> dict[int, Mapping[str, Any]]:
    """One geometry per object id, vectorised and projected in one go."""
    if objects.count == 0:
        return {}
    found = [part for objects_near in batches(objects) for part in polygons_of(objects_near, grid)]
    rings = [ring for _, polygon in found for ring in polygon]
    ends = np.cumsum([0] + [len(ring) for ring in rings])
    places = np.fromiter(chain.from_iterable(chain.from_iterable(rings)), np.float64).reshape(-1, 2)
    longitude, latitude = transform(grid.crs, "EPSG:4326", places[:, 0], places[:, 1])
    moved = list(zip(np.round(longitude, DECIMALS).tolist(), np.round(latitude, DECIMALS).tolist(), strict=True))
    closed = iter([moved[start:end] for start, end in pairwise(ends.tolist())])
    parts: dict[int, list[Any]] = {}
    for number, polygon in found:
        parts.setdefault(number, []).append([next(closed) for _ in polygon])
    return {number: geometry_of(polygons) for number, polygons in parts.items()}


def batches(objects: Objects) -> list[Objects]:
    """The objects by where they begin, so that only some rows must be laid out at once; their numbers stay."""
    first = np.full(objects.count + 1, objects.starts.size)
    np.minimum.at(first, objects.numbers, np.arange(objects.starts.size))
    batch = objects.starts[first[1:]] // (objects.shape[1] * BATCH_ROWS)
    of_run = np.concatenate([[0], batch])[objects.numbers]
    return [objects.only(of_run == number) for number in np.unique(batch)]


def polygons_of(objects: Objects, grid: Grid) -> list[tuple[int, Any]]:
    """Number and rings of every polygon, in the units of the grid."""
    width = objects.shape[1]
    top, bottom = int(objects.starts[0] // width), int(objects.stops[-1] - 1) // width + 1
    labels, place = objects.labels(top, bottom), grid.transform @ Affine.translation(0, top)
    return [
        (int(value), geometry["coordinates"])
        for geometry, value in shapes(labels, mask=labels > 0, connectivity=4, transform=place)
    ]


def geometry_of(polygons: list[Any]) -> Mapping[str, Any]:
    """A Polygon, or a MultiPolygon of several parts that touch at corners."""
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}
