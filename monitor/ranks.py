"""Quantiles by one selection: NumPy looks for one rank with vector instructions, but for several without."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Real = TypeVar("Real", np.float32, np.float64)
DEVIATIONS = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


def quantile(values: NDArray[Real], share: float) -> NDArray[Real]:
    """Quantile along the last axis, between the two nearest values, as `numpy.quantile`; for values without NaN."""
    last = values.shape[-1] - 1
    place = share * last
    low = min(int(place), last)
    parted = np.partition(values, low, axis=-1)
    below = parted[..., low]
    if low == place:
        return np.asarray(below)
    above = parted[..., low + 1 :].min(axis=-1)
    return np.asarray(below + (above - below) * values.dtype.type(place - low))


def median(values: NDArray[Real]) -> NDArray[Real]:
    """Median along the last axis, of values without NaN."""
    return quantile(values, 0.5)


def median_and_spread(values: NDArray[Real]) -> tuple[float, float]:
    """Median and standard deviation, by median absolute deviation, of values (n,): less than half may be anything."""
    middle = median(values)
    return float(middle), float(DEVIATIONS * median(np.abs(values - middle)))
