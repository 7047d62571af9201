"""The bands of one image as numbers, seen as reflectance strip by strip: nothing holds all of it in float."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, floor, sqrt
from typing import Any, NamedTuple, Self

import numba
import numpy as np
from numpy.typing import DTypeLike, NDArray

from monitor.scenes.numbers import ArrayNumbers, Numbers
from monitor.scenes.shift import SMALLEST_SHIFT_PX, Shift
from monitor.strips import Strip, over_strips


class Slab(NamedTuple):
    """Some rows of an image for kernels, in which loops over what does not lie in one piece do not vectorise.

    `numbers` (bands, rows, columns) lie in one piece; row `first` of them is the first that was asked for. Reflectance
    is ``number * scale + offset``, (bands,), float32. Numbers mean nothing where not seen.
    """

    numbers: NDArray[Any]
    first: int
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _to_reflectance(slab, seen, out):  # type: ignore[no-untyped-def]
    """Reflectance (bands, rows, columns) of a slab; row views keep the inner loop plain enough to vectorise."""
    numbers, first, scale, offset = slab
    bands, rows, columns = out.shape
    for band in range(bands):
        for row in range(rows):
            source, mask, target = numbers[band, first + row], seen[row], out[band, row]
            for column in range(columns):
                value = np.float32(source[column]) * scale[band] + offset[band]
                target[column] = value if mask[column] else np.float32(np.nan)


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _slide(row, right, out):  # type: ignore[no-untyped-def]
    """What of a row begins at column `right`; edges repeat."""
    first = min(max(-right, 0), len(out))
    stop = min(max(len(row) - right, first), len(out))
    out[:first] = row[0]
    out[first:stop] = row[first + right : stop + right]
    out[stop:] = row[-1]


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _move(source, down, right, low, far, out):  # type: ignore[no-untyped-def]
    """Bilinear between ``source[row + down, column + right]`` and the next ones; edges repeat, NaN spreads.

    `low` and `far` are the weights of the next row and column, the same everywhere, so that strips do not matter.
    """
    bands, rows, columns = out.shape
    last = source.shape[1] - 1
    upper, lower = np.empty(columns + 1, np.float32), np.empty(columns + 1, np.float32)
    for band in range(bands):
        _slide(source[band, min(max(down, 0), last)], right, lower)
        for row in range(rows):
            upper, lower = lower, upper
            _slide(source[band, min(max(row + down + 1, 0), last)], right, lower)
            target = out[band, row]
            for column in range(columns):
                above = upper[column] + far * (upper[column + 1] - upper[column])
                below = lower[column] + far * (lower[column + 1] - lower[column])
                target[column] = above + low * (below - above)


def thinning(size: int, pixels: int) -> int:
    """Step of a regular grid that leaves about so many `pixels` of an image of `size`."""
    return max(1, ceil(sqrt(size / pixels)))


@dataclass(frozen=True, eq=False)
class Stack:
    """An image: `numbers` (bands, rows, columns), of which ``number * scale + offset`` is reflectance.

    `scale` and `offset` are (bands,), `seen` is bool (rows, columns): where there is data. `shift` is how far the
    image is moved (rows and columns, bilinear, edges repeat); `seen` is already that of the moved image.
    All methods may be used from several threads.
    """

    numbers: Numbers
    seen: NDArray[np.bool_]
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]
    shift: Shift = (0.0, 0.0)
    unmoved: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, reflectance: NDArray[np.float32], seen: NDArray[np.bool_] | None = None) -> Self:
        """Reflectance in memory, NaN where there is no data."""
        known = np.asarray(np.isfinite(reflectance).all(axis=0)) if seen is None else seen
        bands = len(reflectance)
        return cls(ArrayNumbers(reflectance), known, np.ones(bands), np.zeros(bands))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, rows, columns."""
        return self.numbers.shape

    @cached_property
    def is_plain(self) -> bool:
        """Whether the numbers are float32 reflectance as they are."""
        same = bool((self.scale == 1).all() and (self.offset == 0).all()) and not self.is_moved
        return same and self.numbers.dtype == np.float32

    @property
    def is_moved(self) -> bool:
        """Whether the image is moved at all."""
        return max(abs(self.shift[0]), abs(self.shift[1])) >= SMALLEST_SHIFT_PX

    def rows(self, top: int, bottom: int) -> NDArray[np.float32]:
        """Reflectance float32 (bands, bottom - top, columns), NaN where not seen; not to be written to."""
        if self.is_plain:
            return self.numbers.read(top, bottom)
        return self.moved_rows(top, bottom) if self.is_moved else self.own_rows(top, bottom, self.seen)

    @property
    def is_whole(self) -> bool:
        """Whether `slab` gives whole numbers."""
        return self.numbers.dtype.kind in "iu" and not self.is_moved

    def slab(self, top: int, bottom: int) -> Slab:
        """Some rows as numbers."""
        if self.is_moved:
            bands = self.shape[0]
            return Slab(self.rows(top, bottom), 0, np.ones(bands, np.float32), np.zeros(bands, np.float32))
        return self.slab_of(*self.numbers.piece(top, bottom))

    def slab_of(self, numbers: NDArray[Any], first: int) -> Slab:
        """Numbers with what makes them reflectance."""
        return Slab(numbers, first, self.scale.astype(np.float32), self.offset.astype(np.float32))

    def raw_band(self, band: int, top: int, bottom: int) -> tuple[NDArray[Any], np.float32, np.float32]:
        """As `slab`, of one band: numbers (rows, columns), scale and offset."""
        if self.is_moved:
            return self.rows(top, bottom)[band], np.float32(1), np.float32(0)
        numbers = self.numbers.read_band(band, top, bottom)
        return numbers, np.float32(self.scale[band]), np.float32(self.offset[band])

    def own_rows(self, top: int, bottom: int, seen: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Some rows of the image as it was before it was moved."""
        numbers, first = self.numbers.piece(top, bottom)
        return self.reflectance_of(numbers, seen[top:bottom], first)

    def reflectance_of(self, numbers: NDArray[Any], seen: NDArray[np.bool_], first: int = 0) -> NDArray[np.float32]:
        """Reflectance of the numbers (bands, rows, columns) from row `first` on, NaN where not seen (rows, columns)."""
        out = np.empty((len(numbers), *seen.shape), np.float32)
        _to_reflectance(self.slab_of(numbers, first), seen, out)
        return out

    def moved_rows(self, top: int, bottom: int) -> NDArray[np.float32]:
        """Some rows of the moved image."""
        height = self.shape[1]
        down, right = (floor(-part) for part in self.shift)
        weights = np.float32(-self.shift[0] - down), np.float32(-self.shift[1] - right)
        above, below = (min(max(row + down, 0), height - 1) for row in (top, bottom))
        source = self.own_rows(above, below + 1, self.seen if self.unmoved is None else self.unmoved)
        out = np.empty((len(source), bottom - top, source.shape[2]), np.float32)
        _move(source, top + down - above, right, *weights, out)
        return out

    def thinned(self, step: int) -> NDArray[np.float32]:
        """Every `step`-th pixel of every `step`-th row, from the middle of the first step on."""
        first = step // 2
        if self.is_plain:
            return self.numbers.read(0, self.shape[1])[:, first::step, first::step]
        seen = self.seen[first::step, first::step]
        if isinstance(self.numbers, ArrayNumbers) and not self.is_moved:
            return self.reflectance_of(np.ascontiguousarray(self.numbers.array[:, first::step, first::step]), seen)
        take, kind = self.taken
        picked = np.empty((self.shape[0], *seen.shape), kind)
        for line in range(seen.shape[0]):
            row = first + line * step
            picked[:, line] = take(row, row + 1)[:, 0, first::step]
        return picked if self.is_moved else self.reflectance_of(picked, seen)

    def at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """Reflectance of single pixels, (bands, n)."""
        take, kind = self.taken
        out = np.empty((self.shape[0], len(rows)), kind)
        order = np.argsort(rows, kind="stable")
        ordered = rows[order]

        def pick(strip: Strip) -> None:
            mine = order[np.searchsorted(ordered, strip.start) : np.searchsorted(ordered, strip.stop)]
            if mine.size:
                top, bottom = int(rows[mine[0]]), int(rows[mine[-1]]) + 1
                out[:, mine] = take(top, bottom)[:, rows[mine] - top, columns[mine]]

        over_strips(self.shape[1:], 0, pick)
        return out if self.is_moved else self.reflectance_of(out[:, None], self.seen[rows, columns][None])[:, 0]

    def window(self, rows: slice, columns: slice) -> NDArray[np.float32]:
        """Reflectance of a rectangle."""
        start, stop, _ = rows.indices(self.shape[1])
        if self.is_moved or self.is_plain:
            return self.rows(start, stop)[:, :, columns]
        bands = range(self.shape[0])
        picked = np.stack([self.numbers.read_band(band, start, stop)[:, columns] for band in bands])
        return self.reflectance_of(picked, self.seen[start:stop, columns])

    @property
    def taken(self) -> tuple[Callable[[int, int], NDArray[Any]], np.dtype[Any]]:
        """How rows are read of which few pixels are wanted, and their type: reflectance only if they must be moved."""
        return (self.rows, np.dtype(np.float32)) if self.is_moved else (self.numbers.read, self.numbers.dtype)

    def adjusted(self, gain: NDArray[np.float64], offset: NDArray[np.float64]) -> "Stack":
        """The image with ``gain * reflectance + offset`` for reflectance; both (bands,)."""
        return replace(self, scale=self.scale * gain, offset=self.offset * gain + offset)

    def moved(self, shift: Shift) -> "Stack":
        """The image moved by a shift (rows and columns), not seen where it touches what was not seen.

        One in memory is moved at once and is reflectance then; one in a file is moved as it is read.
        """
        if self.is_moved:
            raise ValueError("an image is moved once, by the whole shift")
        there = replace(self, shift=shift, unmoved=self.seen)
        if not there.is_moved:
            return self
        seen = np.empty_like(self.seen)
        whole = np.empty(self.shape, np.float32) if isinstance(self.numbers, ArrayNumbers) else None

        def look(strip: Strip) -> None:
            rows = there.rows(strip.start, strip.stop)
            seen[strip.rows] = np.isfinite(rows).all(axis=0)
            if whole is not None:
                whole[:, strip.rows] = rows

        over_strips(self.shape[1:], 0, look)
        return replace(there, seen=seen) if whole is None else Stack.of(whole, seen)

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        """All of it as float32: for small images."""
        return np.asarray(self.rows(0, self.shape[1]), dtype)
