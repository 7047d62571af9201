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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
class Explained:
    """What is known of every pixel.

    `cost` (4, rows, columns) of the explanations, `opacity`, `depth`, `depth_weight` (its
    inverse variance), `depth_misfit`, and `change` (the root of the squared distance to the expected ground per
    band), `effect` (its size in the reference's scaled feature space, per band); float32 (rows, columns).
    """

    cost: NDArray[np.float32]
    opacity: NDArray[np.float32]
    depth: NDArray[np.float32]
    depth_weight: NDArray[np.float32]
    depth_misfit: NDArray[np.float32]
    change: NDArray[np.float32]
    effect: NDArray[np.float32]


def explain(
    scene: NDArray[np.float32],
    ground: NDArray[np.float32],
    index: NDArray[np.int16],
    season: NDArray[np.float32],
    field: NDArray[np.float32],
    block: float,
    whiten: NDArray[np.float32],
    deviation: NDArray[np.float32],
    scale: NDArray[np.float32],
    colours: Colours,
) -> Explained:
    """Costs of the four explanations of every pixel.

    `scene` and `ground` are reflectance (bands, rows, columns); `index` (rows, columns) says which row of
    `season` (n, bands) and `whiten` (n, bands, bands) holds for a pixel, negative where nothing can be said;
    `field` (bands, block rows, block columns) has its values at the centres of blocks of `block` pixels;
    `deviation` (n, bands) is the standard deviation of unchanged ground, `scale` (bands,) the
    reference's feature scale.
    """
    shape = scene.shape[1:]
    planes = [np.zeros(shape, np.float32) for _ in range(6)]
    cost = np.zeros((4, *shape), np.float32)
    explain_pixels(scene, ground, index, season, field, block, whiten, deviation, scale, *colours, cost, *planes)
    return Explained(cost, *planes)
