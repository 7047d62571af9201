"""Connected pixels of one kind."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Objects:
    """8-connected objects of a mask: `labels` int32 (rows, columns), 0 outside, `count` objects 1..count.

    `area` (count + 1,) is pixels per object; entry 0 is 0.
    """

    labels: NDArray[np.int32]
    count: int
    area: NDArray[np.intp]

    @cached_property
    def pixels(self) -> NDArray[np.intp]:
        """Flat indices of all object pixels."""
        return np.flatnonzero(self.labels)

    @cached_property
    def ids(self) -> NDArray[np.int32]:
        """Object of each of `pixels`."""
        return self.labels.ravel()[self.pixels]


def objects_of(mask: NDArray[np.bool_], smallest: int = 1) -> Objects:
    """Objects of at least `smallest` pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA].astype(np.intp)
    keep = area >= smallest
    keep[0] = False
    if not keep[1:].all():
        number = np.where(keep, np.cumsum(keep), 0).astype(np.int32)
        labels, count = number[labels], int(keep.sum()) + 1
    return Objects(np.asarray(labels, np.int32), count - 1, np.concatenate([[0], area[keep]]))
