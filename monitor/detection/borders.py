"""Border misalignment: where label borders run that did not, and where borders are gone.

A border's strength is the spectral distance between the centroids of the two labels it separates, in the
reference's scaled feature space. Misalignment is the excess over the strongest border within the tolerance in
the other map. The scene's labels come from two k-means: the reference model, which never saw a cloud and
understates its contrast, and the scene's own sweep.
"""

from dataclasses import dataclass

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.strips import Strip

TOLERANCE_PX = 2
"""Borders this near count as the same border: half-pixel shifts and mixed pixels."""
BORDER_HALO = TOLERANCE_PX + 1


@dataclass(frozen=True, eq=False)
class Misalignment:
    """Excess of border strength in some rows, float32 (rows, columns).

    `appeared` in the scene, `vanished` from the reference; `before` is the strongest border that the reference
    has nearby.
    """

    appeared: NDArray[np.float32]
    vanished: NDArray[np.float32]
    before: NDArray[np.float32]


@numba.njit(cache=True, nogil=True)
def _add_strength(labels, distance, strength):  # type: ignore[no-untyped-def]
    """Raise `strength` to that of the strongest border each pixel touches."""
    height, width = labels.shape
    for row in range(height):
        for column in range(width):
            label = labels[row, column]
            if column + 1 < width and labels[row, column + 1] != label:
                gap = distance[label, labels[row, column + 1]]
                strength[row, column] = max(strength[row, column], gap)
                strength[row, column + 1] = max(strength[row, column + 1], gap)
            if row + 1 < height and labels[row + 1, column] != label:
                gap = distance[label, labels[row + 1, column]]
                strength[row, column] = max(strength[row, column], gap)
                strength[row + 1, column] = max(strength[row + 1, column], gap)


@dataclass(frozen=True, eq=False)
class Borders:
    """Three label maps of one place, and per map the distance between every two of its labels."""

    reference: NDArray[np.uint8]
    by_reference: NDArray[np.uint8]
    by_sweep: NDArray[np.uint8]
    tables: tuple[NDArray[np.float32], ...]

    def misalignment(self, strip: Strip) -> Misalignment:
        """Borders of the scene's two maps against those of the reference, in a strip read with `BORDER_HALO`."""
        shape = (strip.bottom - strip.top, self.reference.shape[1])
        old, new = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        maps = (self.reference, self.by_reference, self.by_sweep)
        for labels, table, strength in zip(maps, self.tables, (old, new, new), strict=True):
            _add_strength(labels[strip.read], table, strength)
        before, inner = strongest_near(old), strip.inner
        return Misalignment(
            np.maximum(new - before, 0)[inner], np.maximum(old - strongest_near(new), 0)[inner], before[inner]
        )


def borders_of(reference: LabelMap, by_reference: LabelMap, by_sweep: LabelMap) -> Borders:
    """The label maps laid out for comparison."""
    maps = (reference, by_reference, by_sweep)
    first, second, third = (each.labels for each in maps)
    return Borders(first, second, third, tuple(full_table(each) for each in maps))


def misalignment(reference: LabelMap, by_reference: LabelMap, by_sweep: LabelMap) -> Misalignment:
    """Misalignment of the whole of small maps."""
    height = reference.labels.shape[0]
    return borders_of(reference, by_reference, by_sweep).misalignment(Strip(0, height, 0, height))


def full_table(labels: LabelMap) -> NDArray[np.float32]:
    """Distance between every two labels, 0 to `NO_LABEL`: a side without data is no border."""
    table = np.zeros((NO_LABEL + 1, NO_LABEL + 1), np.float32)
    table[: labels.k, : labels.k] = labels.centroid_distance
    return table


def strongest_near(strength: NDArray[np.float32]) -> NDArray[np.float32]:
    """The strongest border within the tolerance of every pixel."""
    size = 2 * TOLERANCE_PX + 1
    return cv2.dilate(strength, np.ones((size, size), np.uint8))  # type: ignore[return-value]
