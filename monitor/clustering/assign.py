"""Nearest centroid of every pixel, and its distance: one numba pass over a band-first array."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.models import apply_models
from monitor.scenes.stack import Stack

TILE = 1024
"""Pixels worked on at once; their distances stay in the first-level cache."""


@njit(cache=True, nogil=True, fastmath={"contract"})
def _assign(features, centroids, labels, squared):  # type: ignore[no-untyped-def]
    """Loops ordered so that the innermost one runs over neighbouring pixels of one band and vectorises."""
    bands, pixels = features.shape
    distance = np.empty(TILE, np.float32)
    for start in range(0, pixels, TILE):
        size = min(TILE, pixels - start)
        labels[start : start + size] = NO_LABEL
        squared[start : start + size] = np.inf
        for label in range(centroids.shape[0]):
            distance[:size] = 0
            for band in range(bands):
                center = centroids[label, band]
                for pixel in range(size):
                    step = features[band, start + pixel] - center
                    distance[pixel] += step * step
            for pixel in range(size):
                if distance[pixel] < squared[start + pixel]:
                    squared[start + pixel] = distance[pixel]
                    labels[start + pixel] = label


def assign(
    features: NDArray[np.float32], centroids: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Label and squared distance to the nearest centroid for features (bands, ...); both of shape (...).

    A pixel with a NaN feature gets `NO_LABEL` and an infinite distance. Labels are those of scikit-learn's
    ``KMeans.predict`` with the same centroids.
    """
    bands, shape = features.shape[0], features.shape[1:]
    labels = np.empty(int(np.prod(shape)), np.uint8)
    squared = np.empty(labels.shape, np.float32)
    _assign(np.ascontiguousarray(features.reshape(bands, -1)), np.ascontiguousarray(centroids), labels, squared)
    return labels.reshape(shape), squared.reshape(shape)


def label_map(features: NDArray[np.float32] | Stack, centroids: NDArray[np.float32]) -> LabelMap:
    """Labels of features (bands, rows, columns) by their nearest centroid."""
    image = features if isinstance(features, Stack) else Stack.of(features)
    return LabelMap(apply_models(image, [centroids]).labels[0], centroids)
