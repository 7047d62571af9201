"""Objects over time: which finding is which alert's, and what the looks at a place say about it.

A look is one scene in which a place was judged. Its verdict is a function of all looks in order of time, so that
scenes may arrive late and in any order.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.warp import transform_geom
from shapely import STRtree
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from monitor.detection.result import Finding, Flag, Outcome
from monitor.scenes.grid import Grid

OVERLAP = 0.3
"""Share of the smaller of two outlines that must be common for them to be one object."""
HIDDEN_SHARE = 0.5
"""A place of which more is under cloud, shadow or without an answer was not seen."""
SEEN_SHARE = 0.3
"""A place of whose visible part at least so much is flagged still shows the anomaly."""
RECURRENCES = 3
"""A place that shows something so many times, and nothing in between, is of the kind that comes and goes."""
CONFIRM, WINDOW = 2, 4
"""Seen in two of four clear looks: the rule of the forest-alert systems."""


class Verdict(StrEnum):
    """What all looks together say."""

    NEW = "new"
    CONFIRMED = "confirmed"
    TRANSIENT = "transient"
    ENDED = "ended"
    RECURRING = "recurring"


@dataclass(frozen=True)
class Track:
    """An alert so far: its id and outline (GeoJSON, WGS 84)."""

    alert_id: int
    geometry: Mapping[str, Any]


def match(findings: Sequence[Finding], tracks: Sequence[Track]) -> list[int | None]:
    """For every finding the index of the track that it continues, or None for a new object.

    A finding that overlaps several tracks continues the one it has most in common with.
    """
    if not tracks or not findings:
        return [None] * len(findings)
    outlines = [shape(track.geometry) for track in tracks]
    tree = STRtree(outlines)
    return [best_match(shape(finding.geometry), outlines, tree) for finding in findings]


def best_match(outline: BaseGeometry, outlines: Sequence[BaseGeometry], tree: STRtree) -> int | None:
    """Index of the outline that overlaps most, if any overlaps enough."""
    best, largest = None, 0.0
    for index in tree.query(outline, predicate="intersects"):
        common = outline.intersection(outlines[index]).area
        smaller = min(outline.area, outlines[index].area)
        if common >= OVERLAP * smaller and common > largest:
            best, largest = int(index), common
    return best


def look(geometry: Mapping[str, Any], flags: NDArray[np.uint8], grid: Grid) -> Outcome:
    """What the flags of one scene say about a place (GeoJSON, WGS 84)."""
    place = flags_inside(geometry, flags, grid)
    seen, hidden = (place == Flag.ANOMALY).sum(), np.isin(place, (Flag.CLOUD, Flag.SHADOW, Flag.NO_ANSWER)).sum()
    if not place.size or hidden > HIDDEN_SHARE * place.size:
        return Outcome.HIDDEN
    return Outcome.SEEN if seen >= SEEN_SHARE * (place.size - hidden) else Outcome.GONE


def flags_inside(geometry: Mapping[str, Any], flags: NDArray[np.uint8], grid: Grid) -> NDArray[np.uint8]:
    """Flags of the pixels that an outline covers, one-dimensional; reads only the window around it."""
    outline = transform_geom("EPSG:4326", grid.crs, geometry)
    left, bottom, right, top = shape(outline).bounds
    across, down = ~grid.transform @ (left, top)
    columns = slice(max(math.floor(across), 0), math.ceil((~grid.transform @ (right, top))[0]))
    rows = slice(max(math.floor(down), 0), math.ceil((~grid.transform @ (left, bottom))[1]))
    part = flags[rows, columns]
    if not part.size:
        return np.empty(0, np.uint8)
    transform = grid.transform @ Affine.translation(columns.start, rows.start)
    inside = rasterize([outline], out_shape=part.shape, transform=transform, dtype=np.uint8)
    if not inside.any():
        inside = rasterize([outline], out_shape=part.shape, transform=transform, all_touched=True, dtype=np.uint8)
    covered: NDArray[np.uint8] = part[inside > 0]
    return covered


def verdict(outcomes: Sequence[Outcome]) -> Verdict:
    """What the looks at a place, in order of time from the first sighting on, say about it.

    Looks under cloud do not count. Two sightings in the last four clear looks confirm. Something never
    confirmed is transient when the next clear look does not show it; something confirmed has ended when
    two clear looks in a row do not. What was there, gone and back again twice is recurring for good: a bright
    roof, a berth, a tidal flat.
    """
    clear = [outcome for outcome in outcomes if outcome is not Outcome.HIDDEN]
    if [outcome for outcome, _ in groupby(clear)].count(Outcome.SEEN) >= RECURRENCES:
        return Verdict.RECURRING
    confirmed = any(
        clear[max(end - WINDOW, 0) : end].count(Outcome.SEEN) >= CONFIRM for end in range(1, len(clear) + 1)
    )
    if not confirmed:
        return Verdict.TRANSIENT if clear and clear[-1] is Outcome.GONE else Verdict.NEW
    return Verdict.ENDED if clear[-2:] == [Outcome.GONE, Outcome.GONE] else Verdict.CONFIRMED
