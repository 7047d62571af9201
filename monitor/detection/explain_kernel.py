"""The loops over pixels that explain them, compiled.

Pixels are sorted by label, some thousand at a time, so that the innermost loops run over pixels under one label's
numbers and vectorise. What is known of such a run lies in the rows of one array, `work`, whose size the compiler knows:
it can then tell that its rows do not overlap. Types are those of numba.
"""

# mypy: ignore-errors

import math

import numba
import numpy as np

REFERENCE_BANDS = 6.0
"""Costs are scaled to this number of bands, so that four bands and eight decide alike."""
PLAIN_SHARE = 0.3
"""Weight of that spread where opacity is fitted without regard to how bands vary together."""
CLOUD_ON_SHADOW_COST = 3.0
THINNEST_VEIL, LEAST_SHADE = 0.04, 0.1
"""Cloud over shaded ground is at least so opaque, and the shadow so deep: the fringe of a cloud over the shadow of
another is thinner than what is called cloud."""
CLOUD_COST = 6.0
COST_CAP = 40.0
ANOMALY_COST = 14.0
"""An anomaly must be worse explained otherwise: about 3 standard deviations in every band."""
MOST_OPAQUE, DEEPEST = 2.4, 1.0
"""Ends of fitted opacities and depths: the brightest clouds outshine the usual by that much, and a shadow takes no more
than all of the direct light."""
TILE = 4096
"""Pixels sorted at once; their numbers stay in the second-level cache."""
RUN = 256
"""Pixels of one label worked on at once; theirs stay in the first."""
LANES = 16
"""Loops go on to a multiple of so many pixels, over what nobody reads: a single pixel takes as long as a group."""
ROOT_HALF_BITS = 0x3F3504F3
"""Bits of the square root of one half: what is added to the exponent to centre the mantissa on 1."""

EE, UU, VV, UV, UE, VE = range(6)
"""Rows of `work`: products under the label's covariance: of what a pixel differs by (e), what cloud would change (u)
and what shadow would (v)."""
WE, WU, WV = range(6, 9)
"""One whitened band of each."""
OPACITY, DEPTH, PLAIN, BOTH_OPACITY, BOTH_DEPTH = range(9, 14)
"""Fitted opacity of cloud and depth of shadow, opacity by the bands as if they varied alone, and both for cloud over
shaded ground (0 where there is none)."""
CLEAR, CLOUD, PLAIN_CLOUD, SHADOW, BOTH = range(14, 19)
"""What each explanation leaves unexplained, then its cost."""
MISFIT, EFFECT, SPARE, OTHER = range(19, 23)
ROWS = 23
"""After these rows come e, u and v of every band."""

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
"""Sums are not reordered: a pixel's numbers must not depend on which others it is sorted with."""
inlined = numba.njit(inline="always")
"""Part of the function that calls it, so that the size of `work` stays known."""


@inlined
def _sorted(index, start, stop, order, first):
    """Places from `start` to `stop` in the order of their label; `first` (n + 2,) is where each label begins."""
    first[:] = 0
    for place in range(start, stop):
        if index[place] >= 0:
            first[index[place] + 2] += 1
    for label in range(2, first.size):
        first[label] += first[label - 1]
    for place in range(start, stop):
        label = index[place]
        if label >= 0:
            order[first[label + 1]] = place
            first[label + 1] += 1


@inlined
def _begin(work, begin, lanes, order, under, beyond, label, today, colours):
    """Fill e, u and v of the pixels from `begin` on in their order, and `EFFECT`, the squared size of e in features."""
    for p in range(lanes):
        work[EFFECT, p] = np.float32(0)
    for band in range(under.shape[0]):
        e, u, v = ROWS + 3 * band, ROWS + 3 * band + 1, ROWS + 3 * band + 2
        base, bright, air = today.season[label, band], colours.cloud[band], colours.air[band]
        part, unit = colours.taken[band], np.float32(1) / today.scale[band]
        expected, gap = under[band], beyond[band]
        for p in range(lanes):
            place = order[begin + p]
            work[e, p] = gap[place]
            work[u, p] = expected[place]
        # a loop for each row: one that both reads and writes several of them would not vectorise
        for p in range(lanes):
            work[e, p] -= base
        for p in range(lanes):
            work[v, p] = (air - (work[u, p] + base)) * part
        for p in range(lanes):
            work[u, p] = bright - (work[u, p] + base)
        for p in range(lanes):
            work[EFFECT, p] += (work[e, p] * unit) * (work[e, p] * unit)


