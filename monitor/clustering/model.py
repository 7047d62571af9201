"""The reference model: what the ground looked like on the clear scene, as clusters."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.scenes.grid import Grid
from monitor.scenes.numbers import Numbers
from monitor.scenes.stack import Stack

QUANTUM, LOWEST = 5e-5, -0.5
"""Step and lower end of reflectance as a model keeps it: finer than noise, and -0.5..2.77 fits 16 bits."""


def encode_reflectance(reflectance: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Reflectance as 16-bit numbers, 0 where it is NaN, same shape."""
    steps = np.clip(np.round((reflectance - LOWEST) / QUANTUM), 1, 65535)
    numbers: NDArray[np.uint16] = np.nan_to_num(steps, nan=0).astype(np.uint16)
    return numbers


def decode_reflectance(numbers: NDArray[np.uint16]) -> NDArray[np.float32]:
    """The inverse of `encode_reflectance`, to half a quantum."""
    values = numbers.astype(np.float32) * np.float32(QUANTUM) + np.float32(LOWEST)
    values[numbers == 0] = np.nan
    return values


def remembered_stack(numbers: Numbers, seen: NDArray[np.bool_]) -> Stack:
    """As `decode_reflectance`, strip by strip; `seen` (rows, columns) is where it is known."""
    bands = numbers.shape[0]
    return Stack(numbers, seen, np.full(bands, QUANTUM), np.full(bands, LOWEST))


@dataclass(frozen=True, eq=False)
class ReferenceModel:
    """K-means fitted on a clear scene, with that scene.

    `center` and `scale` (bands,) make the feature space: ``(reflectance - center) / scale``. `centroids`
    (k, bands) lie in it, ordered from dark to bright. `spread` (k,) is the robust spread (median + MAD) of
    the distance of a cluster's pixels to their centroid, `radius` (k,) its 99.9th percentile.
    `stack` is the clear scene (bands, rows, columns), not seen where it has no data or was cloudy; `labels` is its
    label map, `NO_LABEL` in the same places. `card` is what card.json says. `unmoved` is the model that this one was
    before it was laid under a scene, None if it is as it was fitted.
    """

    monitor: str
    version: int
    scene_id: str
    bands: tuple[str, ...]
    grid: Grid
    center: NDArray[np.float32]
    scale: NDArray[np.float32]
    centroids: NDArray[np.float32]
    spread: NDArray[np.float32]
    radius: NDArray[np.float32]
    stack: Stack
    labels: NDArray[np.uint8]
    card: dict[str, Any] = field(default_factory=dict)
    unmoved: "ReferenceModel | None" = None

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.centroids)

    @cached_property
    def reflectance(self) -> NDArray[np.float32]:
        """All of the stack, float32 (bands, rows, columns), NaN where not known: for what fits into memory."""
        return np.asarray(self.stack)

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Where the reference can be compared with, (rows, columns)."""
        known: NDArray[np.bool_] = self.labels != NO_LABEL
        return known

    @cached_property
    def label_map(self) -> LabelMap:
        """Labels and centroids of the clear scene."""
        return LabelMap(self.labels, self.centroids)

    def features(self, reflectance: NDArray[np.float32]) -> NDArray[np.float32]:
        """Reflectance (bands, ...) in the scaled feature space, same shape."""
        column = (-1,) + (1,) * (reflectance.ndim - 1)
        scaled: NDArray[np.float32] = (reflectance - self.center.reshape(column)) / self.scale.reshape(column)
        return scaled

    def feature_stack(self, stack: Stack) -> Stack:
        """A stack of reflectance seen in the scaled feature space."""
        return stack.adjusted(1 / self.scale.astype(np.float64), -self.center.astype(np.float64) / self.scale)
