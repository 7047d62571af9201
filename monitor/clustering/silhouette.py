"""The silhouette (Rousseeuw 1987) of a sample, in equal shares of every label."""

from itertools import pairwise

import numpy as np
from numba import njit
from numpy.typing import NDArray

from monitor.clustering.assign import assign
from monitor.clustering.kernel import distances, total_of
from monitor.clustering.models import padded

SILHOUETTE_SIZE = 2_000
"""Pixels that the silhouette is taken of, in equal shares per label; it costs their square."""


def sampled_silhouette(sample: NDArray[np.float32], centroids: NDArray[np.float32], seed: int) -> float:
    """Mean silhouette of a sample (pixels, bands), estimated on equal shares of every label.

    A label's mean counts by its share of the whole sample, so that small clusters are measured as well as
    large ones without counting for more than they are.
    """
    labels = assign(np.ascontiguousarray(sample.T), centroids)[0]
    count = np.bincount(labels)
    present = np.flatnonzero(count)
    if len(present) < 2:
        return 0.0
    rng, quota = np.random.default_rng(seed), max(SILHOUETTE_SIZE // len(present), 2)
    members = [np.flatnonzero(labels == label) for label in present]
    picked = [m if len(m) <= quota else rng.choice(m, quota, replace=False) for m in members]
    groups = np.cumsum([0] + [len(m) for m in picked])
    if groups[-1] <= len(present):
        return 0.0
    values = np.zeros(groups[-1])
    _silhouettes(np.ascontiguousarray(padded(sample[np.concatenate(picked)]).T), groups, values)
    means = [values[start:stop].mean() for start, stop in pairwise(groups)]
    return float(np.average(means, weights=count[present]))


@njit(cache=True, nogil=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _roots(squared, sums):  # type: ignore[no-untyped-def]
    """Take the roots of squared distances, in place, and add them to sums."""
    for other in range(squared.size):
        squared[other] = np.sqrt(squared[other])
        sums[other] += squared[other]


@njit(cache=True, nogil=True, error_model="numpy")
def _silhouettes(points, groups, values):  # type: ignore[no-untyped-def]
    """Silhouette of every point (padded bands, points) that is not alone in its group; groups are runs of points.

    Every distance is taken once and added to the sums of both points.
    """
    count = points.shape[1]
    distance, sums = np.empty(count, np.float32), np.zeros((groups.size - 1, count), np.float32)
    for own in range(groups.size - 1):
        for point in range(groups[own], groups[own + 1]):
            after = count - point
            distances(points, point, points[:, point].copy(), after, distance)
            _roots(distance[:after], sums[own, point:])
            for group in range(own, groups.size - 1):
                first = max(groups[group], point)
                sums[group, point] += total_of(distance[first - point : groups[group + 1] - point])
    for own in range(groups.size - 1):
        size = groups[own + 1] - groups[own]
        for point in range(groups[own], groups[own + 1]):
            inside, outside = sums[own, point] / max(size - 1, 1), np.inf
            for group in range(groups.size - 1):
                if group != own:
                    outside = min(outside, sums[group, point] / (groups[group + 1] - groups[group]))
            if size > 1 and max(inside, outside) > 0:
                values[point] = (outside - inside) / max(inside, outside)
