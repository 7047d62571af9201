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

import math
from dataclasses import dataclass
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

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
PLAIN_SHARE = 0.3
"""Weight of that spread where opacity is fitted without regard to how bands vary together."""
SHADOW_VARIETY = 0.10
ANOMALY_COST = 14.0
"""An anomaly must be worse explained otherwise: about 3 standard deviations in every band."""
CLOUD_COST = 6.0
CLOUD_ON_SHADOW_COST = 2.0
COST_CAP = 40.0
REFERENCE_BANDS = 6.0
"""Costs are scaled to this number of bands, so that four bands and eight decide alike."""

CLEAR, CLOUD, SHADOW, ANOMALY = range(4)


class Colours(NamedTuple):
    """Reflectance of cloud, how far clouds differ from it (in reflectance and as a share of
    their contrast), the share of light that a full shadow takes, the
    light of the air; each float32 (bands,)."""

    cloud: NDArray[np.float32]
    spread: NDArray[np.float32]
    variety: float
    taken: NDArray[np.float32]
    air: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Explained:
    """Per pixel: `cost` (4, rows, columns) of the explanations, `opacity`, `depth`, `depth_weight` (its
    inverse variance), `depth_misfit`, and `change` (the root of the squared distance to the expected ground per
    band), `effect` (its size in the reference's scaled feature space, per band); float32 (rows, columns)."""

    cost: NDArray[np.float32]
    opacity: NDArray[np.float32]
    depth: NDArray[np.float32]
    depth_weight: NDArray[np.float32]
    depth_misfit: NDArray[np.float32]
    change: NDArray[np.float32]
    effect: NDArray[np.float32]


@numba.njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}, inline="always"
)  # type: ignore[untyped-decorator]
def _cost(misfit, variance, bands):  # type: ignore[no-untyped-def]
    return REFERENCE_BANDS * math.log(1.0 + max(misfit, 0.0) / (variance * bands))


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})  # type: ignore[untyped-decorator]
def _explain(  # type: ignore[no-untyped-def]
    scene,
    ground,
    index,
    season,
    field,
    block,
    whiten,
    deviation,
    scale,
    cloud,
    spread,
    variety,
    taken,
    dark,
    cost,
    opacity,
    depth,
    weight,
    misfit,
    change,
    effect,
):
    bands, height, width = scene.shape
    field_rows, field_columns = field.shape[1:]
    e, u, v = np.empty(bands, np.float32), np.empty(bands, np.float32), np.empty(bands, np.float32)
    for row in range(height):
        y = (row + 0.5) / block - 0.5
        y = min(max(y, 0.0), field_rows - 1.0)
        y0 = int(y)
        y1 = min(y0 + 1, field_rows - 1)
        fy = np.float32(y - y0)
        for column in range(width):
            label = index[row, column]
            if label < 0:
                continue
            x = (column + 0.5) / block - 0.5
            x = min(max(x, 0.0), field_columns - 1.0)
            x0 = int(x)
            x1 = min(x0 + 1, field_columns - 1)
            fx = np.float32(x - x0)
            for band in range(bands):
                slow = (field[band, y0, x0] * (1 - fx) + field[band, y0, x1] * fx) * (1 - fy)
                slow += (field[band, y1, x0] * (1 - fx) + field[band, y1, x1] * fx) * fy
                expected = ground[band, row, column] + season[label, band] + slow
                e[band] = scene[band, row, column] - expected
                u[band] = cloud[band] - expected
                v[band] = -(expected - dark[band]) * taken[band]
            ee = uu = vv = uv = ue = ve = np.float32(0.0)
            for band in range(bands):
                we = wu = wv = np.float32(0.0)
                for other in range(band + 1):
                    w = whiten[label, band, other]
                    we += w * e[other]
                    wu += w * u[other]
                    wv += w * v[other]
                ee += we * we
                uu += wu * wu
                vv += wv * wv
                uv += wu * wv
                ue += wu * we
                ve += wv * we
            uu += np.float32(1e-6)
            vv += np.float32(1e-6)
            a = ue / uu
            z = ve / vv
            a1 = min(max(a, 0.0), 1.6)
            z1 = min(max(z, 0.0), 1.1)
            cloudy = np.float32(0.0)
            for band in range(bands):
                left = e[band] - a1 * u[band]
                wide = a1 * spread[band]
                cloudy += left * left / (deviation[label, band] ** 2 + wide * wide)
            rest = ee - 2 * a1 * ue + a1 * a1 * uu
            cloudy = _cost(min(cloudy, rest / (1 + variety * variety * a1 * a1 * uu)), 1.0, bands)
            top = low = np.float32(0.0)
            for band in range(bands):
                w = 1 / (deviation[label, band] ** 2 + (PLAIN_SHARE * spread[band]) ** 2)
                top += w * u[band] * e[band]
                low += w * u[band] * u[band]
            a3 = min(max(top / (low + np.float32(1e-9)), 0.0), 1.6)
            plain = np.float32(0.0)
            for band in range(bands):
                left = e[band] - a3 * u[band]
                wide = a3 * spread[band]
                plain += left * left / (deviation[label, band] ** 2 + wide * wide)
            plain = _cost(plain, 1.0, bands)
            if plain < cloudy:
                cloudy = plain
                a = a3
            rest = ee - 2 * z1 * ve + z1 * z1 * vv
            wide = 1 + SHADOW_VARIETY**2 * z1 * z1 * vv
            shady = _cost(rest, wide, bands)
            misfit[row, column] = math.sqrt(max(rest, 0.0) / (wide * bands))
            det = uu * vv - uv * uv
            if det > 1e-3 * uu * vv:
                a2 = min(max((vv * ue - uv * ve) / det, 0.0), 1.6)
                z2 = min(max((uu * ve - uv * ue) / det, 0.0), 1.1)
                if a2 > 0.08 and z2 > 0.1:
                    both = np.float32(0.0)
                    for band in range(bands):
                        left = e[band] - a2 * u[band] - z2 * v[band]
                        wide = a2 * spread[band]
                        deep = SHADOW_VARIETY * z2 * v[band]
                        both += left * left / (deviation[label, band] ** 2 + wide * wide + deep * deep)
                    both = _cost(both, 1.0, bands) + CLOUD_ON_SHADOW_COST
                    if both < cloudy:
                        cloudy = both
                        a = a2
            cost[0, row, column] = min(_cost(ee, 1.0, bands), COST_CAP)
            cost[1, row, column] = min(cloudy + CLOUD_COST, COST_CAP)
            cost[2, row, column] = min(shady, COST_CAP)
            cost[3, row, column] = ANOMALY_COST
            opacity[row, column] = a
            depth[row, column] = z
            weight[row, column] = vv
            change[row, column] = math.sqrt(ee / bands)
            size = np.float32(0.0)
            for band in range(bands):
                size += (e[band] / scale[band]) ** 2
            effect[row, column] = math.sqrt(size / bands)


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
    _explain(scene, ground, index, season, field, block, whiten, deviation, scale, *colours, cost, *planes)
    return Explained(cost, *planes)
