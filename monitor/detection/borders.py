"""Border misalignment: where label borders run that did not, and where borders are gone.

A border's strength is the spectral distance between the centroids of the two labels it separates, in the
reference's scaled feature space. Misalignment is the excess over the strongest border within the tolerance in
the other map. The scene's labels come from two k-means: the reference model, which never saw a cloud and
understates its contrast, and the scene's own sweep.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import LabelMap

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


def misalignment(reference: LabelMap, by_reference: LabelMap, by_sweep: LabelMap) -> Misalignment:
    """Borders of the scene's two label maps against those of the reference."""
    old = reference.border_strength
    new = np.maximum(by_reference.border_strength, by_sweep.border_strength)
    before = strongest_near(old)
    return Misalignment(np.maximum(new - before, 0), np.maximum(old - strongest_near(new), 0), before)


def strongest_near(strength: NDArray[np.float32]) -> NDArray[np.float32]:
    """The strongest border within the tolerance of every pixel."""
    size = 2 * TOLERANCE_PX + 1
    return cv2.dilate(strength, np.ones((size, size), np.uint8))  # type: ignore[return-value]
