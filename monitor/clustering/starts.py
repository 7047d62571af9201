"""Where k-means may start: k-means++ (Arthur and Vassilvitskii 2007), moved by Lloyd's algorithm (numba)."""

import numpy as np
from numba import njit

from monitor.clustering.kernel import CHUNK, distances, take_nearer, total_of


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _smaller(values, others, smaller):  # type: ignore[no-untyped-def]
    """Fill in the smaller ones of two chunks' values; gives their sum."""
    total = np.float32(0)
    for pixel in range(values.size):
        value = min(values[pixel], others[pixel])
        smaller[pixel] = value
        total += value
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _drawn(squared, totals, share):  # type: ignore[no-untyped-def]
    """Pixel at a share (0..1) of the running sum of squared distances (pixels,), of which chunks have these totals."""
    left, chunk = share * totals.sum(), 0
    while chunk < totals.size - 1 and left >= totals[chunk]:
        left -= totals[chunk]
        chunk += 1
    pixel = chunk * CHUNK
    last = min(pixel + CHUNK, squared.size) - 1
    while pixel < last and left >= squared[pixel]:
        left -= squared[pixel]
        pixel += 1
    return pixel


@njit(cache=True, nogil=True, error_model="numpy")
def spread(features, draws, centroids):  # type: ignore[no-untyped-def]
    """Fill centroids float32 (k, padded bands) with pixels of features (padded bands, pixels) far from one another.

    Each is drawn in proportion to the squared distance to the nearest one before, as often as there are trials; the
    one that leaves the smallest sum of them stays (k-means++, greedy). `draws` (k, trials) are random in 0..1.
    """
    pixels = features.shape[1]
    squared, here, least = np.empty(CHUNK, np.float32), np.empty(pixels, np.float32), np.empty(pixels, np.float32)
    nearest = np.full(pixels, np.float32(3e38))
    before, totals, sums = np.ones((pixels + CHUNK - 1) // CHUNK), np.empty(0), np.empty(0)
    for index in range(len(centroids)):
        smallest = np.inf
        for share in draws[index] if index else draws[index, :1]:
            pixel = _drawn(nearest, before, share) if index else int(share * pixels)
            centroid = features[:, pixel].copy()
            sums = np.empty_like(before)
            for chunk in range(before.size):
                start, stop = chunk * CHUNK, min((chunk + 1) * CHUNK, pixels)
                distances(features, start, centroid, stop - start, squared)
                sums[chunk] = _smaller(nearest[start:stop], squared, here[start:stop])
            if sums.sum() < smallest:
                smallest, totals = sums.sum(), sums
                here, least = least, here
                centroids[index] = centroid
        nearest, least, before = least, nearest, totals


@njit(cache=True, nogil=True, error_model="numpy")
def _nearest(features, start, size, centroids, nearest, squared):  # type: ignore[no-untyped-def]
    """Labels int32 of the centroids nearest to a chunk of features, and squared distances to them."""
    distance, second = np.empty(CHUNK, np.float32), np.empty(CHUNK, np.float32)
    for label in range(len(centroids)):
        distances(features, start, centroids[label], size, distance)
        take_nearer(distance, np.int32(label), size, squared, second, nearest)


@njit(cache=True, nogil=True, error_model="numpy")
def inertia_of(features, centroids):  # type: ignore[no-untyped-def]
    """Sum of squared distances of features (padded bands, pixels) to their nearest centroid (k, padded bands)."""
    pixels, inertia = features.shape[1], 0.0
    nearest, squared = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.float32)
    for start in range(0, pixels, CHUNK):
        size = min(CHUNK, pixels - start)
        _nearest(features, start, size, centroids, nearest, squared)
        inertia += total_of(squared[:size])
    return inertia


@njit(cache=True, nogil=True, error_model="numpy")
def _relabel(features, centroids, labels, sums):  # type: ignore[no-untyped-def]
    """Bring labels uint8 (pixels,) up to date, and the sums of their features (k or more, padded bands + 1).

    Numbers of pixels come last. Only what changes its label is added anew, so that late rounds cost few sums.
    Gives the inertia.
    """
    bands, pixels = features.shape
    nearest, squared, inertia = np.empty(CHUNK, np.int32), np.empty(CHUNK, np.float32), 0.0
    for start in range(0, pixels, CHUNK):
        size = min(CHUNK, pixels - start)
        _nearest(features, start, size, centroids, nearest, squared)
        inertia += total_of(squared[:size])
        for pixel in range(size):
            old, new = labels[start + pixel], nearest[pixel]
            if old != new:
                labels[start + pixel] = new
                for band in range(bands):
                    value = np.float64(features[band, start + pixel])
                    sums[old, band] -= value
                    sums[new, band] += value
                sums[old, bands] -= 1
                sums[new, bands] += 1
    return inertia


@njit(cache=True, nogil=True, error_model="numpy")
def settle(features, centroids, tolerance, rounds):  # type: ignore[no-untyped-def]
    """Move centroids float32 (k, padded bands) by Lloyd's algorithm, in place; gives the inertia before the last move.

    `features` are (padded bands, pixels) without NaN. It rests when squares of the moves sum up to at most `tolerance`,
    or after so many rounds, maybe none. A centroid without a pixel stays where it is.
    """
    bands, pixels = features.shape
    labels, sums = np.full(pixels, np.uint8(len(centroids))), np.zeros((len(centroids) + 1, bands + 1))
    inertia = _relabel(features, centroids, labels, sums)
    for _ in range(rounds):
        moved = 0.0
        for label in range(len(centroids)):
            for band in range(bands if sums[label, bands] else 0):
                mean = np.float32(sums[label, band] / sums[label, bands])
                moved += (mean - centroids[label, band]) ** 2
                centroids[label, band] = mean
        if moved <= tolerance:
            break
        inertia = _relabel(features, centroids, labels, sums)
    return inertia
