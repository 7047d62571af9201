"""What a scene differs from the ground by, row after row, compiled; types are those of numba.

Kept apart from `explain_kernel`, so that only these loops are compiled for every type that numbers come in.
"""

# mypy: ignore-errors

import numba
import numpy as np

from monitor.clustering.labels import NO_LABEL

NOT_THERE = -1
"""Index of a pixel that nothing can be said of."""
LEAST_CONTRAST = 0.05
"""Reflectance by which cloud outshines any ground."""

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})


@compiled
def stretched(field, block, top, bottom, width):
    """Field (bands, block rows, block columns) at every column of the block rows that rows `top` to `bottom` lie between.

    Gives (bands, n, width), and the block row of the first.
    """
    bands, rows, columns = field.shape
    first = int(min(max((top + 0.5) / block - 0.5, 0.0), rows - 1.0))
    last = int(min(max((bottom - 0.5) / block - 0.5, 0.0), rows - 1.0))
    out = np.empty((bands, min(last + 1, rows - 1) - first + 1, width), np.float32)
    for column in range(width):
        x = min(max((column + 0.5) / block - 0.5, 0.0), columns - 1.0)
        left = int(x)
        right, across = min(left + 1, columns - 1), np.float32(x - left)
        for band in range(bands):
            for row in range(out.shape[1]):
                begin = field[band, first + row, left]
                out[band, row, column] = begin + (field[band, first + row, right] - begin) * across
    return out, first


@compiled
def index_row(valid, labels, nearest, k, index):
    """The label of every pixel of a row, `k` + label where the reference is unknown; gives how many these are."""
    alone = 0
    for column in range(index.size):
        own = np.int16(labels[column])
        other = np.int16(nearest[column]) + np.int16(k) if nearest[column] != NO_LABEL else np.int16(NOT_THERE)
        label = own if labels[column] != NO_LABEL else other
        index[column] = label if valid[column] else np.int16(NOT_THERE)
        alone += index[column] >= k
    return alone


@compiled
def difference_rows(
    top, scene, scene_units, ground, ground_units, valid, labels, nearest, level, wide, first, block, field_rows, white,
    index, under, beyond, tint,
):  # fmt: skip
    """Fill `index`, the expected ground `under`, what the scene differs from it `beyond`, and `tint`, of some rows.

    `scene` and `ground` are numbers (bands, rows, columns), of which ``number * units[0] + units[1]`` is reflectance;
    `wide` is the field as `stretched` from block row `first` on. The outputs are of the flattened rows, row 0 of
    which is row `top` of the field: (pixels,), (bands, pixels). `tint` is opacity by the bands alone in which cloud is
    `white` (not 0), of the ground without its field; 0 without an answer. The others mean nothing there.
    """
    bands, rows, width = scene.shape
    k, whites = len(level), 0
    for band in range(bands):
        whites += white[band] > 0
    share, least = np.float32(1 / max(whites, 1)), np.float32(LEAST_CONTRAST)
    tint[: rows * width] = 0
    for row in range(rows):
        y = min(max((top + row + 0.5) / block - 0.5, 0.0), field_rows - 1.0)
        upper, lower, down = int(y) - first, min(int(y) + 1, field_rows - 1) - first, np.float32(y - int(y))
        line = slice(row * width, (row + 1) * width)
        place, whiteness = index[line], tint[line]
        alone = index_row(valid[row], labels[row], nearest[row], k, place)
        for band in range(bands):
            here, there, above, below = scene[band, row], ground[band, row], wide[band, upper], wide[band, lower]
            expected, rest, bright = under[band, line], beyond[band, line], white[band]
            scale, offset = scene_units[0, band], scene_units[1, band]
            unit, zero = ground_units[0, band], ground_units[1, band]
            for column in range(width):
                slow = above[column] + (below[column] - above[column]) * down
                expected[column] = np.float32(there[column]) * unit + zero + slow
                rest[column] = np.float32(here[column]) * scale + offset - expected[column]
            if alone:
                for column in range(width):
                    if place[column] >= k:
                        slow = above[column] + (below[column] - above[column]) * down
                        expected[column] = level[place[column] - k, band] + slow
                        rest[column] = np.float32(here[column]) * scale + offset - expected[column]
            if bright > 0:
                for column in range(width):
                    slow = above[column] + (below[column] - above[column]) * down
                    gain = (rest[column] + slow) / max(bright - (expected[column] - slow), least)
                    whiteness[column] += gain * share if place[column] >= 0 else np.float32(0)
