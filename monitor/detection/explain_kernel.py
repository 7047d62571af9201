"""The loop over pixels of `explain`, compiled.

See there for what it computes; types are those of numba.
"""

# mypy: ignore-errors

import math

import numba
import numpy as np

REFERENCE_BANDS = 6.0
"""Costs are scaled to this number of bands, so that four bands and eight decide alike."""
SHADOW_VARIETY = 0.10
PLAIN_SHARE = 0.3
"""Weight of that spread where opacity is fitted without regard to how bands vary together."""
CLOUD_ON_SHADOW_COST = 2.0
CLOUD_COST = 6.0
COST_CAP = 40.0
ANOMALY_COST = 14.0
"""An anomaly must be worse explained otherwise: about 3 standard deviations in every band."""


@numba.njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"}, inline="always"
)
def _cost(misfit, variance, bands):
    return REFERENCE_BANDS * math.log(1.0 + max(misfit, 0.0) / (variance * bands))


@numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})
def explain_pixels(  # noqa: C901
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
    """Fill the planes `cost` to `effect` for every pixel whose index is not negative."""
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
