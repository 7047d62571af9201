"""A label map: which cluster every pixel belongs to, and how strong the borders between labels are; pixels by label."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

NO_LABEL = 255
"""Label of a pixel that has no data; k-means never has that many clusters."""


def grouped(ids: NDArray[np.integer], groups: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pixels in order of their group, and the ends of the groups in that order, (groups + 1,)."""
    count = np.bincount(ids, minlength=groups)
    return np.argsort(ids, kind="stable"), np.concatenate([[0], count.cumsum()])


@dataclass(frozen=True, eq=False)
class LabelMap:
    """Labels uint8 (rows, columns), `NO_LABEL` where there is no data; centroids float32 (k, bands).

    Centroids lie in the scaled feature space of the reference model, whichever k-means they come from, so
    that the borders of two maps can be compared.
    """

    labels: NDArray[np.uint8]
    centroids: NDArray[np.float32]

    @property
    def k(self) -> int:
        """Number of clusters."""
        return len(self.centroids)

    @cached_property
    def centroid_distance(self) -> NDArray[np.float32]:
        """Spectral distance between every two centroids, (k, k)."""
        gap = self.centroids[:, None] - self.centroids[None]
        distance: NDArray[np.float32] = np.sqrt((gap**2).sum(axis=-1)).astype(np.float32)
        return distance

    @cached_property
    def border_strength(self) -> NDArray[np.float32]:
        """Strength of the strongest border that a pixel touches, (rows, columns); 0 inside a label.

        The strength of a border is the spectral distance between the centroids of the two labels that it
        separates. A side without data is no border.
        """
        known = self.labels != NO_LABEL
        index = np.where(known, self.labels, 0)
        strength = np.zeros(self.labels.shape, np.float32)
        for one, other in (
            ((slice(1, None), slice(None)), (slice(None, -1), slice(None))),
            ((slice(None), slice(1, None)), (slice(None), slice(None, -1))),
        ):
            step = self.centroid_distance[index[one], index[other]] * (known[one] & known[other])
            np.maximum(strength[one], step, out=strength[one])
            np.maximum(strength[other], step, out=strength[other])
        return strength
