"""Sums over objects in one pass over a strip, compiled; types are those of numba.

Sums are whole numbers of `UNIT`: exact, so that they do not depend on the order in which strips are added.
"""

# mypy: ignore-errors

import math

import numba
import numpy as np

UNIT = 2.0**-20
"""About a millionth, of reflectance as of standard deviations."""
PER_UNIT = 2.0**20

compiled = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz", "arcp"})


@compiled
def inside_sums(
    first,
    starts,
    stops,
    numbers,
    planes,
    scene,
    ground,
    then,
    now,
    features,
    centroids,
    units,
    tops,
    sums,
    spectra,
    modes,
):
    """Fill sums of every object over its own pixels, given as runs of the flattened raster (see `Objects`).

    Rasters begin at row `first`. `planes` (n, rows, columns) are averaged as they are, `tops` takes the largest of the
    last one; `scene` and `ground` fill `spectra` (2, count + 1, bands); `then` and `now` are the label maps of
    reference and scene, counted in `modes` (2, count + 1, labels + 1), no label last. After those of the planes, `sums`
    (count + 1, n + 2) holds residual and novelty: the distance to the centroid of a label in feature space (`features`
    (2, bands): center and scale) over its unit.
    """
    width = then.shape[1]
    bands, count, last = scene.shape[0], len(planes), modes.shape[2] - 1
    for run in range(starts.size):
        number, row, left = numbers[run], starts[run] // width - first, starts[run] % width
        for column in range(left, left + stops[run] - starts[run]):
            for n in range(count):
                sums[number, n] += np.int64(planes[n][row, column] * PER_UNIT)
            tops[number] = max(tops[number], planes[count - 1][row, column])
            before, after = then[row, column], now[row, column]
            modes[0, number, min(before, last)] += 1
            modes[1, number, min(after, last)] += 1
            residual = novelty = np.float32(0)
            for band in range(bands):
                value = scene[band, row, column]
                spectra[0, number, band] += np.int64(value * PER_UNIT)
                spectra[1, number, band] += np.int64(ground[band, row, column] * PER_UNIT)
                value = (value - features[0, band]) * features[1, band]
                if before != 255:
                    residual += (value - centroids[before, band]) ** 2
                if after != 255:
                    novelty += (value - centroids[after, band]) ** 2
            if before != 255:
                sums[number, count] += np.int64(math.sqrt(residual) / units[0, before] * PER_UNIT)
            if after != 255:
                sums[number, count + 1] += np.int64(math.sqrt(novelty) / units[1, after] * PER_UNIT)


@compiled
def edge_sums(first, labels, opacity, appeared, before, faint, edges, rings):
    """Fill sums along the edges of every object, in the rows of `appeared`, `before` and `faint`.

    `labels` and `opacity` have more rows around them, `first` of them above.
    `edges` (count + 1, 2): slope of opacity over the pixels that touch what is no object, and their number.
    `rings` (count + 1, 4): `appeared`, `before` and `faint` over those and the pixels around the object, and their
    number; a pixel beside two objects counts for the one of the higher number. `faint` and numbers are counts.
    """
    height, width = labels.shape
    tallest, shortest = np.empty(width, np.int32), np.empty(width, np.int32)
    for row in range(first, first + appeared.shape[0]):
        up, down = max(row - 1, 0), min(row + 1, height - 1)
        for column in range(width):
            one, two, three = labels[up, column], labels[row, column], labels[down, column]
            tallest[column] = max(max(one, two), three)
            shortest[column] = min(min(one, two), three)
        if not tallest.any():
            continue
        for column in range(width):
            left, right = max(column - 1, 0), min(column + 1, width - 1)
            highest = max(max(tallest[left], tallest[column]), tallest[right])
            lowest = min(min(shortest[left], shortest[column]), shortest[right])
            if highest == 0:
                continue
            if lowest > 0 and down - up == 2 and right - left == 2:
                continue
            rings[highest, 0] += np.int64(appeared[row - first, column] * PER_UNIT)
            rings[highest, 1] += np.int64(before[row - first, column] * PER_UNIT)
            rings[highest, 2] += faint[row - first, column]
            rings[highest, 3] += 1
            number = labels[row, column]
            if number:
                y0, y1 = (row - 1 if row else 1), (row + 1 if row + 1 < height else height - 2)
                x0, x1 = (column - 1 if column else 1), (column + 1 if column + 1 < width else width - 2)
                y0, y1, x0, x1 = max(y0, 0), max(y1, 0), max(x0, 0), max(x1, 0)
                if y0 >= height:
                    y0 = height - 1
                if x0 >= width:
                    x0 = width - 1
                tall = opacity[y1, x0] + 2 * opacity[y1, column] + opacity[y1, x1]
                tall -= opacity[y0, x0] + 2 * opacity[y0, column] + opacity[y0, x1]
                wide = opacity[y0, x1] + 2 * opacity[row, x1] + opacity[y1, x1]
                wide -= opacity[y0, x0] + 2 * opacity[row, x0] + opacity[y1, x0]
                edges[number, 0] += np.int64(math.sqrt(tall * tall + wide * wide) * (PER_UNIT / 8))
                edges[number, 1] += 1
