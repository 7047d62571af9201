"""Bits of QA_PIXEL, Landsat 8-9 Collection 2 (USGS data format control book, LSDS-1822)."""

import numpy as np
from numpy.typing import NDArray

FILL, DILATED_CLOUD, CIRRUS, CLOUD, CLOUD_SHADOW, SNOW, CLEAR, WATER = range(8)


def has_bit(qa: NDArray[np.uint16], *bits: int) -> NDArray[np.bool_]:
    """Where at least one of the bits is set, same shape."""
    wanted = np.uint16(sum(1 << bit for bit in bits))
    found: NDArray[np.bool_] = (qa & wanted) > 0
    return found
