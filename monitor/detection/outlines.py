"""Outlines of objects in WGS 84."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rasterio.warp import transform

from monitor.detection.objects import Objects
from monitor.detection.result import Outline
from monitor.detection.rings import rings_of
from monitor.scenes.grid import Grid

DECIMALS = 7
"""About a centimetre."""


def outlines(objects: Objects, grid: Grid) -> list[Outline]:
    """The outline of every object, in order of their numbers; all corners are projected in one go."""
    if objects.count == 0:
        return []
    rings = rings_of(objects)
    places = to_lonlat(rings.corners, grid)
    closed = [places[start:stop] for start, stop in zip(rings.starts.tolist(), rings.stops.tolist(), strict=True)]
    firsts = changes(rings.parts)
    polygons = [tuple(closed[first:last]) for first, last in pairwise(firsts)]
    edges = changes(rings.numbers[firsts[:-1]])
    return [Outline(tuple(polygons[first:last])) for first, last in pairwise(edges)]


def to_lonlat(corners: NDArray[np.int32], grid: Grid) -> NDArray[np.float64]:
    """Longitude and latitude, rounded, (corners, 2), of rows and columns of pixel corners."""
    east, north = grid.transform @ (corners[:, 1].astype(np.float64), corners[:, 0].astype(np.float64))
    return np.round(np.stack(transform(grid.crs, "EPSG:4326", east, north), axis=1), DECIMALS)


def changes(keys: NDArray[np.int32]) -> list[int]:
    """Where equal keys in a row begin, and the number of keys."""
    return [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), keys.size]
