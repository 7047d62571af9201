"""Quantiles and the number of different values per label from a histogram, without sorting or holding any value.

Reflectance is counted in steps of Landsat Collection 2 level 2, so that values that come from its files unresampled
are counted exactly as they are there; any other value moves by up to half a step, and so does a quantile.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

STEP, LOWEST, STEPS = 2.75e-5, -0.2, 65536
"""Scale and offset of Collection 2 level 2 surface reflectance, and how many values its files can hold."""
ERROR = STEP / 2
"""A quantile is at most so far from that of the values themselves, where they lie within -0.2..1.6."""
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles that are kept: the extremes, the outer twentieths, the quartiles."""


def steps_of(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    """The step that reflectance falls on, same shape; what lies outside falls on the outermost ones."""
    exact = np.rint((values - np.float32(LOWEST)) / np.float32(STEP))
    steps: NDArray[np.uint16] = np.clip(exact, np.float32(0), np.float32(STEPS - 1)).astype(np.uint16)
    return steps


def quantiles_of(steps: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.float64]:
    """Quantiles float64 (shares,) of values on some steps (n,), rising, that occur so often (n,)."""
    if not steps.size:
        return np.full(len(SHARES), np.nan)
    upto = np.cumsum(counts, dtype=np.int64)
    place = np.array(SHARES) * (upto[-1] - 1)
    below = np.floor(place).astype(np.int64)
    ends = np.stack([below, np.minimum(below + 1, upto[-1] - 1)])
    lower, upper = steps[np.searchsorted(upto, ends, side="right")] * STEP + LOWEST
    return np.asarray(lower + (place - below) * (upper - lower), np.float64)
