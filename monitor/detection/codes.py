"""What is kept of every pixel between the passes of a look, in one byte each, and the tables that read it again.

A plane of a full scene in float32 takes 240 MB, in these codes 60 MB. Steps are far finer than what the measures
scatter by; the ends of the ranges lie where nothing depends on the value any more.
"""

import numpy as np
from numpy.typing import NDArray

PALE, WHITE, DARK, SNOW, SUSPECT, FAINT, CLOUDIER, ODD = (1 << bit for bit in range(8))
"""Bits of a pixel. `PALE`: no whiter than the ground, averaged; `WHITE`, `DARK`: whiter, darker, alone; `SNOW`: by its
index; `SUSPECT`: not to be learnt from; `FAINT`: cloud or shadow too faint to be called so (until the shade is known:
as well explained by haze); `CLOUDIER`: cloud explains it better than clear and anomaly; `ODD`: anomaly better than
clear."""
OPACITY_STEP = 1.6 / 255
PEAK_STEP, CLOUDED = 1.6 / 127, 128
"""Opacity of the pixel alone is kept in seven bits; the eighth, `CLOUDED`, marks what is surely cloud."""
DEPTH_STEP, DEPTH_LOWEST = 0.01, -1.0
GAP_STEP = 0.125
SHADOW_GAP_LOWEST, CLOUD_GAP_LOWEST = -24.0, -8.0
"""Differences of cost: shadow less the better of clear and anomaly, cloud less shadow, before geometry speaks."""
SHARE_STEP = 1 / 255
HALF_SURE = 16.0
"""Inverse variance of a depth that takes half the range of its code."""
SURE_CODES, MISFIT = 127, 128
MISFIT_TRUST = 0.1
"""Weight of depths that do not fit, against those that do; the bit `MISFIT` marks them."""
SIZE_LOWEST_BITS = 117 << 4
"""Sizes of change are kept as exponent and four bits of the mantissa, from 2 ** -10 up to 2 ** 6."""

_CODES = np.arange(256, dtype=np.float32)
OPACITY: NDArray[np.float32] = _CODES * np.float32(OPACITY_STEP)
PEAK: NDArray[np.float32] = (_CODES % CLOUDED) * np.float32(PEAK_STEP)
DEPTH: NDArray[np.float32] = _CODES * np.float32(DEPTH_STEP) + np.float32(DEPTH_LOWEST)
SHARE: NDArray[np.float32] = _CODES * np.float32(SHARE_STEP)
CLOUD_SHARE: NDArray[np.uint8] = np.clip(np.rint(OPACITY / np.float32(SHARE_STEP)), 1, 255).astype(np.uint8)
"""Codes of the share of light that cloud of an opacity takes; some, however thin it is."""
SIZE: NDArray[np.float32] = ((np.arange(256, dtype=np.int32) + SIZE_LOWEST_BITS) << 19).view(np.float32)
_SURE = (np.arange(256) % MISFIT).astype(np.float32)
SURENESS: NDArray[np.float32] = np.asarray(HALF_SURE * _SURE / np.maximum(SURE_CODES - _SURE, 0.5), np.float32)
"""Inverse variance of a depth."""
DEPTH_SCATTER = 0.15
"""Standard deviation of the depths of real shadows about their prediction."""
TRUST: NDArray[np.float32] = np.asarray(
    np.where(_CODES < MISFIT, 1, MISFIT_TRUST) / (1 / (SURENESS + 1e-3) + DEPTH_SCATTER**2), np.float32
)
"""Weight of a depth when the shade is looked for."""


def depth_code(depth: float) -> np.uint8:
    """The highest code that stands for no more than a depth."""
    return np.uint8((depth - DEPTH_LOWEST) / DEPTH_STEP)


def read(table: NDArray[np.float32], codes: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What codes stand for, same shape."""
    return np.take(table, codes)
