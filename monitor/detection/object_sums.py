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

compiled = numba.njit(cache=True, nogil=True, error_model="numpy")
"""No fast arithmetic: a pixel's numbers would depend on where arrays happen to lie in memory."""


@compiled
def _pick(image, row, column, out):
    """Reflectance of a pixel, (bands,), of a slab; rounded as by `Stack.rows`."""
    numbers, first, scale, offset = image
    for band in range(out.size):
        out[band] = np.float32(numbers[band, first + row, column]) * scale[band] + offset[band]


@compiled
def inside_sums(
    first,
    starts,
    stops,
    numbers,
    borders,
    coded,
    tables,
    power,
    scene,
    ground,
    level,
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

    Rasters begin at row `first`. Averaged as they are: the excess of `borders` (ranks here and nearby, strength by
    rank), what `coded` rasters stand for by `tables` (n, 256), and `power`, of which `tops` takes the largest. `scene`
    and `ground` (slabs), the latter by `level` (labels, bands) where the reference is unknown, fill `spectra`
    (2, count + 1, bands); `then` and `now` are the label maps of reference and scene, counted in `modes`
    (2, count + 1, labels + 1), no label last. After those of the planes, `sums` (count + 1, n + 4) holds residual and
    novelty: the distance to the centroid of a label in feature space (`features` (2, bands): center and scale) over its
    unit.
    """
    width = then.shape[1]
    here, nearby, strengths = borders
    bands, count, last = features.shape[1], len(coded) + 2, modes.shape[2] - 1
    sight, below = np.empty(bands, np.float32), np.empty(bands, np.float32)
    for run in range(starts.size):
        number, row, left = numbers[run], starts[run] // width - first, starts[run] % width
        for column in range(left, left + stops[run] - starts[run]):
            excess = strengths[here[row, column]] - strengths[nearby[row, column]]
            sums[number, 0] += np.int64(max(excess, np.float32(0)) * PER_UNIT)
            for n in range(len(coded)):
                sums[number, n + 1] += np.int64(tables[n, coded[n][row, column]] * PER_UNIT)
            sums[number, count - 1] += np.int64(power[row, column] * PER_UNIT)
            tops[number] = max(tops[number], power[row, column])
            before, after = then[row, column], now[row, column]
            modes[0, number, min(before, last)] += 1
            modes[1, number, min(after, last)] += 1
            residual = novelty = np.float32(0)
            _pick(scene, row, column, sight)
            _pick(ground, row, column, below)
            for band in range(bands):
                value = sight[band]
                spectra[0, number, band] += np.int64(value * PER_UNIT)
                was = below[band] if before != 255 else level[after, band]
                spectra[1, number, band] += np.int64(was * PER_UNIT)
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
def edge_sums(first, ends, starts, stops, numbers, opacity, table, borders, bits, faint, beside, edges, rings):
    """Fill sums along the edges of every object, in the rows of `bits`, from the runs of these and the rows around.

    `opacity`, codes that `table` reads, has more rows around them, `first` of them above; the runs of its row n are
    ``ends[n]`` to ``ends[n + 1]``, columns are ``starts`` to ``stops``. `borders` are ranks of the scene's borders and
    of those of the reference nearby, and strength by rank; `faint` is a bit of `bits`. Where there are others `beside`,
    slopes and borders are theirs and do not count.
    `edges` (count + 1, 2): slope of opacity over the pixels that touch what is no object, and their number.
    `rings` (count + 1, 5): appeared borders, those of before, and their number, over those pixels and the ones around
    the object; faint pixels and the number of all; a pixel beside two objects counts for the one of the higher number.
    """
    height, width = opacity.shape
    here, nearby, strengths = borders
    lines = np.zeros((3, width), np.int32)
    _paint(lines, first, ends, starts, stops, numbers)
    _paint(lines, first - 1, ends, starts, stops, numbers)
    for row in range(first, first + bits.shape[0]):
        _paint(lines, row + 1, ends, starts, stops, numbers)
        mine = lines[row % 3]
        after = ends[max(row - 1, 0) : row + 3]
        runs, reached = after.copy(), 0
        while True:
            line, start = _next(runs, after, starts, width)
            if start == width:
                break
            stop = min(stops[runs[line]] + 1, width)
            runs[line] += 1
            for column in range(max(start - 1, reached), stop):
                highest, is_inner = _around(lines, column)
                if is_inner and 0 < row < height - 1:
                    continue
                at, number = row - first, mine[column]
                rings[highest, 3] += (bits[at, column] & faint) > 0
                rings[highest, 4] += 1
                if beside[at, column]:
                    continue
                past = strengths[nearby[at, column]]
                excess = max(strengths[here[at, column]] - past, np.float32(0))
                rings[highest, 0] += np.int64(excess * PER_UNIT)
                rings[highest, 1] += np.int64(past * PER_UNIT)
                rings[highest, 2] += 1
                if number:
                    edges[number, 0] += np.int64(_slope(opacity, table, row, column) * (PER_UNIT / 8))
                    edges[number, 1] += 1
            reached = max(reached, stop)


@compiled
def _next(runs, after, starts, width):
    """Which of some rows, of which `runs` are next and ``after[1:]`` past the last, goes on first, and where."""
    found, start = 0, width
    for line in range(runs.size - 1):
        if runs[line] < after[line + 1] and starts[runs[line]] < start:
            found, start = line, starts[runs[line]]
    return found, start


@compiled
def _around(lines, column):
    """The highest number in three rows within a column of one, and whether there is one everywhere."""
    left, right = max(column - 1, 0), min(column + 1, lines.shape[1] - 1)
    highest = lowest = lines[0, column]
    for line in range(3):
        for beside in (left, column, right):
            highest, lowest = max(highest, lines[line, beside]), min(lowest, lines[line, beside])
    return highest, lowest > 0 and right - left == 2


@compiled
def _paint(lines, row, ends, starts, stops, numbers):
    """Let one of three lines hold a row of object numbers instead of that three rows above; 0 beyond the raster."""
    line = lines[row % 3]
    if 3 <= row < ends.size + 2:
        for run in range(ends[row - 3], ends[row - 2]):
            line[starts[run] : stops[run]] = 0
    if 0 <= row < ends.size - 1:
        for run in range(ends[row], ends[row + 1]):
            line[starts[run] : stops[run]] = numbers[run]


@compiled
def _slope(codes, table, row, column):
    """Eight times the slope (Sobel) at one pixel of a raster of codes, mirrored at its edges."""
    height, width = codes.shape
    y0, y1 = (row - 1 if row else 1), (row + 1 if row + 1 < height else height - 2)
    x0, x1 = (column - 1 if column else 1), (column + 1 if column + 1 < width else width - 2)
    y0, y1, x0, x1 = min(y0, height - 1), max(y1, 0), min(x0, width - 1), max(x1, 0)
    upper = table[codes[y0, x0]], table[codes[y0, column]], table[codes[y0, x1]]
    lower = table[codes[y1, x0]], table[codes[y1, column]], table[codes[y1, x1]]
    left, right = table[codes[row, x0]], table[codes[row, x1]]
    tall = lower[0] + 2 * lower[1] + lower[2]
    tall -= upper[0] + 2 * upper[1] + upper[2]
    wide = upper[2] + 2 * right + lower[2]
    wide -= upper[0] + 2 * left + lower[0]
    return math.sqrt(tall * tall + wide * wide)


@compiled
def count_bits(raster, bits, starts, stops, numbers, covered):
    """Count the pixels of every object of which a flattened raster has any of some bits."""
    for run in range(starts.size):
        count = 0
        for place in range(starts[run], stops[run]):
            count += (raster[place] & bits) > 0
        covered[numbers[run]] += count
