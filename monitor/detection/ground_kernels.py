"""Statistics of a sample by group, compiled: medians, covariances and distances under them (numba, without the GIL)."""

import numpy as np
from numba import njit

INNER_SHARE = 0.8
"""Share of the pixels, those near zero, that a robust covariance is taken of."""
TURNS = 4


@njit(cache=True, nogil=True, error_model="numpy")
def _quantile(values, share):  # type: ignore[no-untyped-def]
    """A quantile between the two nearest values, as NumPy takes it."""
    place = share * (len(values) - 1)
    low = int(place)
    parted = np.partition(values, low)
    above = parted[low + 1 :].min() if low + 1 < len(values) else parted[low]
    return parted[low] + (place - low) * (above - parted[low])


@njit(cache=True, nogil=True, error_model="numpy")
def group_medians(values, order, ends, least, out):  # type: ignore[no-untyped-def]
    """Medians of groups of values (n,) in `out` (groups,), which stays as it is for groups of fewer than `least`.

    The members of group i are ``order[ends[i]:ends[i + 1]]``.
    """
    for group in range(len(ends) - 1):
        members = order[ends[group] : ends[group + 1]]
        if len(members) >= least:
            out[group] = _quantile(values[members], 0.5)


@njit(cache=True, nogil=True, error_model="numpy")
def seasons_near_zero(change, labels, tolerance, inertia, turns):  # type: ignore[no-untyped-def]
    """Means per label (k, bands) of changes (n, bands) weighted by how little they exceed the tolerance (k, bands).

    They lean towards 0 as if `inertia` pixels had not changed.
    """
    k, bands = tolerance.shape
    season = np.zeros((k, bands))
    for _ in range(turns):
        total, sums = np.full(k, inertia), np.zeros((k, bands))
        for pixel in range(len(labels)):
            label, off = labels[pixel], 0.0
            for band in range(bands):
                off += ((change[pixel, band] - season[label, band]) / (2 * tolerance[label, band])) ** 2
            weight = 1 / (1 + off / bands) ** 2
            total[label] += weight
            for band in range(bands):
                sums[label, band] += weight * change[pixel, band]
        season = sums / total[:, None]
    return season


@njit(cache=True, nogil=True, error_model="numpy")
def squared_distances(change, labels, whiten):  # type: ignore[no-untyped-def]
    """Squared length of ``whiten[label] @ change``, (n,); changes (n, bands), lower triangles (k, bands, bands)."""
    squared = np.zeros(len(change))
    for pixel in range(len(change)):
        triangle = whiten[labels[pixel]]
        for row in range(len(triangle)):
            part = 0.0
            for band in range(row + 1):
                part += triangle[row, band] * change[pixel, band]
            squared[pixel] += part * part
    return squared


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _squared_under(values, covariance, part, squared):  # type: ignore[no-untyped-def]
    """Squared Mahalanobis distances of values (bands, n), in `squared` (n,); `part` is (n,) to work in."""
    triangle = np.linalg.inv(np.linalg.cholesky(covariance))
    squared[:] = 0
    for row in range(len(triangle)):
        part[:] = 0
        for band in range(row + 1):
            factor, plane = triangle[row, band], values[band]
            for pixel in range(len(part)):
                part[pixel] += factor * plane[pixel]
        for pixel in range(len(part)):
            squared[pixel] += part[pixel] * part[pixel]


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _inner_products(values, squared, limit, part, out):  # type: ignore[no-untyped-def]
    """Mean products (bands, bands) of the values (bands, n) whose squared distance is within a limit."""
    inside = squared <= limit
    count = inside.sum()
    for row in range(len(values)):
        for pixel in range(len(part)):
            part[pixel] = values[row, pixel] if inside[pixel] else 0.0
        for column in range(row + 1):
            plane, total = values[column], 0.0
            for pixel in range(len(part)):
                total += part[pixel] * plane[pixel]
            out[row, column] = out[column, row] = total / count


@njit(cache=True, nogil=True, error_model="numpy")
def robust_covariance(values, start, floor, tail_share, tail):  # type: ignore[no-untyped-def]
    """Covariance (bands, bands) about zero of the inner part of values (bands, n).

    It is scaled so that the squared distance that `tail_share` of the values keep is `tail`. The first inner part is
    that under `start`; `floor` keeps the covariance regular.
    """
    covariance, products = start.copy(), np.empty_like(start)
    part, squared = np.empty(values.shape[1]), np.empty(values.shape[1])
    _squared_under(values, covariance, part, squared)
    limit = _quantile(squared, INNER_SHARE)
    for _ in range(TURNS):
        _inner_products(values, squared, limit, part, products)
        covariance = products + 1e-4 * floor
        _squared_under(values, covariance, part, squared)
        covariance *= max(_quantile(squared, tail_share) / tail, 1e-3)
        limit = _quantile(squared, INNER_SHARE)
    return covariance + floor * 0.05
