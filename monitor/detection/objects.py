"""Connected pixels of one kind, and sums over them in one pass."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Objects:
    """8-connected objects of a mask: `labels` int32 (rows, columns), 0 outside, `count` objects 1..count."""

    labels: NDArray[np.int32]
    count: int

    @cached_property
    def pixels(self) -> NDArray[np.intp]:
        """Flat indices of all object pixels."""
        return np.flatnonzero(self.labels)

    @cached_property
    def ids(self) -> NDArray[np.int32]:
        """Object of each of `pixels`."""
        return self.labels.ravel()[self.pixels]

    @cached_property
    def area(self) -> NDArray[np.intp]:
        """Pixels per object, (count + 1,); entry 0 is 0."""
        return np.bincount(self.ids, minlength=self.count + 1)

    @cached_property
    def edge(self) -> NDArray[np.bool_]:
        """Which of `pixels` touch what is not the object."""
        inside = cv2.erode((self.labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
        edge: NDArray[np.bool_] = inside.ravel()[self.pixels] == 0
        return edge

    def mean(self, image: NDArray[np.floating] | NDArray[np.bool_]) -> NDArray[np.float64]:
        """Mean of an image per object, (count + 1,)."""
        total = np.bincount(self.ids, image.ravel()[self.pixels], self.count + 1)
        mean: NDArray[np.float64] = total / np.maximum(self.area, 1)
        return mean

    def edge_mean(self, image: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean of an image along the inner edge of each object, (count + 1,)."""
        ids, values = self.ids[self.edge], image.ravel()[self.pixels[self.edge]]
        length = np.bincount(ids, minlength=self.count + 1)
        mean: NDArray[np.float64] = np.bincount(ids, values, self.count + 1) / np.maximum(length, 1)
        return mean

    def top(self, image: NDArray[np.floating]) -> NDArray[np.float64]:
        """Largest value per object, (count + 1,)."""
        best = np.full(self.count + 1, -np.inf)
        np.maximum.at(best, self.ids, image.ravel()[self.pixels])
        return best

    def mode(self, image: NDArray[np.uint8]) -> NDArray[np.intp]:
        """Most frequent value (below 256) per object, (count + 1,)."""
        pairs, counts = np.unique(self.ids.astype(np.int64) * 256 + image.ravel()[self.pixels], return_counts=True)
        out = np.zeros(self.count + 1, np.intp)
        order = np.argsort(counts, kind="stable")
        out[pairs[order] // 256] = pairs[order] % 256
        return out


def objects_of(mask: NDArray[np.bool_], smallest: int = 1) -> Objects:
    """Objects of at least `smallest` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if smallest > 1 and count > 1:
        keep = stats[:, cv2.CC_STAT_AREA] >= smallest
        keep[0] = False
        number = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
        labels, count = number[labels], int(keep.sum()) + 1
    return Objects(np.asarray(labels, np.int32), count - 1)
