"""The loops over pixels of a look, compiled: averages of what was explained, and how strong it is.

See `looks` for what they are for and `codes` for what they write; types are those of numba.
"""

# mypy: ignore-errors

import math

import numba
import numpy as np

from monitor.detection.codes import (
    CLOUD_GAP_LOWEST,
    CLOUDED,
    CLOUDIER,
    DARK,
    DEPTH_LOWEST,
    DEPTH_STEP,
    FAINT,
    GAP_STEP,
    HALF_SURE,
    MISFIT,
    ODD,
    OPACITY_STEP,
    PALE,
    PEAK_STEP,
    SHADOW_GAP_LOWEST,
    SIZE_LOWEST_BITS,
    SNOW,
    SURE_CODES,
    SUSPECT,
    WHITE,
)
from monitor.detection.difference import difference_rows, snow_row, stretched
from monitor.detection.explain_kernel import ANOMALY_COST, CLOUD_COST, TILE, explain_pixels

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
PLANES, TINT = 11, 5
"""Planes of what is explained, and which of them is opacity by the bands of the visible alone."""
BOXED = 7
"""Planes that are averaged: costs of clear, cloud, shadow; opacity, depth, whiteness; where there is an answer."""
MISFIT_FROM = 2.0
OPAQUE = 0.10
"""Clouds thinner than this share of the light are not called clouds."""
DEEP = 0.24
"""Shadows that take less than this share of the direct light are not called shadows."""
HAZE = 0.12
POINT = 0.18
"""Haze is smooth: a pixel that alone is more opaque than this is not hazy, however clear its neighbours are."""
FAINT_MARGIN = 2.0
"""Change below the opacity of haze that haze explains better by this much is no change of the ground."""
UNSEEN_SHADOW_COST = 8.0
"""Price of a shadow where no cloud is known to throw one."""
DARKER_MARGIN = 1.5
"""Ground that a shadow explains better by this much is not learnt from, whether or not a cloud is seen."""
WHITER_MARGIN = 3.0
THICKEST_HAZE = 0.08
"""Opacity up to which slow brightening is haze; more is cloud."""
HALF_WHITE = 0.05
"""Clouds brighten the visible by at least this opacity; what only changes beyond it is vegetation."""


@compiled
def _code(value, lowest, step):
    """The byte of a value in equal steps."""
    return np.uint8(
        min(max((value - lowest) * (np.float32(1) / step) + np.float32(0.5), np.float32(0)), np.float32(255))
    )


@compiled
def _size_codes(values, codes):
    """The bytes of sizes of change, (columns,): exponent and the first bits of the mantissa, rounded."""
    bits = values.view(np.int32)
    for column in range(codes.size):
        code = ((bits[column] + np.int32(1 << 18)) >> np.int32(19)) - np.int32(SIZE_LOWEST_BITS)
        codes[column] = np.uint8(min(max(code, np.int32(0)), np.int32(255)))


@compiled
def mean_row(up, here, below, down, target):
    """Means over the 3 x 3 pixels around every pixel of a row, given with its neighbours; edges repeat.

    The sum of every window by itself: a running sum would depend on where a strip begins. `down` (columns,) is scratch.
    """
    width = here.size
    share, beside = np.float32(1 / 9), min(1, width - 1)
    for column in range(width):
        down[column] = up[column] + here[column] + below[column]
    for column in range(1, width - 1):
        target[column] = (down[column - 1] + down[column] + down[column + 1]) * share
    target[0] = (down[0] + down[0] + down[beside]) * share
    target[width - 1] = (down[width - 1] + down[width - 1] + down[width - 1 - beside]) * share


