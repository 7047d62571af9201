"""What a scene differs from the ground by, row after row, compiled; types are those of numba.

Kept apart from `explain_kernel`, so that only these loops are compiled for every type that numbers come in.
"""

# mypy: ignore-errors

import numba
import numpy as np

from monitor.clustering.labels import NO_LABEL
from monitor.detection.codes import SNOW

NOT_THERE = -1
"""Index of a pixel that nothing can be said of."""
LEAST_CONTRAST = 0.05
"""Reflectance by which cloud must outshine ground for its whiteness to say anything, ..."""
OUTSHONE = 0.2
"""... and the whiteness that is taken for granted where it does not: over snow and white roofs."""
SNOW_INDEX = 0.40
SNOW_GREEN = 0.10
"""Least index and reflectance of snow, as for MODIS (Hall et al. 1995, doi:10.1016/0034-4257(95)00137-P)."""
SNOW_SWIR = 0.25
"""Snow is darker than this in the short-wave infrared, where clouds of ice need not be."""

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")


@compiled
def stretched(field, block, top, bottom, width):
    """Field (bands, block rows, block columns) at every column, of the block rows about rows `top` to `bottom`.

    Gives (bands, n, width), and the number of the first of these block rows.
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
    """The label of every pixel of a row, `k` + label where the reference is unknown.

    Gives how many pixels have one, and how many of the latter kind.
    """
    alone, known = 0, 0
    for column in range(index.size):
        own = np.int16(labels[column])
        other = np.int16(nearest[column]) + np.int16(k) if nearest[column] != NO_LABEL else np.int16(NOT_THERE)
        label = own if labels[column] != NO_LABEL else other
        index[column] = label if valid[column] else np.int16(NOT_THERE)
        alone += index[column] >= k
        known += index[column] >= 0
    return known, alone


@compiled
def difference_rows(beside, start, stop, today, wide, first, top, white, index, under, beyond, tint):  # noqa: C901
    """Lay rows `start` to `stop` of scene and ground beside each other; gives how many pixels have an answer.

    Fills `index` (the label; `k` + label where the reference is unknown), the expected ground `under`, what the scene
    differs from it `beyond`, and `tint`: opacity by the bands alone in which cloud is `white` (not 0), of the ground
    without its field. They are of the flattened rows, (pixels,) or (bands, pixels); without an answer `tint` is 0 and
    the others mean nothing. `wide` is the field as `stretched` from block row `first` on, row 0 is row `top` of it.
    """
    scene, ground, width = beside.scene, beside.ground, beside.valid.shape[1]
    bands = len(scene.numbers)
    k, whites, answers, field_rows = len(beside.level), 0, 0, today.field.shape[1]
    for band in range(bands):
        whites += white[band] > 0
    share, least, granted = np.float32(1 / max(whites, 1)), np.float32(LEAST_CONTRAST), np.float32(OUTSHONE)
    tint[: (stop - start) * width] = 0
    for row in range(start, stop):
        y = min(max((top + row + 0.5) / today.block - 0.5, 0.0), field_rows - 1.0)
        upper, lower, down = int(y) - first, min(int(y) + 1, field_rows - 1) - first, np.float32(y - int(y))
        line = slice((row - start) * width, (row - start + 1) * width)
        place, whiteness = index[line], tint[line]
        known, alone = index_row(beside.valid[row], beside.labels[row], beside.nearest[row], k, place)
        answers += known
        if known == 0:
            continue
        for band in range(bands):
            here, there = scene.numbers[band, scene.first + row], ground.numbers[band, ground.first + row]
            above, below = wide[band, upper], wide[band, lower]
            expected, rest, bright = under[band, line], beyond[band, line], white[band]
            scale, offset, unit, zero = scene.scale[band], scene.offset[band], ground.scale[band], ground.offset[band]
            for column in range(width):
                slow = above[column] + (below[column] - above[column]) * down
                expected[column] = np.float32(there[column]) * unit + zero + slow
                rest[column] = np.float32(here[column]) * scale + offset - expected[column]
            if alone:
                for column in range(width):
                    if place[column] >= k:
                        slow = above[column] + (below[column] - above[column]) * down
                        expected[column] = beside.level[place[column] - k, band] + slow
                        rest[column] = np.float32(here[column]) * scale + offset - expected[column]
            if bright > 0:
                for column in range(width):
                    slow = above[column] + (below[column] - above[column]) * down
                    contrast = bright - (expected[column] - slow)
                    gain = (rest[column] + slow) / contrast if contrast > least else granted
                    whiteness[column] += gain * share if place[column] >= 0 else np.float32(0)
    return answers


@compiled
def snow_row(beside, row, green, swir, air, out):
    """Where a row shows snow by its index; bands by number.

    By that of the surface, without the light of the `air` (bands,), and by that of what has been added to the ground:
    thin cloud over dark ground would be snow by either alone.
    """
    scene, ground, labels = beside.scene, beside.ground, beside.labels[row]
    one, other = scene.numbers[green, scene.first + row], scene.numbers[swir, scene.first + row]
    scale, offset, unit, zero = scene.scale[green], scene.offset[green], scene.scale[swir], scene.offset[swir]
    before, under = ground.numbers[green, ground.first + row], ground.numbers[swir, ground.first + row]
    before_scale, before_offset = ground.scale[green], ground.offset[green]
    under_scale, under_offset = ground.scale[swir], ground.offset[swir]
    index, least, most = np.float32(SNOW_INDEX), np.float32(SNOW_GREEN), np.float32(SNOW_SWIR)
    for column in range(out.size):
        bright, dark = np.float32(one[column]) * scale + offset, np.float32(other[column]) * unit + zero
        more = bright - (np.float32(before[column]) * before_scale + before_offset)
        swir_more = dark - (np.float32(under[column]) * under_scale + under_offset)
        added = (more - swir_more > index * (more + swir_more)) | (labels[column] == NO_LABEL)
        bright, dark = bright - air[green], dark - air[swir]
        covered = added & (bright > least) & (dark < most) & (bright - dark > index * (bright + dark))
        out[column] = covered * np.uint8(SNOW)
