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
    SURE_CODES,
    SUSPECT,
    WHITE,
)
from monitor.detection.explain_kernel import ANOMALY_COST, CLOUD_COST

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})
BOXED = 7
"""Planes that are averaged: costs of clear, cloud, shadow; opacity, depth, whiteness; where there is an answer."""
MISFIT_FROM = 2.0
OPAQUE = 0.10
"""Clouds thinner than this share of the light are not called clouds."""
DEEP = 0.24
"""Shadows that take less than this share of the direct light are not called shadows."""
HAZE = 0.12
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
def mean_row(image, row, down, target):
    """Means over the 3 x 3 pixels around every pixel of one row, edges repeat; `down` (columns,) is scratch.

    The sum of every window by itself: a running sum would depend on where a strip begins.
    """
    height, width = image.shape
    share, beside = np.float32(1 / 9), min(1, width - 1)
    up, here, below = image[max(row - 1, 0)], image[row], image[min(row + 1, height - 1)]
    for column in range(width):
        down[column] = up[column] + here[column] + below[column]
    for column in range(1, width - 1):
        target[column] = (down[column - 1] + down[column] + down[column + 1]) * share
    target[0] = (down[0] + down[0] + down[beside]) * share
    target[width - 1] = (down[width - 1] + down[width - 1] + down[width - 1 - beside]) * share


@compiled
def weigh_rows(first, planes, window, shadow_gaps, cloud_gaps, bits, opacity, depth, peak, trust, change, effect):
    """Average the explained planes and write the codes; row 0 of the outputs is row `first` of the planes.

    `planes` (11, rows, columns) are those that are averaged (see `BOXED`), then the depth's inverse variance,
    its misfit, change and effect.
    """
    width = planes.shape[2]
    smooth, down = np.empty((BOXED, width), np.float32), np.empty(width, np.float32)
    margin, unseen = np.float32(FAINT_MARGIN - CLOUD_COST), np.float32(UNSEEN_SHADOW_COST)
    whiter_margin, darker_margin = np.float32(WHITER_MARGIN - CLOUD_COST), np.float32(DARKER_MARGIN)
    opaque_from, haze, deep = np.float32(OPAQUE), np.float32(HAZE), np.float32(DEEP)
    thick, half_white, price = np.float32(THICKEST_HAZE), np.float32(HALF_WHITE), np.float32(ANOMALY_COST)
    step, bright_step, peak_step = np.float32(GAP_STEP), np.float32(OPACITY_STEP), np.float32(PEAK_STEP)
    dark_step, darkest = np.float32(DEPTH_STEP), np.float32(DEPTH_LOWEST)
    low_shadow, low_cloud = np.float32(SHADOW_GAP_LOWEST), np.float32(CLOUD_GAP_LOWEST)
    zero = np.float32(0)
    for row in range(bits.shape[0]):
        source = first + row
        for plane in range(BOXED):
            if window == 1:
                smooth[plane] = planes[plane, source]
            else:
                mean_row(planes[plane], source, down, smooth[plane])
        alone, tint, there = planes[3, source], planes[5, source], planes[6, source]
        weight, misfit = planes[7, source], planes[8, source]
        bit_row, shadow_gap, cloud_gap = bits[row], shadow_gaps[row], cloud_gaps[row]
        opacity_row, depth_row, peak_row, trust_row = opacity[row], depth[row], peak[row], trust[row]
        for column in range(width):
            clear, cloud, shadow = smooth[0, column], smooth[1, column], smooth[2, column]
            bright, dark, anomaly = smooth[3, column], smooth[4, column], smooth[6, column] * price
            other = min(clear, anomaly)
            cloudier = (cloud < clear) & (cloud <= anomaly)
            hazy = (cloud + margin < other) & (bright < haze) & (dark < deep)
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
            lone = min(_code(alone[column], zero, peak_step), np.uint8(CLOUDED - 1))
            peak_row[column] = lone + np.uint8(CLOUDED) if sure_cloud else lone
        _size_codes(planes[9, source], change[row])
        _size_codes(planes[10, source], effect[row])


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
        mean_row(sizes, source, down, total)
        mean_row(shares, source, down, part)
        for column in range(width):
            mean = total[column] / max(part[column], np.float32(0.1))
            out[row, column] = mean if here[source, column] else np.float32(0)