@inlined
def _products(work, lanes, bands, whiten):
    """Fill the products of e, u and v, whitened by a lower triangular matrix."""
    for p in range(lanes):
        work[EE, p] = work[UV, p] = work[UE, p] = work[VE, p] = np.float32(0)
        work[UU, p] = work[VV, p] = np.float32(1e-6)
    for band in range(bands):
        for p in range(lanes):
            work[WE, p] = work[WU, p] = work[WV, p] = np.float32(0)
        for other in range(band + 1):
            weight, e = whiten[band, other], ROWS + 3 * other
            for p in range(lanes):
                work[WE, p] += weight * work[e, p]
                work[WU, p] += weight * work[e + 1, p]
                work[WV, p] += weight * work[e + 2, p]
        for p in range(lanes):
            we, wu, wv = work[WE, p], work[WU, p], work[WV, p]
            work[EE, p] += we * we
            work[UU, p] += wu * wu
            work[VV, p] += wv * wv
            work[UV, p] += wu * wv
            work[UE, p] += wu * we
            work[VE, p] += wv * we


@inlined
def _fits(work, lanes, bands, deviation, spread):
    """Fit opacities and depths; gives whether any pixel may be cloud over shaded ground."""
    zero, most, deepest = np.float32(0), np.float32(MOST_OPAQUE), np.float32(DEEPEST)
    for p in range(lanes):
        work[PLAIN, p] = zero
        work[SPARE, p] = np.float32(1e-9)
    for band in range(bands):
        weight = np.float32(1) / (deviation[band] ** 2 + np.float32(PLAIN_SHARE * spread[band]) ** 2)
        e = ROWS + 3 * band
        for p in range(lanes):
            part = weight * work[e + 1, p]
            work[PLAIN, p] += part * work[e, p]
            work[SPARE, p] += part * work[e + 1, p]
    shaded = 0
    for p in range(lanes):
        uu, vv, uv, ue, ve = work[UU, p], work[VV, p], work[UV, p], work[UE, p], work[VE, p]
        work[OPACITY, p] = ue / uu
        work[DEPTH, p] = ve / vv
        work[PLAIN, p] = min(max(work[PLAIN, p] / work[SPARE, p], zero), most)
        product, rest = uu * vv, uu * vv - uv * uv
        apart = rest > np.float32(1e-3) * product
        rest = np.float32(1) / (rest if apart else np.float32(1))
        opacity = min(max((vv * ue - uv * ve) * rest, zero), most)
        depth = min(max((uu * ve - uv * ue) * rest, zero), deepest)
        both = apart & (opacity > np.float32(THINNEST_VEIL)) & (depth > np.float32(LEAST_SHADE))
        opacity = opacity if both else zero
        work[BOTH_OPACITY, p] = opacity
        work[BOTH_DEPTH, p] = depth if both else zero
        shaded += both
    return shaded > 0


@inlined
def _leftovers(work, lanes, bands, deviation, spread, shade_variety, shaded):
    """What cloud leaves unexplained band by band, in `CLOUD`, `PLAIN_CLOUD` and `BOTH`."""
    zero, most, deep = np.float32(0), np.float32(MOST_OPAQUE), np.float32(shade_variety * shade_variety)
    for p in range(lanes):
        work[CLOUD, p] = work[PLAIN_CLOUD, p] = work[BOTH, p] = zero
    for band in range(bands):
        e, spare, wide = ROWS + 3 * band, deviation[band] ** 2, spread[band] * spread[band]
        for p in range(lanes):
            opacity, plain = min(max(work[OPACITY, p], zero), most), work[PLAIN, p]
            gap, other = work[e, p] - opacity * work[e + 1, p], work[e, p] - plain * work[e + 1, p]
            work[CLOUD, p] += gap * gap / (spare + opacity * opacity * wide)
            work[PLAIN_CLOUD, p] += other * other / (spare + plain * plain * wide)
        if shaded:
            for p in range(lanes):
                opacity, depth, down = work[BOTH_OPACITY, p], work[BOTH_DEPTH, p], work[e + 2, p]
                gap = work[e, p] - opacity * work[e + 1, p] - depth * down
                work[BOTH, p] += gap * gap / (spare + opacity * opacity * wide + deep * depth * depth * down * down)


