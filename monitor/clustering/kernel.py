"""All k-means models of a scene in one pass over its numbers (numba; inner loops run over neighbouring pixels)."""

import numpy as np
from numba import njit

from monitor.clustering.labels import NO_LABEL

CHUNK = 512
"""Pixels worked on at once; their features, distances and labels stay in the first-level cache."""
QUAD = 4
"""Bands are taken four at a time; missing ones are zeros."""


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def distances(features, start, centroid, size, distance):  # type: ignore[no-untyped-def]
    """Squared distance of `size` pixels of features (padded bands, pixels), from `start` on, to one centroid."""
    stop = start + size
    for first in range(0, centroid.size, QUAD):
        one, two = features[first, start:stop], features[first + 1, start:stop]
        three, four = features[first + 2, start:stop], features[first + 3, start:stop]
        c1, c2, c3, c4 = centroid[first], centroid[first + 1], centroid[first + 2], centroid[first + 3]
        if first == 0:
            for pixel in range(size):
                d1, d2, d3, d4 = one[pixel] - c1, two[pixel] - c2, three[pixel] - c3, four[pixel] - c4
                distance[pixel] = d1 * d1 + d2 * d2 + d3 * d3 + d4 * d4
        else:
            for pixel in range(size):
                d1, d2, d3, d4 = one[pixel] - c1, two[pixel] - c2, three[pixel] - c3, four[pixel] - c4
                distance[pixel] += d1 * d1 + d2 * d2 + d3 * d3 + d4 * d4


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def take_nearer(distance, label, size, best, second, nearest):  # type: ignore[no-untyped-def]
    """Keep the two smallest distances of a chunk and the label of the smallest; label 0 starts anew."""
    if label == 0:
        for pixel in range(size):
            best[pixel], second[pixel], nearest[pixel] = distance[pixel], np.float32(3e38), 0
    else:
        for pixel in range(size):
            here, before = distance[pixel], best[pixel]
            second[pixel] = min(second[pixel], max(before, here))
            nearest[pixel] = label if here < before else nearest[pixel]
            best[pixel] = min(before, here)


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def total_of(values):  # type: ignore[no-untyped-def]
    """Sum of a few thousand numbers at most."""
    total = np.float32(0)
    for value in values:
        total += value
    return total


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _add_up(best, second, here, size, totals):  # type: ignore[no-untyped-def]
    """Add the squared distances, and 1 - a / b of the simplified silhouette, of the pixels with data."""
    inertia, silhouette = np.float32(0), np.float32(0)
    for pixel in range(size):
        inertia += here[pixel] * best[pixel]
        silhouette += here[pixel] * (np.float32(1) - np.sqrt(best[pixel] / (second[pixel] + np.float32(1e-30))))
    totals[0] += inertia
    totals[1] += silhouette


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _to_features(numbers, factor, shift, here, size, features):  # type: ignore[no-untyped-def]
    """Features of a chunk of one band, 0 where there is no data."""
    for pixel in range(size):
        value = np.float32(numbers[pixel]) * factor + shift
        features[pixel] = value if here[pixel] > np.float32(0) else np.float32(0)


@njit(cache=True, nogil=True, error_model="numpy")
def run_models(slab, seen, centroids, first, labels, totals):  # type: ignore[no-untyped-def]
    """Labels and totals of rows of an image under several models.

    `slab` gives features for reflectance; `seen` bool (rows, columns); `centroids` float32 (all k, padded bands), those
    of model m at ``first[m]:first[m + 1]``; `labels` uint8 (models or fewer, rows, columns) of the first models;
    `totals` float64 (rows, models, 2) get inertia and the sum of simplified silhouettes added. Chunks without data are
    skipped.
    """
    numbers, top, factor, shift = slab
    bands, (rows, columns) = len(numbers), seen.shape
    features = np.zeros((centroids.shape[1], CHUNK), np.float32)
    here, distance = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    best, second = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    nearest, nothing = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.uint8)
    for row in range(rows):
        for start in range(0, columns, CHUNK):
            size = min(CHUNK, columns - start)
            mask = seen[row, start : start + size]
            known = 0
            for pixel in range(size):
                known += mask[pixel]
                here[pixel] = mask[pixel]
                nothing[pixel] = 0 if mask[pixel] else NO_LABEL
            if known == 0:
                labels[:, row, start : start + size] = NO_LABEL
                continue
            for band in range(bands):
                values = numbers[band, top + row, start : start + size]
                _to_features(values, factor[band], shift[band], here, size, features[band])
            for model in range(first.size - 1):
                for index in range(first[model], first[model + 1]):
                    distances(features, 0, centroids[index], size, distance)
                    take_nearer(distance, np.int32(index - first[model]), size, best, second, nearest)
                _add_up(best, second, here, size, totals[row, model])
                if model < labels.shape[0]:
                    out = labels[model, row, start : start + size]
                    for pixel in range(size):
                        out[pixel] = np.uint8(nearest[pixel]) | nothing[pixel]


