"""Nearest centroid of every pixel of one model, and how far it is."""

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.kernel import run_one
from monitor.clustering.labels import LabelMap
from monitor.clustering.models import apply_models, padded
from monitor.scenes.stack import Stack


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
    run_one(np.ascontiguousarray(features.reshape(bands, -1)), padded(centroids), labels, squared)
    return labels.reshape(shape), squared.reshape(shape)


def label_map(features: NDArray[np.float32] | Stack, centroids: NDArray[np.float32]) -> LabelMap:
    """Labels of features (bands, rows, columns) by their nearest centroid."""
    image = features if isinstance(features, Stack) else Stack.of(features)
    return LabelMap(apply_models(image, [centroids]).labels[0], centroids)
