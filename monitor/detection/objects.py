"""Connected pixels of one kind, kept as runs along rows: their size goes with the objects, not with the scene."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numba
import numpy as np
from numpy.typing import NDArray

from monitor.strips import Strip, over_strips

compiled = numba.njit(cache=True, nogil=True)
STRIP_PX = 1_000_000
"""Pixels of a strip that is searched for runs: work of half a millisecond."""


@dataclass(frozen=True, eq=False)
class Objects:
    """8-connected objects in a raster of `shape`, numbered 1..count as they are met from the top.

    A run is the pixels `starts` to `stops` of the flattened raster, within one row, and belongs to the object in
    `numbers`; all (runs,), in order. `area` (count + 1,) is pixels per object; entry 0 is 0.
    """

    shape: tuple[int, int]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    numbers: NDArray[np.int32]
    count: int
    area: NDArray[np.intp]

    @cached_property
    def pixels(self) -> NDArray[np.intp]:
        """Flat indices of all object pixels, in order."""
        lengths = self.stops - self.starts
        before = np.cumsum(lengths) - lengths
        places: NDArray[np.intp] = np.arange(lengths.sum()) + np.repeat(self.starts - before, lengths)
        return places

    @cached_property
    def ids(self) -> NDArray[np.int32]:
        """Object of each of `pixels`."""
        return np.repeat(self.numbers, self.stops - self.starts)

    def within(self, top: int, bottom: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
        """Object pixels of some rows as flat indices from row `top` on, in order, and the objects they belong to."""
        part = self.in_runs(self.runs(top, bottom))
        return part.pixels - top * self.shape[1], part.ids

    def at(self, places: NDArray[np.intp]) -> NDArray[np.int32]:
        """The objects that flat indices lie in, 0 outside, same shape."""
        if not self.starts.size:
            return np.zeros(places.shape, np.int32)
        run = np.maximum(np.searchsorted(self.starts, places, "right") - 1, 0)
        inside = (places >= self.starts[run]) & (places < self.stops[run])
        return np.where(inside, self.numbers[run], np.int32(0))

    def in_runs(self, runs: slice | NDArray[np.bool_]) -> "Objects":
        """What of the objects lies in some runs, under the same numbers; areas stay those of the whole objects."""
        return replace(self, starts=self.starts[runs], stops=self.stops[runs], numbers=self.numbers[runs])

    def runs(self, top: int, bottom: int) -> slice:
        """The runs in some rows."""
        width = self.shape[1]
        first, last = np.searchsorted(self.starts, (top * width, bottom * width))
        return slice(int(first), int(last))

    def parts(self) -> NDArray[np.int32]:
        """Number of the part of an object that each run belongs to; pixels of one part are connected by their sides."""
        height, width = self.shape
        ends = np.searchsorted(self.starts, np.arange(height + 1) * width)
        parts = np.empty(self.starts.size, np.int32)
        _join(ends, width, self.starts, self.stops, 0, parts)
        return parts

    def labels(self, top: int, bottom: int) -> NDArray[np.int32]:
        """Some rows as a raster of object numbers, 0 outside."""
        width = self.shape[1]
        out = np.zeros((bottom - top) * width, np.int32)
        runs = self.runs(top, bottom)
        _paint(self.starts[runs] - top * width, self.stops[runs] - top * width, self.numbers[runs], out)
        return out.reshape(bottom - top, width)

    def paint(self, raster: NDArray[np.uint8], value: int) -> None:
        """Set all object pixels of a raster of uint8 to a value, in place."""
        _paint(self.starts, self.stops, np.full(self.numbers.size, value, np.uint8), raster.ravel())

    def of_size(self, smallest: int) -> "Objects":
        """The objects of at least so many pixels, numbered anew."""
        keep = self.area >= smallest
        return self if keep[1:].all() else self.chosen(keep)

    def chosen(self, keep: NDArray[np.bool_]) -> "Objects":
        """The objects of a mask (count + 1,), whose entry 0 does not matter, numbered anew."""
        keep = np.concatenate([[False], keep[1:]])
        number = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
        runs = keep[self.numbers]
        return Objects(
            self.shape, self.starts[runs], self.stops[runs], number[self.numbers[runs]], int(keep.sum()),
            np.concatenate([[0], self.area[keep]]),
        )  # fmt: skip


def objects_of(raster: NDArray[np.uint8] | NDArray[np.bool_], value: int = 1, smallest: int = 1) -> Objects:
    """Objects of at least `smallest` pixels of a value."""
    return objects_by_value(raster, (value,))[0].of_size(smallest)


def objects_by_value(raster: NDArray[np.uint8] | NDArray[np.bool_], values: Sequence[int]) -> list[Objects]:
    """Objects of each of some values."""
    height, width = raster.shape
    plane, wanted = np.ascontiguousarray(raster).view(np.uint8), np.array(values, np.uint8)
    counts = np.zeros((len(values), height + 1), np.int64)
    over_strips((height, width), 0, lambda strip: _count_runs(plane, wanted, strip.start, strip.stop, counts), STRIP_PX)
    ends = np.cumsum(counts.ravel()).reshape(counts.shape)
    starts, stops = np.empty(ends[-1, -1], np.int64), np.empty(ends[-1, -1], np.int64)

    def fill(strip: Strip) -> None:
        if counts[:, strip.start + 1 : strip.stop + 1].any():
            _fill_runs(plane, wanted, strip.start, strip.stop, ends, starts, stops)

    over_strips((height, width), 0, fill, STRIP_PX)
    parts = [(line - line[0], slice(int(line[0]), int(line[-1]))) for line in ends]
    return [objects_in((height, width), mine, starts[runs], stops[runs]) for mine, runs in parts]


def objects_in(
    shape: tuple[int, int], ends: NDArray[np.int64], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> Objects:
    """What runs are joined to; those of row n are ``ends[n]`` to ``ends[n + 1]``."""
    numbers = np.empty(starts.size, np.int32)
    count = _join(ends, shape[1], starts, stops, 1, numbers)
    area = np.bincount(numbers, stops - starts, count + 1).astype(np.intp)
    return Objects(shape, starts, stops, numbers, count, area)


@compiled
def _count_runs(raster, values, first, last, counts):  # type: ignore[no-untyped-def]
    """Runs of value v in row n in ``counts[v, n + 1]``, of rows `first` to `last`."""
    for row in range(first, last):
        line = raster[row]
        for index in range(values.size):
            value = values[index]
            runs = np.int64(line[0] == value)
            for column in range(1, line.size):
                runs += (line[column] == value) & (line[column - 1] != value)
            counts[index, row + 1] = runs


@compiled
def _fill_runs(raster, values, first, last, ends, starts, stops):  # type: ignore[no-untyped-def]
    """Where runs start and stop in rows `first` to `last`; value v's of row n are ``ends[v, n]`` to ``[v, n + 1]``."""
    width = raster.shape[1]
    for row in range(first, last):
        line = raster[row]
        for index in range(values.size):
            value, run, inside = values[index], ends[index, row], False
            if run == ends[index, row + 1]:
                continue
            for column in range(width):
                if (line[column] == value) != inside:
                    inside = not inside
                    if inside:
                        starts[run] = row * width + column
                    else:
                        stops[run] = row * width + column
                        run += 1
            if inside:
                stops[run] = (row + 1) * width