@njit(cache=True, nogil=True, error_model="numpy")
def run_one(features, centroids, labels, squared):  # type: ignore[no-untyped-def]
    """Labels uint8 (pixels,) and squared distances float32 (pixels,) of features (bands, pixels) under one model.

    `centroids` float32 (k, padded bands). A pixel with a NaN gets `NO_LABEL` and an infinite distance.
    """
    bands, pixels = features.shape
    chunk = np.zeros((centroids.shape[1], CHUNK), np.float32)
    known, distance = np.empty(CHUNK, np.bool_), np.empty(CHUNK, np.float32)
    best, second = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    nearest = np.empty(CHUNK, np.int32)
    for start in range(0, pixels, CHUNK):
        size = min(CHUNK, pixels - start)
        known[:size] = True
        for band in range(bands):
            values = features[band, start : start + size]
            for pixel in range(size):
                fine = not np.isnan(values[pixel])
                known[pixel] &= fine
                chunk[band, pixel] = values[pixel] if fine else np.float32(0)
        for label in range(len(centroids)):
            distances(chunk, 0, centroids[label], size, distance)
            take_nearer(distance, np.int32(label), size, best, second, nearest)
        for pixel in range(size):
            labels[start + pixel] = nearest[pixel] if known[pixel] else NO_LABEL
            squared[start + pixel] = best[pixel] if known[pixel] else np.float32(np.inf)


@njit(cache=True, nogil=True)
def add_label_sums(numbers, first, seen, labels, pixels, sums, squares):  # type: ignore[no-untyped-def]
    """Add the pixels of every label (k,), and the sums of their numbers and of the squares (k, bands).

    `numbers` (bands, rows, columns) from row `first` on, `seen` bool and `labels` uint8 (rows, columns). Sums in 64-bit
    integers are exact, so that the order of rows and threads does not matter.
    """
    bands, (rows, columns) = len(numbers), seen.shape
    for row in range(rows):
        for column in range(columns):
            label = labels[row, column]
            if label == NO_LABEL or not seen[row, column]:
                continue
            pixels[label] += 1
            for band in range(bands):
                value = sums.dtype.type(numbers[band, first + row, column])
                sums[label, band] += value
                squares[label, band] += value * value


@njit(cache=True, nogil=True)
def count_numbers(numbers, lowest, seen, labels, counts):  # type: ignore[no-untyped-def]
    """Add to `counts` int32 (k, values) how often every label has every number; the number `lowest` comes first.

    Whole `numbers` of one band, `seen` bool and `labels` uint8 are (rows, columns); a label of k or more is none.
    """
    rows, columns = numbers.shape
    for row in range(rows):
        here, mask, own = numbers[row], seen[row], labels[row]
        for column in range(columns):
            if mask[column] and own[column] < counts.shape[0]:
                counts[own[column], np.int64(here[column]) - lowest] += 1


@njit(cache=True, nogil=True)
def seen_columns(seen, rows, ranks, columns):  # type: ignore[no-untyped-def]
    """Columns of pixels (n,) of which so many seen ones, `ranks` (n,), lie before them in their rows.

    `seen` is bool (rows, columns); pixels come row by row, from left to right.
    """
    column = passed = -1
    for pixel in range(len(rows)):
        if pixel == 0 or rows[pixel] != rows[pixel - 1]:
            column = passed = -1
        line = seen[rows[pixel]]
        while passed < ranks[pixel]:
            column += 1
            passed += line[column]
        columns[pixel] = column
