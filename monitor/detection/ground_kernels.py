"""Statistics of a sample by label, compiled (numba, without the GIL)."""

import numpy as np
from numba import njit

CHUNK = 512
"""Pixels worked on at once; theirs stay in the first-level cache."""


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def seasons_near_zero(change, ends, tolerance, inertia, turns):  # type: ignore[no-untyped-def]
    """Means per label (k, bands) of changes (bands, n) weighted by how little they exceed the tolerance (k, bands).

    They lean towards 0 as if `inertia` pixels had not changed. Pixels of label i are ``ends[i]:ends[i + 1]``.
    """
    k, bands = tolerance.shape
    season, weight = np.zeros((k, bands)), np.empty(CHUNK, np.float32)
    for label in range(k):
        for _ in range(turns):
            total, sums = inertia, np.zeros(bands)
            for start in range(ends[label], ends[label + 1], CHUNK):
                stop = min(start + CHUNK, ends[label + 1])
                part = weight[: stop - start]
                total += _weigh(change, start, season[label], tolerance[label], part)
                for band in range(bands):
                    sums[band] += _product(part, change[band, start:stop])
            season[label] = sums / total
    return season


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _weigh(change, start, season, tolerance, weight):  # type: ignore[no-untyped-def]
    """Fill weights (n,) of changes (bands, pixels) from `start` on, and give their sum."""
    weight[:] = np.float32(0)
    for band in range(len(change)):
        values = change[band, start : start + weight.size]
        mean, unit = np.float32(season[band]), np.float32(0.5 / tolerance[band])
        for pixel in range(weight.size):
            off = (values[pixel] - mean) * unit
            weight[pixel] += off * off
    total, share = np.float32(0), np.float32(1 / len(change))
    for pixel in range(weight.size):
        part = np.float32(1) + weight[pixel] * share
        weight[pixel] = np.float32(1) / (part * part)
        total += weight[pixel]
    return total


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _product(one, other):  # type: ignore[no-untyped-def]
    """Sum of products of up to a chunk of values."""
    total = np.float32(0)
    for pixel in range(one.size):
        total += one[pixel] * other[pixel]
    return total
