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

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.detection.difference import difference_rows, stretched
from monitor.detection.explain_kernel import explain_pixels

CLOUD_COLOUR = {
    "coastal": 0.60, "blue": 0.61, "green": 0.62, "red": 0.64, "nir08": 0.69, "swir16": 0.55, "swir22": 0.42,
}  # fmt: skip
"""Reflectance of thick cloud before the scene has shown its own."""
LIGHT_TAKEN = {
    "coastal": 0.34, "blue": 0.38, "green": 0.45, "red": 0.50, "nir08": 0.58, "swir16": 0.67, "swir22": 0.67,
}  # fmt: skip
"""Share of the light that a full cloud shadow takes: the sky still lights it in the blue."""
CLOUD_VARIETY = 0.10
"""Clouds differ from that colour by about this share of their contrast to the ground, ..."""
CLOUD_SPREAD = {
    "coastal": 0.07, "blue": 0.07, "green": 0.06, "red": 0.06, "nir08": 0.10, "swir16": 0.20, "swir22": 0.18,
}  # fmt: skip
"""... or by about this much reflectance: drops and ice differ most in the short-wave infrared."""
OWN_CLOUD = 0.4
"""Clouds of one scene are alike: share of both about the colour of the scene's own thick clouds."""

CLEAR, CLOUD, SHADOW, ANOMALY = range(4)


class Colours(NamedTuple):
    """What clouds, shadows and air look like, float32 (bands,).

    Reflectance of cloud, how far clouds differ from it (in reflectance and as a share of
    their contrast), the share of light that a full shadow takes, the
    light of the air; each float32 (bands,).
    """

    cloud: NDArray[np.float32]
    spread: NDArray[np.float32]
    variety: float
    taken: NDArray[np.float32]
    air: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Today:
    """What unchanged ground looks like today, by rows of tables that `index` points to.

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


PLANES = 11
"""Planes of `explain`."""
BLOCK_PX = 16_000
"""Pixels laid beside each other at once: their numbers stay in the cache."""


@dataclass(frozen=True, eq=False)
class Beside:
    """Some rows of scene and ground, as numbers (bands, rows, columns) and their units (2, bands): scale and offset.

    `valid` and the label maps are (rows, columns): labels where the reference is known, the `nearest` label elsewhere,
    of which `level` (k, bands) is the reflectance.
    """

    scene: NDArray[Any]
    scene_units: NDArray[np.float32]
    ground: NDArray[Any]
    ground_units: NDArray[np.float32]
    valid: NDArray[np.bool_]
    labels: NDArray[np.uint8]
    nearest: NDArray[np.uint8]
    level: NDArray[np.float32]


def explain(
    top: int, beside: Beside, today: Today, white: NDArray[np.float32], colours: Colours
) -> NDArray[np.float32]:
    """What is known of every pixel of some rows from `top` on; no pixel looks at another. 0 without an answer.

    The tables of `today` have a row for every label, then one for every label that only is the nearest; `white`
    (bands,) is the colour of cloud by which whiteness is told, 0 in the bands that do not count for it. Gives `PLANES`
    float32 (rows, columns): costs of clear, cloud and shadow; opacity, depth, opacity by the bands of the visible
    alone, and 1 where there is an answer; the depth's inverse variance and misfit; change (the root of the squared
    distance to the expected ground per band) and its effect (its size in the reference's scaled feature space, per
    band).
    """
    bands, height, width = beside.scene.shape
    planes = np.zeros((PLANES, height, width), np.float32)
    wide, first = stretched(today.field, today.block, top, top + height, width)
    step = max(1, BLOCK_PX // width)
    index, (under, beyond) = np.empty(step * width, np.int16), np.empty((2, bands, step * width), np.float32)
    for start in range(0, height, step):
        rows = slice(start, min(start + step, height))
        size = (rows.stop - start) * width
        clear, cloud, shadow, opacity, depth, tint, *others = (plane[rows].ravel() for plane in planes)
        difference_rows(
            top + start, beside.scene[:, rows], beside.scene_units, beside.ground[:, rows], beside.ground_units,
            beside.valid[rows], beside.labels[rows], beside.nearest[rows], beside.level,
            wide, first, today.block, today.field.shape[1], white, index, under, beyond, tint,
        )  # fmt: skip
        explain_pixels(
            index[:size], under, beyond, today.season, today.whiten, today.deviation, today.scale, *colours,
            (clear, cloud, shadow, opacity, depth, *others),
        )  # fmt: skip
    return planes
