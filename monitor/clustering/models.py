"""Several k-means models on one image at once: labels, inertia and simplified silhouette of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.kernel import QUAD, run_models
from monitor.scenes.stack import Stack
from monitor.strips import Strip, over_strips


@dataclass(frozen=True, eq=False)
class Applied:
    """What several models say about one image.

    `labels` uint8 (kept models, rows, columns); `inertia` (models,) summed over all pixels with data;
    `simplified_silhouette` (models,): the mean over all of them of 1 - a / b with the distances to the nearest and
    second nearest centroid (Hruschka et al. 2006), 0 for a model of one cluster.
    """

    labels: NDArray[np.uint8]
    inertia: NDArray[np.float64]
    simplified_silhouette: NDArray[np.float64]


def apply_models(
    features: Stack, models: Sequence[NDArray[np.float32]], keep: int | None = None, strip_px: int | None = None
) -> Applied:
    """Every pixel of a stack of features under models of centroids (k, bands), in one pass.

    The labels of the first `keep` models (by default all) are kept. Sums are taken row by row, so that they do not
    depend on the strips (of about `strip_px` pixels).
    """
    rows, columns = features.shape[1:]
    centroids = padded(np.concatenate(models).astype(np.float32))
    first = np.cumsum([0] + [len(model) for model in models])
    labels = np.empty((len(models) if keep is None else keep, rows, columns), np.uint8)
    totals = np.zeros((rows, len(models), 2))

    def work(strip: Strip) -> None:
        part = (features.seen[strip.rows], centroids, first, labels[:, strip.rows], totals[strip.rows])
        run_models(features.slab(strip.start, strip.stop), *part)

    over_strips((rows, columns), 0, work, strip_px)
    inertia, silhouette = totals.sum(axis=0).T
    count = max(int(np.count_nonzero(features.seen)), 1)
    several = np.array([len(model) > 1 for model in models])
    return Applied(labels, inertia, np.where(several, silhouette / count, 0.0))


def padded(centroids: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centroids with bands of zeros up to a multiple of what the kernel takes at once."""
    missing = -centroids.shape[1] % QUAD
    return np.ascontiguousarray(np.pad(centroids, ((0, 0), (0, missing))))
