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
from monitor.detection.strips import Strip, over_strips

TOLERANCE_PX = 2
"""Borders this near count as the same border: half-pixel shifts and mixed pixels."""


@dataclass(frozen=True, eq=False)
class Misalignment:
    """Excess of border strength, float32 (rows, columns).

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


def misalignment(reference: LabelMap, by_reference: LabelMap, by_sweep: LabelMap) -> Misalignment:
    """Borders of the scene's two label maps against those of the reference; looks `TOLERANCE_PX` + 1 rows around."""
    shape = reference.labels.shape
    out = Misalignment(*(np.empty(shape, np.float32) for _ in range(3)))
    tables = [full_table(each) for each in (reference, by_reference, by_sweep)]

    def compare(strip: Strip) -> None:
        old, new = (np.zeros((strip.bottom - strip.top, shape[1]), np.float32) for _ in range(2))
        for each, table, strength in zip((reference, by_reference, by_sweep), tables, (old, new, new), strict=True):
            _add_strength(each.labels[strip.read], table, strength)
        before = strongest_near(old)
        out.before[strip.rows] = before[strip.inner]
        out.appeared[strip.rows] = np.maximum(new - before, 0)[strip.inner]
        out.vanished[strip.rows] = np.maximum(old - strongest_near(new), 0)[strip.inner]

    over_strips(shape, TOLERANCE_PX + 1, compare)
    return out


def full_table(labels: LabelMap) -> NDArray[np.float32]:
    """Distance between every two labels, 0 to `NO_LABEL`: a side without data is no border."""
    table = np.zeros((NO_LABEL + 1, NO_LABEL + 1), np.float32)
    table[: labels.k, : labels.k] = labels.centroid_distance
    return table


def strongest_near(strength: NDArray[np.float32]) -> NDArray[np.float32]:
    """The strongest border within the tolerance of every pixel."""
    size = 2 * TOLERANCE_PX + 1
    return cv2.dilate(strength, np.ones((size, size), np.uint8))  # type: ignore[return-value]
