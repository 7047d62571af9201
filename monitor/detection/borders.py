"""Border misalignment: where label borders run that did not, and where borders are gone.

A border's strength is the spectral distance between the centroids of the two labels it separates, in the
reference's scaled feature space. Misalignment is the excess over the strongest border within the tolerance in
the other map. The scene's labels come from two k-means: the reference model, which never saw a cloud and
understates its contrast, and the scene's own sweep.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.strips import Strip

TOLERANCE_PX = 2
"""Borders this near count as the same border: half-pixel shifts and mixed pixels."""
BORDER_HALO = TOLERANCE_PX + 1

Ranks = NDArray[np.uint8] | NDArray[np.uint16]


compiled = numba.njit(cache=True, nogil=True)


@dataclass(frozen=True, eq=False)
class Misalignment:
    """Borders of some rows as ranks: ``values[rank]`` is a strength, float32, ascending from 0.

    `new` and `old` (rows, columns) are of the strongest border that a pixel touches in scene and reference, `near_new`
    and `near_old` of the strongest within the tolerance.
    """

    values: NDArray[np.float32]
    new: Ranks
    old: Ranks
    near_new: Ranks
    near_old: Ranks

    @property
    def appeared(self) -> NDArray[np.float32]:
        """Excess of the scene's borders."""
        return self.excess(self.new, self.near_old)

    @property
    def vanished(self) -> NDArray[np.float32]:
        """Excess of the reference's borders."""
        return self.excess(self.old, self.near_new)

    def excess(self, mine: Ranks, theirs: Ranks) -> NDArray[np.float32]:
        """How much stronger a border is than all others nearby."""
        return np.maximum(np.take(self.values, mine) - np.take(self.values, theirs), 0)

    def add_rows(
        self, valid: NDArray[np.bool_], labels: NDArray[np.uint8], appeared: NDArray[np.float64],
        vanished: NDArray[np.float64],
    ) -> int:  # fmt: skip
        """Add every row's excess, (rows,), over the pixels that are valid and have a label; gives their number."""
        ranks = (self.new, self.old, self.near_new, self.near_old)
        return int(_add_rows(self.values, *ranks, valid, labels, appeared, vanished))


@compiled
def _add_rows(values, new, old, near_new, near_old, valid, labels, appeared, vanished):  # type: ignore[no-untyped-def]
    """See `Misalignment.add_rows`."""
    count = 0
    for row in range(new.shape[0]):
        for column in range(new.shape[1]):
            compared = valid[row, column] & (labels[row, column] != NO_LABEL)
            count += compared
            if new[row, column] > near_old[row, column] and compared:
                appeared[row] += values[new[row, column]] - values[near_old[row, column]]
            if old[row, column] > near_new[row, column] and compared:
                vanished[row] += values[old[row, column]] - values[near_new[row, column]]
    return count


@compiled
def _raise(labels, ranks, strongest):  # type: ignore[no-untyped-def]
    """Raise `strongest` to the rank of the strongest border that each pixel touches, by pairs of labels."""
    height, width = labels.shape
    between = np.empty(width, strongest.dtype)
    for row in range(height):
        line, here = labels[row], strongest[row]
        for column in range(width - 1):
            between[column] = ranks[line[column], line[column + 1]]
        for column in range(width - 1):
            here[column] = max(here[column], between[column])
        for column in range(width - 1):
            here[column + 1] = max(here[column + 1], between[column])
        if row + 1 < height:
            under, below = labels[row + 1], strongest[row + 1]
            for column in range(width):
                between[column] = ranks[line[column], under[column]]
            for column in range(width):
                here[column] = max(here[column], between[column])
                below[column] = max(below[column], between[column])


@dataclass(frozen=True, eq=False)
class Borders:
    """Three label maps of one place, per map the rank of the border between every two of its labels, and `values`."""

    reference: NDArray[np.uint8]
    by_reference: NDArray[np.uint8]
    by_sweep: NDArray[np.uint8]
    ranks: tuple[Ranks, ...]
    values: NDArray[np.float32]

    def misalignment(self, strip: Strip) -> Misalignment:
        """Borders of the scene's two maps against those of the reference, in a strip read with `BORDER_HALO`."""
        shape = (strip.bottom - strip.top, self.reference.shape[1])
        old, new = np.zeros(shape, self.ranks[0].dtype), np.zeros(shape, self.ranks[0].dtype)
        maps = (self.reference, self.by_reference, self.by_sweep)
        for labels, ranks, strongest in zip(maps, self.ranks, (old, new, new), strict=True):
            _raise(labels[strip.read], ranks, strongest)
        rasters = (new, old, strongest_near(new), strongest_near(old))
        return Misalignment(self.values, *(raster[strip.inner] for raster in rasters))


def borders_of(reference: LabelMap, by_reference: LabelMap, by_sweep: LabelMap) -> Borders:
    """The label maps laid out for comparison."""
    maps = (reference, by_reference, by_sweep)
    values = np.unique(np.concatenate([[0], *(each.centroid_distance.ravel() for each in maps)]).astype(np.float32))
    ranks = [rank_table(each, values) for each in maps]
    first, second, third = (each.labels for each in maps)
    return Borders(first, second, third, tuple(ranks), values)


def misalignment(reference: LabelMap, by_reference: LabelMap, by_sweep: LabelMap) -> Misalignment:
    """Misalignment of the whole of small maps."""
    height = reference.labels.shape[0]
    return borders_of(reference, by_reference, by_sweep).misalignment(Strip(0, height, 0, height))


def rank_table(labels: LabelMap, values: NDArray[np.float32]) -> Ranks:
    """Rank among `values` of the distance between every two labels, 0 to `NO_LABEL`: beside no data is no border."""
    distance = labels.centroid_distance.astype(np.float32)
    np.fill_diagonal(distance, 0)
    table = np.zeros((NO_LABEL + 1, NO_LABEL + 1), np.uint8 if values.size <= 256 else np.uint16)
    table[: labels.k, : labels.k] = np.searchsorted(values, distance)
    return table


def strongest_near(strength: NDArray[Any]) -> NDArray[Any]:
    """The strongest border within the tolerance of every pixel."""
    size = 2 * TOLERANCE_PX + 1
    return cv2.dilate(strength, np.ones((size, size), np.uint8))
