"""The loop over pixels of `explain`, compiled.

See there for what it computes. A row is worked on in tiles whose pixels are sorted by label, so that the innermost
loops run over pixels under one label's numbers and vectorise; types are those of numba.
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
TILE = 4096
"""Pixels sorted at once; their numbers stay in the second-level cache."""
RUN = 256
"""Pixels of one label worked on at once; theirs stay in the first."""
ROOT_HALF_BITS = 0x3F3504F3
"""Bits of the square root of one half: what is added to the exponent to centre the mantissa on 1."""

FAST = {"contract", "reassoc", "nsz", "arcp"}
compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=FAST)


@compiled
def _costs(values, bits, size):
    """REFERENCE_BANDS * log(values) in place, for `size` positive values whose bit patterns are `bits`.

    The series of the inverse hyperbolic tangent, to about 1e-7: a library's logarithm does not vectorise.
    """
    factor, two = np.float32(REFERENCE_BANDS), np.float32(math.log(2.0))
    one, third, fifth, seventh = np.float32(1), np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)
    for p in range(size):
        power = np.int32((bits[p] - np.int32(ROOT_HALF_BITS)) >> np.int32(23))
        bits[p] = np.int32(bits[p] - (power << np.int32(23)))
        m = values[p]
        s = (m - one) / (m + one)
        q = s * s
        values[p] = factor * (
            np.float32(power) * two + np.float32(2) * s * (one + q * (third + q * (fifth + q * seventh)))
        )


@compiled
def _sorted(index, start, size, order, first):
    """Places in a tile in the order of their label; `first` (n + 2,) is where each label begins."""
    first[:] = 0
    for place in range(start, start + size):
        if index[place] >= 0:
            first[index[place] + 2] += 1
    for label in range(2, first.size):
        first[label] += first[label - 1]
    for place in range(start, start + size):
        label = index[place]
        if label >= 0:
            order[first[label + 1]] = place
            first[label + 1] += 1


@compiled
def explain_pixels(index, under, beyond, today, colours, planes, at):  # noqa: C901
    """What is known of pixels whose `index` (pixels,) is not negative; no pixel looks at another.

    `under` and `beyond` (bands, pixels) are as `difference_rows` leaves them, `today` and `colours` as in `explain`.
    Fills from pixel `at` on the `planes` (11, pixels): costs of clear, cloud and shadow; opacity, depth; one is not
    touched; 1 where there is an answer; the depth's inverse variance and misfit; change (the root of the squared
    distance to the expected ground per band) and its effect (its size in the reference's scaled feature space, per
    band).
    """
    stop = at + index.size
    clear, cloudy_cost, shadow, opacity = planes[0][at:stop], planes[1][at:stop], planes[2][at:stop], planes[3][at:stop]
    depth, there_is, weight, misfit = planes[4][at:stop], planes[6][at:stop], planes[7][at:stop], planes[8][at:stop]
    change, effect = planes[9][at:stop], planes[10][at:stop]
    season, whiten, deviation = today.season, today.whiten, today.deviation
    cloud, spread, variety, taken, dark = colours
    bands = under.shape[0]
    zero, one, two = np.float32(0), np.float32(1), np.float32(2)
    share = np.float32(variety * variety)
    deep = np.float32(SHADOW_VARIETY**2)
    e, u, v = (
        np.empty((bands, RUN), np.float32),
        np.empty((bands, RUN), np.float32),
        np.empty((bands, RUN), np.float32),
    )
    sums = np.empty((6, RUN), np.float32)
    tall = np.empty((5, RUN), np.float32)
    bits = tall.view(np.int32)
    fit = np.empty((6, RUN), np.float32)
    sizes = np.empty(RUN, np.float32)
    order, first = np.empty(TILE, np.int64), np.empty(len(season) + 2, np.int64)
    for start in range(0, index.size, TILE):
        _sorted(index, start, min(TILE, index.size - start), order, first)
        label = 0
        begin = 0
        while begin < first[first.size - 2]:
            while first[label + 1] == begin:
                label += 1
            run = min(first[label + 1] - begin, RUN)
            sums[:, :run] = zero
            sizes[:run] = zero
            for band in range(bands):
                base, bright, air, part = season[label, band], cloud[band], dark[band], taken[band]
                unit = one / today.scale[band]
                for p in range(run):
                    place = order[begin + p]
                    u[band, p] = under[band, place]
                    e[band, p] = beyond[band, place]
                for p in range(run):
                    expected = u[band, p] + base
                    e[band, p] -= base
                    u[band, p] = bright - expected
                    v[band, p] = (air - expected) * part
                    sizes[p] += (e[band, p] * unit) ** 2
            for band in range(bands):
                tall[:3, :run] = zero
                for other in range(band + 1):
                    w = whiten[label, band, other]
                    for p in range(run):
                        tall[0, p] += w * e[other, p]
                        tall[1, p] += w * u[other, p]
                        tall[2, p] += w * v[other, p]
                for p in range(run):
                    we, wu, wv = tall[0, p], tall[1, p], tall[2, p]
                    sums[0, p] += we * we
                    sums[1, p] += wu * wu
                    sums[2, p] += wv * wv
                    sums[3, p] += wu * wv
                    sums[4, p] += wu * we
                    sums[5, p] += wv * we
            for p in range(run):
                uu, vv = sums[1, p] + np.float32(1e-6), sums[2, p] + np.float32(1e-6)
                sums[1, p], sums[2, p] = uu, vv
                fit[0, p] = sums[4, p] / uu
                fit[1, p] = sums[5, p] / vv
                fit[2, p] = fit[3, p] = zero
                fit[4, p] = fit[5, p] = zero
                tall[:, p] = zero
            for band in range(bands):
                w = one / (deviation[label, band] ** 2 + np.float32(PLAIN_SHARE * spread[band]) ** 2)
                for p in range(run):
                    wu = w * u[band, p]
                    fit[2, p] += wu * e[band, p]
                    fit[3, p] += wu * u[band, p]
            for p in range(run):
                uu, vv, uv, ue, ve = sums[1, p], sums[2, p], sums[3, p], sums[4, p], sums[5, p]
                fit[2, p] = min(max(fit[2, p] / (fit[3, p] + np.float32(1e-9)), zero), np.float32(1.6))
                det = uu * vv - uv * uv
                apart = det > np.float32(1e-3) * uu * vv
                det = det if apart else one
                a2 = min(max((vv * ue - uv * ve) / det, zero), np.float32(1.6))
                z2 = min(max((uu * ve - uv * ue) / det, zero), np.float32(1.1))
                both = apart and a2 > np.float32(0.08) and z2 > np.float32(0.1)
                fit[4, p] = a2 if both else zero
                fit[5, p] = z2 if both else zero
            shaded = False
            for p in range(run):
                shaded |= fit[4, p] > zero
            for band in range(bands):
                var, wide = deviation[label, band] ** 2, spread[band] * spread[band]
                for p in range(run):
                    a1, a3 = min(max(fit[0, p], zero), np.float32(1.6)), fit[2, p]
                    here, up = e[band, p], u[band, p]
                    gap = here - a1 * up
                    tall[1, p] += gap * gap / (var + a1 * a1 * wide)
                    gap = here - a3 * up
                    tall[2, p] += gap * gap / (var + a3 * a3 * wide)
                if shaded:
                    for p in range(run):
                        a2, z2 = fit[4, p], fit[5, p]
                        here, up, down = e[band, p], u[band, p], v[band, p]
                        gap = here - a2 * up - z2 * down
                        tall[4, p] += gap * gap / (var + a2 * a2 * wide + deep * z2 * z2 * down * down)
            per = one / np.float32(bands)
            for p in range(run):
                ee, uu, vv, ue, ve = sums[0, p], sums[1, p], sums[2, p], sums[4, p], sums[5, p]
                a1 = min(max(fit[0, p], zero), np.float32(1.6))
                z1 = min(max(fit[1, p], zero), np.float32(1.1))
                rest = max(ee - two * a1 * ue + a1 * a1 * uu, zero) / (one + share * a1 * a1 * uu)
                cloudy = min(tall[1, p], rest)
                fit[0, p] = fit[2, p] if tall[2, p] < cloudy else fit[0, p]
                tall[1, p] = one + min(cloudy, tall[2, p]) * per
                rest = max(ee - two * z1 * ve + z1 * z1 * vv, zero) / (one + deep * z1 * z1 * vv) * per
                tall[2, p] = one + rest
                tall[3, p] = math.sqrt(rest)
                tall[0, p] = one + max(ee, zero) * per
                tall[4, p] = one + tall[4, p] * per
            _costs(tall[0], bits[0], run)
            _costs(tall[1], bits[1], run)
            _costs(tall[2], bits[2], run)
            if shaded:
                _costs(tall[4], bits[4], run)
            cap = np.float32(COST_CAP)
            for p in range(run):
                both, cloudy = tall[4, p] + np.float32(CLOUD_ON_SHADOW_COST), tall[1, p]
                shaded = (fit[4, p] > zero) & (both < cloudy)
                fit[0, p] = fit[4, p] if shaded else fit[0, p]
                tall[1, p] = min((both if shaded else cloudy) + np.float32(CLOUD_COST), cap)
                tall[0, p] = min(tall[0, p], cap)
                tall[2, p] = min(tall[2, p], cap)
                sums[0, p] = math.sqrt(max(sums[0, p], zero) * per)
                sizes[p] = math.sqrt(sizes[p] * per)
            for p in range(run):
                place = order[begin + p]
                clear[place] = tall[0, p]
                cloudy_cost[place] = tall[1, p]
                shadow[place] = tall[2, p]
                opacity[place] = fit[0, p]
                depth[place] = fit[1, p]
                there_is[place] = one
                weight[place] = sums[2, p]
                misfit[place] = tall[3, p]
                change[place] = sums[0, p]
                effect[place] = sizes[p]
            begin += run