@compiled
def _root(parent, run):  # type: ignore[no-untyped-def]
    """The first run of an object; halves the way there."""
    while parent[run] != run:
        parent[run] = parent[parent[run]]
        run = parent[run]
    return run


@compiled
def _join(ends, width, starts, stops, reach, numbers):  # type: ignore[no-untyped-def]
    """Number what runs are joined to, from 1; gives how many there are.

    They are joined to those of the row above that they overlap, with `reach` 1 also to those that they touch at a
    corner.
    """
    parent = np.arange(starts.size)
    for row in range(1, ends.size - 1):
        above = ends[row - 1]
        for run in range(ends[row], ends[row + 1]):
            start, stop = starts[run] - width - reach, stops[run] - width + reach
            while above < ends[row] and stops[above] <= start:
                above += 1
            other = above
            while other < ends[row] and starts[other] < stop:
                one, two = _root(parent, other), _root(parent, run)
                if one < two:
                    parent[two] = one
                else:
                    parent[one] = two
                other += 1
    count = 0
    for run in range(starts.size):
        if parent[run] == run:
            count += 1
            numbers[run] = count
        else:
            numbers[run] = numbers[_root(parent, run)]
    return count


@compiled
def _paint(starts, stops, numbers, out):  # type: ignore[no-untyped-def]
    """Write every run's number to its pixels."""
    for run in range(starts.size):
        out[starts[run] : stops[run]] = numbers[run]
