"""Four explanations of every pixel, and what each leaves unexplained.

    clear     unchanged ground                          s = g
    cloud     a share `a` of the light comes from cloud s = (1 - a) g + a c, perhaps over shaded ground
    shadow    a share `z` of the direct light is gone   s = g - z l (g - d)
    anomaly   anything else, at a fixed price

g is the reference with today's season and field, c the colour of cloud, l the share of light that a full
shadow takes, d the light that the air itself adds. Opacity and depth are generalised least squares under the
label's covariance. The cost of an explanation grows with the logarithm of its misfit (Student's t), so that one
broken band does not decide. The cloud's and the shadow's own variety widens their tolerance with their strength.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.scenes.stack import Slab

CLOUD_COLOUR = {
    "coastal": 0.60, "blue": 0.61, "green": 0.62, "red": 0.64, "nir08": 0.69, "cirrus": 0.03, "swir16": 0.55,
    "swir22": 0.42,
}  # fmt: skip
"""Reflectance of thick cloud before the scene has shown its own."""
LIGHT_TAKEN = {
    "coastal": 0.34, "blue": 0.38, "green": 0.45, "red": 0.50, "nir08": 0.58, "cirrus": 0.60, "swir16": 0.67,
    "swir22": 0.67,
}  # fmt: skip
"""Share of the light that a full cloud shadow takes: the sky still lights it in the blue."""
CLOUD_VARIETY = 0.10
"""Clouds differ from that colour by about this share of their contrast to the ground, ..."""
CLOUD_SPREAD = {
    "coastal": 0.07, "blue": 0.07, "green": 0.06, "red": 0.06, "nir08": 0.10, "cirrus": 0.15, "swir16": 0.20,
    "swir22": 0.18,
}  # fmt: skip
"""... or by about this much reflectance: drops and ice differ most in the short-wave infrared, high and low ones in the
cirrus band."""
OWN_CLOUD = 0.4
"""Clouds of one scene are alike: share of both about the colour of the scene's own thick clouds."""
SHADOW_VARIETY, OWN_SHADOW = 0.10, 0.055
"""Shadows differ by about the first share of what they take, and by the second about that of the scene's own."""

CLEAR, CLOUD, SHADOW, ANOMALY = range(4)


class Colours(NamedTuple):
    """What clouds, shadows and air look like, float32 (bands,).

    Reflectance of cloud, how far clouds differ from it (in reflectance, and as a share of their contrast); the share of
    light that a full shadow takes, and how far shadows differ from it (as a share of it); the light of the air.
    """

    cloud: NDArray[np.float32]
    spread: NDArray[np.float32]
    variety: float
    taken: NDArray[np.float32]
    shade_variety: float
    air: NDArray[np.float32]


class Today(NamedTuple):
    """What unchanged ground looks like today, by rows of tables for every label, then for labels without a reference.

    `season` (n, bands), `whiten` and `deviation` (n, bands, bands) and (n, bands), the latter the standard deviation
    of unchanged ground; `field` (bands, block rows, block columns) at the centres of blocks of `block` pixels;
    `scale` (bands,) is the reference's feature scale. float32.
    """

    season: NDArray[np.float32]
    field: NDArray[np.float32]
    block: float
    whiten: NDArray[np.float32]
    deviation: NDArray[np.float32]
    scale: NDArray[np.float32]


class Beside(NamedTuple):
    """Some rows of scene and ground.

    `valid` and the label maps are (rows, columns): labels where the reference is known, the `nearest` label elsewhere,
    of which `level` (k, bands) is the reflectance.
    """

    scene: Slab
    ground: Slab
    valid: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    nearest: NDArray[np.uint8]
    level: NDArray[np.float32]
