"""Outlines of objects in WGS 84."""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from monitor.cores import together
from monitor.detection.objects import Objects
from monitor.detection.result import Outline
from monitor.detection.rings import rings_of
from monitor.scenes.grid import Grid

DECIMALS = 7
"""About a centimetre."""
AT_ONCE = 8_000
"""Corners that one thread projects in one go."""


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
    places, transformer = np.empty((len(corners), 2)), transformer_from(grid.crs.to_wkt())

    def project(start: int) -> None:
        part = slice(start, start + AT_ONCE)
        east, north = grid.transform @ (corners[part, 1].astype(np.float64), corners[part, 0].astype(np.float64))
        np.round(np.stack(transformer.transform(east, north), axis=1), DECIMALS, out=places[part])

    if len(corners) <= AT_ONCE:
        project(0)
    else:
        together(project, range(0, len(corners), AT_ONCE))
    return places


@lru_cache(maxsize=8)
def transformer_from(crs: str) -> Transformer:
    """From a CRS (WKT) to longitude and latitude; may be used from several threads, and lets others run meanwhile."""
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def changes(keys: NDArray[np.int32]) -> list[int]:
    """Where equal keys in a row begin, and the number of keys."""
    return [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), keys.size]
