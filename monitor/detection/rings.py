"""Boundaries of objects, traced along the ends of their runs of pixels; no raster is laid out for it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.detection.objects import Objects, compiled


@dataclass(frozen=True, eq=False)
class Rings:
    """Closed rings in corners of pixels, by object, then by part; of a part the outer ring first, then its holes.

    A part is the pixels of an object that are connected by their sides; the parts of one object touch at corners. Ring
    n is `corners` (corners, 2), row and column, from ``starts[n]`` to ``stops[n]``, the first one once more at its
    end. It is a boundary of part ``parts[n]`` of object ``numbers[n]``, and has it on its left.
    """

    corners: NDArray[np.int32]
    starts: NDArray[np.intp]
    stops: NDArray[np.intp]
    parts: NDArray[np.int32]
    numbers: NDArray[np.int32]


def rings_of(objects: Objects) -> Rings:
    """All boundaries of objects, without corners at which they run straight on.

    End 2n is the left one of run n, which is passed downwards, end 2n + 1 the right one, which is passed upwards.
    """
    height, width = objects.shape
    firsts = np.searchsorted(objects.starts, np.arange(-1, height + 2) * width)
    rows = objects.starts // width
    columns = np.stack([objects.starts, objects.stops], 1) - width * rows[:, np.newaxis]
    columns, parts = columns.astype(np.int32).ravel(), objects.parts()
    after = np.empty(columns.size, np.int32)
    _link(firsts, columns, parts, after)
    turns = int(np.count_nonzero(columns[after] != columns))
    corners, bounds = np.empty((3 * turns, 2), np.int32), np.zeros(turns + 1, np.intp)
    runs = np.empty(turns, np.int32)
    count = _trace(rows, columns, after, corners, bounds, runs)
    order = np.lexsort((parts[runs[:count]], objects.numbers[runs[:count]]))
    starts, stops, runs = bounds[order], bounds[order + 1], runs[order]
    return Rings(corners[: bounds[count]], starts, stops, parts[runs], objects.numbers[runs])


@compiled
def _link(firsts, columns, parts, after):  # type: ignore[no-untyped-def]
    """What end comes after each one; the runs of row n are ``firsts[n + 1]`` to ``firsts[n + 2]``.

    Between two rows the boundary runs along the stretches that only one of them covers, from end to end: eastwards
    below the upper row, westwards above the lower one. Where two pixels touch at a corner only, a stretch ends and
    another begins: pixels of one part are kept together there, so that its outer ring and its holes do not pass the
    corner twice; pixels of two parts are kept apart.
    """
    for line in range(firsts.size - 2):
        upper, middle, last = 2 * firsts[line], 2 * firsts[line + 1], 2 * firsts[line + 2]
        lower, begun, below = middle, False, False
        one = upper
        while upper < middle or lower < last:
            if lower == last or upper == middle:
                is_upper = lower == last
            elif columns[upper] != columns[lower]:
                is_upper = columns[upper] < columns[lower]
            else:
                apart = parts[upper // 2] != parts[lower // 2]
                is_upper = (upper - lower) % 2 == 0 or (upper % 2 == 1) == apart
            end = upper if is_upper else lower
            if not begun:
                one = end
            elif below:
                after[end] = one
            else:
                after[one] = end
            begun = not begun
            below ^= not is_upper
            upper, lower = upper + is_upper, lower + (not is_upper)


@compiled
def _trace(rows, columns, after, corners, bounds, runs):  # type: ignore[no-untyped-def]
    """Follow the ends of runs round; gives how many rings that are.

    Ring n is `corners` from ``bounds[n]`` to ``bounds[n + 1]`` and goes along run ``runs[n]``.

    The first end of an outer ring is a left one, whose upper corner comes first; the first of a hole is a right one,
    whose upper corner comes next. Both are the uppermost corner of the ring, of several the left one.
    """
    passed = np.zeros(columns.size, np.bool_)
    count = place = 0
    for first in range(columns.size):
        if passed[first]:
            continue
        start, end = place, first
        if first % 2 == 0:
            corners[place, 0], corners[place, 1] = rows[first // 2], columns[first]
            place += 1
        while not passed[end]:
            passed[end] = True
            then = after[end]
            if columns[end] != columns[then]:
                line = rows[end // 2] + (end % 2 == 0)
                corners[place, 0], corners[place, 1] = line, columns[end]
                corners[place + 1, 0], corners[place + 1, 1] = line, columns[then]
                place += 2
            end = then
        if first % 2 == 1:
            corners[place] = corners[start]
            place += 1
        runs[count] = first // 2
        count += 1
        bounds[count] = place
    return count
