"""Quantiles and the number of different values per label from a histogram, without sorting or holding any value.

Reflectance is counted in steps of Landsat Collection 2 level 2, so that values that come from its files unresampled
are counted exactly as they are there; any other value moves by up to half a step, and so does a quantile.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

STEP, LOWEST, STEPS = 2.75e-5, -0.2, 65536
"""Scale and offset of Collection 2 level 2 surface reflectance, and how many values its files can hold."""
ERROR = STEP / 2
"""A quantile is at most so far from that of the values themselves, where they lie within -0.2..1.6."""
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles that are kept: the extremes, the outer twentieths, the quartiles."""


@dataclass(frozen=True, eq=False)
class Spread:
    """Of one band: `quantiles` (labels, shares), NaN for a label without pixels, and `unique` values (labels,)."""

    quantiles: NDArray[np.float64]
    unique: NDArray[np.int64]


@njit(cache=True, nogil=True)
def _count(labels, values, valid, counts):  # type: ignore[no-untyped-def]
    """One pass over a band; what lies outside the steps counts as the outermost ones."""
    for row in range(labels.shape[0]):
        for col in range(labels.shape[1]):
            label = labels[row, col]
            if valid[row, col] and label < counts.shape[0]:
                step = np.rint((values[row, col] - np.float32(LOWEST)) / np.float32(STEP))
                counts[label, int(min(max(step, np.float32(0)), np.float32(STEPS - 1)))] += 1


def no_counts(k: int) -> NDArray[np.int32]:
    """An empty histogram of one band for k labels, (k, steps)."""
    return np.zeros((k, STEPS), np.int32)


def add_counts(
    counts: NDArray[np.int32], labels: NDArray[np.uint8], values: NDArray[np.float32], valid: NDArray[np.bool_]
) -> None:
    """Count the pixels of a scene or of some of its rows, in place.

    `labels`, `values` (reflectance of one band) and `valid` are (rows, columns); a label without a row is no label.
    """
    _count(labels, values, valid, counts)


def spread_of(counts: NDArray[np.int32]) -> Spread:
    """Quantiles (as NumPy's, linear between neighbours) and number of different values per label."""
    quantiles = np.stack([quantiles_of(row) for row in counts])
    return Spread(quantiles, np.count_nonzero(counts, axis=1).astype(np.int64))


def spread(labels: NDArray[np.uint8], values: NDArray[np.float32], valid: NDArray[np.bool_], k: int) -> Spread:
    """Of a whole band at once, as `add_counts` and `spread_of`."""
    counts = no_counts(k)
    add_counts(counts, labels, values, valid)
    return spread_of(counts)


def quantiles_of(counts: NDArray[np.int32]) -> NDArray[np.float64]:
    """Quantiles of a histogram (steps,), float64 (shares,)."""
    present = np.flatnonzero(counts)
    if not present.size:
        return np.full(len(SHARES), np.nan)
    upto = np.cumsum(counts[present], dtype=np.int64)
    place = np.array(SHARES) * (upto[-1] - 1)
    below = np.floor(place).astype(np.int64)
    ends = np.stack([below, np.minimum(below + 1, upto[-1] - 1)])
    lower, upper = present[np.searchsorted(upto, ends, side="right")] * STEP + LOWEST
    return np.asarray(lower + (place - below) * (upper - lower), np.float64)
