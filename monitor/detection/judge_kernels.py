"""The loops over pixels that judge a look, compiled: what geometry adds, then the best explanation.

See `looks` for what they are for and `codes` for what they read; types are those of numba.
"""

# mypy: ignore-errors

import numpy as np

from monitor.detection.codes import (
    CLOUD_GAP_LOWEST,
    CLOUDED,
    CLOUDIER,
    DEPTH_LOWEST,
    DEPTH_STEP,
    FAINT,
    GAP_STEP,
    HALF_SURE,
    MISFIT,
    ODD,
    OPACITY_STEP,
    PEAK_STEP,
    SHADOW_GAP_LOWEST,
    SURE_CODES,
    WHITE,
)
from monitor.detection.look_kernels import DEEP, OPAQUE, POINT, compiled, mean_row

SHADE_TRUST = 16.0
"""Inverse variance of a predicted depth."""
SHADE_BONUS = 12.0
SHADE_CERTAIN = 0.35
"""Predicted shade from which a shadow is expected."""
TOO_DARK, MUCH_TOO_DARK = 0.42, 0.67
"""How much deeper than the shade around it a shadow may be; from the second on that shade speaks for none."""
FAR_FROM_SHADE_COST = 4.0
NEAR_SHADE = 0.1
"""Predicted shade below which no shadow is near."""


@compiled
def expect_shadow(near, wide, depth, outside, off_scene, extra):
    """Add to `extra`, the cost of a shadow, what the predicted shade says.

    `near` and `wide` are the most shade in two neighbourhoods of a pixel, `depth` the code of its own; where the cloud
    would lie outside the scene (`outside`) the cost is lowered at most by `off_scene`.
    """
    full, bonus = np.float32(1 / SHADE_CERTAIN), np.float32(SHADE_BONUS)
    far, least, most = np.float32(FAR_FROM_SHADE_COST), np.float32(NEAR_SHADE), np.float32(off_scene)
    per_depth = np.float32(1 / (MUCH_TOO_DARK - TOO_DARK))
    for row in range(extra.shape[0]):
        for column in range(extra.shape[1]):
            added = far if wide[row, column] < least else np.float32(0)
            dark = np.float32(depth[row, column]) * np.float32(DEPTH_STEP) + np.float32(DEPTH_LOWEST)
            deeper = min(dark, np.float32(1)) - wide[row, column]
            due = min(max((np.float32(MUCH_TOO_DARK) - deeper) * per_depth, np.float32(0)), np.float32(1))
            added -= bonus * due * min(max(near[row, column] * full, np.float32(0)), np.float32(1))
            extra[row, column] += min(added, most) if outside[row, column] else added


@compiled
def mean_sureness(first, trust, out):
    """Inverse variance of the depths that codes of `trust` stand for, averaged over 3 x 3 pixels.

    Row 0 of `out` is row `first` of the codes.
    """
    sureness, down = np.empty(trust.shape, np.float32), np.empty(trust.shape[1], np.float32)
    for row in range(trust.shape[0]):
        for column in range(trust.shape[1]):
            code = np.float32(trust[row, column] & np.uint8(MISFIT - 1))
            sureness[row, column] = np.float32(HALF_SURE) * code / max(np.float32(SURE_CODES) - code, np.float32(0.5))
    for row in range(out.shape[0]):
        here = first + row
        above, below = max(here - 1, 0), min(here + 1, trust.shape[0] - 1)
        mean_row(sureness[above], sureness[here], sureness[below], down, out[row])


@compiled
def gentle_rows(first, image, limit, out):
    """Where the slope of an image (Sobel, per pixel; edges mirror) is below a limit; row 0 of `out` is row `first`."""
    height, width = image.shape
    steepest = np.float32((8 * limit) ** 2)
    for row in range(out.shape[0]):
        here = first + row
        up = image[here - 1] if here else image[min(1, height - 1)]
        down = image[here + 1] if here + 1 < height else image[max(height - 2, 0)]
        middle, target = image[here], out[row]
        for column in range(width):
            left = column - 1 if column else min(1, width - 1)
            right = column + 1 if column + 1 < width else max(width - 2, 0)
            tall = down[left] + 2 * down[column] + down[right] - up[left] - 2 * up[column] - up[right]
            wide = up[right] + 2 * middle[right] + down[right] - up[left] - 2 * middle[left] - down[left]
            target[column] = tall * tall + wide * wide < steepest


@compiled
def judge_rows(shadow_gaps, cloud_gaps, bits, peak, opacity, depth, extra, taken, outside, measured, gentle, best):
    """The best explanation of some rows; sets `FAINT` in `bits`.

    `extra` is what geometry adds to the cost of shadow, `taken` the predicted shade, `outside` where it says
    nothing, `measured` the averaged inverse variance of depths, `gentle` where opacity hardly changes. A veil over a
    shadow pays for the shadow, unless it is whiter than the ground.
    """
    height, width = best.shape
    sharp = np.float32(POINT)
    for row in range(height):
        for column in range(width):
            bit = bits[row, column]
            added = extra[row, column]
            shadow_gap = np.float32(shadow_gaps[row, column]) * np.float32(GAP_STEP) + np.float32(SHADOW_GAP_LOWEST)
            cloud_gap = np.float32(cloud_gaps[row, column]) * np.float32(GAP_STEP) + np.float32(CLOUD_GAP_LOWEST)
            bright = np.float32(opacity[row, column]) * np.float32(OPACITY_STEP)
            dark = np.float32(depth[row, column]) * np.float32(DEPTH_STEP) + np.float32(DEPTH_LOWEST)
            trust = np.float32(0) if outside[row, column] else np.float32(SHADE_TRUST)
            sureness = measured[row, column]
            sure = (sureness * dark + trust * taken[row, column]) / (sureness + trust + np.float32(1e-3))
            thin = bright < np.float32(OPAQUE)
            point = thin & (np.float32(peak[row, column] & np.uint8(CLOUDED - 1)) * np.float32(PEAK_STEP) > sharp)
            clouded = ((bit & CLOUDIER) > 0) & (cloud_gap <= added)
            veiled = thin & (dark >= np.float32(DEEP)) & (not outside[row, column]) & ((bit & WHITE) == 0)
            clouded &= not (veiled & (cloud_gap + shadow_gap + added > 0))
            shaded = (not clouded) & (shadow_gap + added < 0)
            odd = (not clouded) & (not shaded) & ((bit & ODD) > 0)
            faint = (clouded & thin & (not point)) | (shaded & (sure < np.float32(DEEP)))
            faint |= ((bit & FAINT) > 0) & (not shaded) & gentle[row, column]
            kind = np.uint8(1) if clouded else np.uint8(2) if shaded else np.uint8(3) if odd else np.uint8(0)
            if faint:
                kind = np.uint8(0)
            if peak[row, column] >= CLOUDED:
                kind, faint = np.uint8(1), False
            best[row, column] = kind
            bits[row, column] = (bit | FAINT) if faint else (bit & ~FAINT)
