"""Statistics of a sample by label, compiled: seasons and distances (numba, without the GIL)."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def seasons_near_zero(change, labels, tolerance, inertia, turns):  # type: ignore[no-untyped-def]
    """Means per label (k, bands) of changes (bands, n) weighted by how little they exceed the tolerance (k, bands).

    They lean towards 0 as if `inertia` pixels had not changed.
    """
    k, bands = tolerance.shape
    season = np.zeros((k, bands))
    for _ in range(turns):
        total, sums = np.full(k, inertia), np.zeros((k, bands))
        for pixel in range(len(labels)):
            label, off = labels[pixel], 0.0
            for band in range(bands):
                off += ((change[band, pixel] - season[label, band]) / (2 * tolerance[label, band])) ** 2
            weight = 1 / (1 + off / bands) ** 2
            total[label] += weight
            for band in range(bands):
                sums[label, band] += weight * change[band, pixel]
        season = sums / total[:, None]
    return season


@njit(cache=True, nogil=True, error_model="numpy")
def squared_distances(change, labels, whiten):  # type: ignore[no-untyped-def]
    """Squared length of ``whiten[label] @ change``, (n,); changes (bands, n), lower triangles (k, bands, bands)."""
    squared = np.zeros(len(labels))
    for pixel in range(len(labels)):
        triangle = whiten[labels[pixel]]
        for row in range(len(triangle)):
            part = 0.0
            for band in range(row + 1):
                part += triangle[row, band] * change[band, pixel]
            squared[pixel] += part * part
    return squared