@inlined
def _settle(work, bits, lanes, bands, variety, shade_variety, shaded):
    """Costs of the explanations, and `OPACITY` of the best kind of cloud; sizes become roots of means over bands."""
    zero, one, two = np.float32(0), np.float32(1), np.float32(2)
    most, deepest, per = np.float32(MOST_OPAQUE), np.float32(DEEPEST), one / np.float32(bands)
    share, deep = np.float32(variety * variety), np.float32(shade_variety * shade_variety)
    for p in range(lanes):
        ee, uu, vv, ue, ve = work[EE, p], work[UU, p], work[VV, p], work[UE, p], work[VE, p]
        alone, plain, opacity, other = work[CLOUD, p], work[PLAIN_CLOUD, p], work[OPACITY, p], work[PLAIN, p]
        a, z = min(max(opacity, zero), most), min(max(work[DEPTH, p], zero), deepest)
        rest = max(ee - two * a * ue + a * a * uu, zero) / (one + share * a * a * uu)
        cloudy = min(alone, rest)
        work[OPACITY, p] = other if plain < cloudy else opacity
        work[CLOUD, p] = one + min(cloudy, plain) * per
        rest = max(ee - two * z * ve + z * z * vv, zero) / (one + deep * z * z * vv) * per
        work[SHADOW, p] = one + rest
        work[MISFIT, p] = math.sqrt(rest)
        size = max(ee, zero) * per
        work[CLEAR, p] = one + size
        work[EE, p] = math.sqrt(size)
        work[EFFECT, p] = math.sqrt(work[EFFECT, p] * per)
        work[BOTH, p] = one + work[BOTH, p] * per
    _cost(work, bits, CLEAR, lanes)
    _cost(work, bits, CLOUD, lanes)
    _cost(work, bits, SHADOW, lanes)
    if shaded:
        _cost(work, bits, BOTH, lanes)
    for p in range(lanes):
        both, cloudy = work[BOTH, p] + np.float32(CLOUD_ON_SHADOW_COST), work[CLOUD, p]
        opacity, other = work[OPACITY, p], work[BOTH_OPACITY, p]
        better = (other > zero) & (both < cloudy)
        work[OPACITY, p] = other if better else opacity
        work[CLOUD, p] = (both if better else cloudy) + np.float32(CLOUD_COST)


@inlined
def _cost(work, bits, row, lanes):
    """Cost of a row of 1 + squared misfits in place: REFERENCE_BANDS * log of it, capped. `bits` is `work` as int32.

    The series of the inverse hyperbolic tangent, to about 1e-7: a library's logarithm does not vectorise.
    """
    factor, two, cap = np.float32(REFERENCE_BANDS), np.float32(math.log(2.0)), np.float32(COST_CAP)
    one, third, fifth, seventh = np.float32(1), np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7)
    for p in range(lanes):
        power = np.int32((bits[row, p] - np.int32(ROOT_HALF_BITS)) >> np.int32(23))
        bits[SPARE, p] = np.int32(bits[row, p] - (power << np.int32(23)))
        work[OTHER, p] = np.float32(power)
    for p in range(lanes):
        m = work[SPARE, p]
        s = (m - one) / (m + one)
        q = s * s
        series = np.float32(2) * s * (one + q * (third + q * (fifth + q * seventh)))
        work[row, p] = min(factor * (work[OTHER, p] * two + series), cap)


@compiled
def explain_pixels(index, under, beyond, today, colours, planes, at):
    """What is known of pixels whose `index` (pixels,) is not negative; no pixel looks at another.

    `under` and `beyond` (bands, pixels) are as `difference_rows` leaves them, `today` and `colours` as in `explain`.
    Fills from pixel `at` on the `planes` (11, pixels): costs of clear, cloud and shadow; opacity, depth; one is not
    touched; 1 where there is an answer; the depth's inverse variance and misfit; change (the root of the squared
    distance to the expected ground per band) and its effect (its size in the reference's scaled feature space, per
    band).
    """
    stop = at + index.size
    clear, cloudy, shadow, opacity = planes[0][at:stop], planes[1][at:stop], planes[2][at:stop], planes[3][at:stop]
    depth, there_is, weight, misfit = planes[4][at:stop], planes[6][at:stop], planes[7][at:stop], planes[8][at:stop]
    change, effect = planes[9][at:stop], planes[10][at:stop]
    bands = under.shape[0]
    work = np.zeros((ROWS + 3 * bands, RUN), np.float32)
    bits = work.view(np.int32)
    order, first = np.zeros(TILE + LANES, np.uint32), np.empty(len(today.season) + 2, np.int64)
    for start in range(0, index.size, TILE):
        _sorted(index, start, min(start + TILE, index.size), order, first)
        size = first[first.size - 2]
        label = begin = 0
        while begin < size:
            while first[label + 1] == begin:
                label += 1
            run = min(first[label + 1] - begin, RUN)
            lanes = min(-(-run // LANES) * LANES, RUN)
            deviation = today.deviation[label]
            _begin(work, begin, lanes, order, under, beyond, label, today, colours)
            _products(work, lanes, bands, today.whiten[label])
            shaded = _fits(work, lanes, bands, deviation, colours.spread)
            _leftovers(work, lanes, bands, deviation, colours.spread, colours.shade_variety, shaded)
            _settle(work, bits, lanes, bands, colours.variety, colours.shade_variety, shaded)
            for p in range(run):
                place = order[begin + p]
                clear[place] = work[CLEAR, p]
                cloudy[place] = min(work[CLOUD, p], np.float32(COST_CAP))
                shadow[place] = work[SHADOW, p]
                opacity[place] = work[OPACITY, p]
                depth[place] = work[DEPTH, p]
                there_is[place] = np.float32(1)
                weight[place] = work[VV, p]
                misfit[place] = work[MISFIT, p]
                change[place] = work[EE, p]
                effect[place] = work[EFFECT, p]
            begin += run