@compiled
def look_rows(start, stop, beside, today, top, white, colours, green, swir, window, outputs):
    """Explain rows and weigh rows `start` to `stop` of them; row 0 of `outputs` is row `start`.

    Gives how many pixels of these rows have an answer, and how many surely are cloud.
    Row 0 of `beside` is row `top` of the scene; `green` and `swir` are the numbers of the bands that tell snow, or
    negative; `outputs` (rows, columns) are gaps of shadow and cloud, bits, opacity, depth, peak, trust, change, effect.
    A few rows at a time are explained into a ring of planes, so that their numbers stay in the cache.
    """
    bands, (rows, width) = len(beside.scene.numbers), beside.valid.shape
    step = max(TILE // width, 1)
    slots = 2 * step if step > 1 else 3
    planes = np.zeros((PLANES, slots * width), np.float32)
    smooth, down = np.empty((BOXED, width), np.float32), np.empty(width, np.float32)
    index = np.empty(step * width, np.int16)
    under, beyond = np.empty((bands, index.size), np.float32), np.empty((bands, index.size), np.float32)
    wide, first = stretched(today.field, today.block, top, top + rows, width)
    bits, row, answered, clouded = outputs[2], start, 0, 0
    for begin in range(0, rows, step):
        end = min(begin + step, rows)
        size, at = (end - begin) * width, begin % slots * width
        tint = planes[TINT][at : at + size]
        answers = difference_rows(beside, begin, end, today, wide, first, top, white, index, under, beyond, tint)
        if answers < size:
            for plane in range(PLANES):
                if plane != TINT:
                    planes[plane][at : at + size] = np.float32(0)
        if answers:
            explain_pixels(index[:size], under, beyond, today, colours, planes, at)
        while row < stop and (row + 1 < end or end == rows):
            above, here, below = max(row - 1, 0) % slots, row % slots, min(row + 1, rows - 1) % slots
            for plane in range(BOXED):
                ring = planes[plane].reshape(slots, width)
                if window == 1:
                    smooth[plane] = ring[here]
                else:
                    mean_row(ring[above], ring[here], ring[below], down, smooth[plane])
            if green >= 0 and swir >= 0:
                snow_row(beside, row, green, swir, colours.air, bits[row - start])
            more = weigh_row(smooth, planes, here * width, row - start, outputs)
            answered, clouded, row = answered + more[0], clouded + more[1], row + 1
    return answered, clouded


@compiled
def weigh_row(smooth, planes, at, row, outputs):
    """Write the codes of a row, whose `planes` begin `at` a pixel; `smooth` (boxed, columns) are their means.

    Gives how many pixels have an answer, and how many surely are cloud.
    """
    width = smooth.shape[1]
    margin, unseen = np.float32(FAINT_MARGIN - CLOUD_COST), np.float32(UNSEEN_SHADOW_COST)
    whiter_margin, darker_margin = np.float32(WHITER_MARGIN - CLOUD_COST), np.float32(DARKER_MARGIN)
    opaque_from, haze, sharp, deep = np.float32(OPAQUE), np.float32(HAZE), np.float32(POINT), np.float32(DEEP)
    thick, half_white, price = np.float32(THICKEST_HAZE), np.float32(HALF_WHITE), np.float32(ANOMALY_COST)
    step, bright_step, peak_step = np.float32(GAP_STEP), np.float32(OPACITY_STEP), np.float32(PEAK_STEP)
    dark_step, darkest = np.float32(DEPTH_STEP), np.float32(DEPTH_LOWEST)
    low_shadow, low_cloud = np.float32(SHADOW_GAP_LOWEST), np.float32(CLOUD_GAP_LOWEST)
    zero, end, answered, clouded = np.float32(0), at + width, 0, 0
    alone, tint, there = planes[3][at:end], planes[TINT][at:end], planes[6][at:end]
    weight, misfit = planes[7][at:end], planes[8][at:end]
    shadow_gaps, cloud_gaps, bits, opacity, depth, peak, trust, change, effect = outputs
    bit_row, shadow_gap, cloud_gap = bits[row], shadow_gaps[row], cloud_gaps[row]
    opacity_row, depth_row, peak_row, trust_row = opacity[row], depth[row], peak[row], trust[row]
    for column in range(width):
        clear, cloud, shadow = smooth[0, column], smooth[1, column], smooth[2, column]
        bright, dark, anomaly = smooth[3, column], smooth[4, column], smooth[6, column] * price
        other = min(clear, anomaly)
        cloudier = (cloud < clear) & (cloud <= anomaly)
        hazy = (cloud + margin < other) & (bright < haze) & (alone[column] < sharp) & (dark < deep)
        suspect = (shadow + darker_margin < clear) | ((cloud + whiter_margin < clear) & (bright > thick))
        bit_row[column] = (
            bit_row[column]
            | (smooth[5, column] < half_white) * PALE
            | (tint[column] > opaque_from) * WHITE
            | (tint[column] < zero) * DARK
            | suspect * SUSPECT
            | hazy * FAINT
            | cloudier * CLOUDIER
            | (anomaly < clear) * ODD
        )
        shadow_gap[column] = _code(shadow - other, low_shadow, step)
        cloud_gap[column] = _code(cloud - shadow, low_cloud, step)
        opacity_row[column] = _code(bright, zero, bright_step)
        depth_row[column] = _code(dark, darkest, dark_step)
        sure = weight[column] / (weight[column] + np.float32(HALF_SURE))
        code = np.uint8(sure * np.float32(SURE_CODES) + np.float32(0.5))
        trust_row[column] = code if misfit[column] < np.float32(MISFIT_FROM) else code + np.uint8(MISFIT)
        sure_cloud = (cloud < min(other, shadow + unseen)) & (bright > opaque_from) & (there[column] > zero)
        sure_cloud &= (bit_row[column] & SNOW) == 0
        lone = min(_code(alone[column], zero, peak_step), np.uint8(CLOUDED - 1))
        peak_row[column] = lone + np.uint8(CLOUDED) if sure_cloud else lone
        clouded += sure_cloud
        answered += there[column] > zero
    _size_codes(planes[9][at:end], change[row])
    _size_codes(planes[10][at:end], effect[row])
    return answered, clouded


@compiled
def strength_rows(first, change, effect, here, window, out):
    """Root of the product of the sizes that two planes of codes stand for, averaged over open ground (`here`).

    Means over `window` x `window` pixels (3 or 1), 0 where the middle is not open; row 0 of `out` is row `first` of
    the planes.
    """
    height, width = here.shape
    rows = min(height, out.shape[0] + first + 1)
    sizes, shares = np.zeros((rows, width), np.float32), np.zeros((rows, width), np.float32)
    one, other = np.empty(width, np.int32), np.empty(width, np.int32)
    one_size, other_size = one.view(np.float32), other.view(np.float32)
    for row in range(max(first - 1, 0), rows):
        for column in range(width):
            one[column] = (np.int32(change[row, column]) + np.int32(SIZE_LOWEST_BITS)) << np.int32(19)
            other[column] = (np.int32(effect[row, column]) + np.int32(SIZE_LOWEST_BITS)) << np.int32(19)
        for column in range(width):
            share = np.float32(here[row, column])
            shares[row, column] = share
            sizes[row, column] = share * math.sqrt(one_size[column] * other_size[column])
    total, part, down = np.empty(width, np.float32), np.empty(width, np.float32), np.empty(width, np.float32)
    for row in range(out.shape[0]):
        source = first + row
        if window == 1:
            out[row] = sizes[source]
            continue
        above, below = max(source - 1, 0), min(source + 1, height - 1)
        mean_row(sizes[above], sizes[source], sizes[below], down, total)
        mean_row(shares[above], shares[source], shares[below], down, part)
        for column in range(width):
            mean = total[column] / max(part[column], np.float32(0.1))
            out[row, column] = mean if here[source, column] else np.float32(0)
