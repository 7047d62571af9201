"""Fit the reference model on a clear scene."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.assign import assign
from monitor.clustering.labels import NO_LABEL
from monitor.clustering.model import ReferenceModel, decode_reflectance, encode_reflectance
from monitor.clustering.sweep import fit, sample_pixels, sweep
from monitor.clustering.sweep_result import Sweep
from monitor.errors import SceneError
from monitor.scenes.scene import Scene

MIN_GROUND = 0.2
"""Share of the valid pixels that must be clear ground; a reference with less explains too little."""


def fit_reference(
    scene: Scene,
    clear: NDArray[np.bool_],
    monitor: str,
    ks: Sequence[int],
    k: int | Literal["auto"],
    *,
    version: int = 1,
    seed: int = 0,
) -> tuple[ReferenceModel, Sweep]:
    """The model of the `clear` pixels (rows, columns) of one scene, and the sweep over `ks`.

    The sweep chose the model's k, or shows what the given `k` was chosen against. Raises SceneError if too little
    of the scene is clear ground.
    """
    share = clear.sum() / max(int(scene.valid.sum()), 1)
    if share < MIN_GROUND:
        raise SceneError(
            f"scene {scene.item.scene_id}: only {share:.0%} of its valid pixels are clear ground; "
            "choose a clearer scene for the reference"
        )
    reflectance = decode_reflectance(encode_reflectance(np.where(clear, scene.reflectance, np.float32(np.nan))))
    center = reflectance[:, clear].mean(axis=1, dtype=np.float64).astype(np.float32)
    scale = np.maximum(reflectance[:, clear].std(axis=1, dtype=np.float64), 1e-4).astype(np.float32)
    features = (reflectance - center[:, None, None]) / scale[:, None, None]
    tried = sweep(features, ks, seed)
    centroids = tried.chosen.centroids if k == "auto" else fit(sample_pixels(features, seed), k, seed)
    labels, squared = assign(features, centroids)
    spread, radius = cluster_extent(labels, np.sqrt(squared), len(centroids))
    model = ReferenceModel(
        monitor, version, scene.item.scene_id, scene.bands, scene.grid,
        center, scale, centroids, spread, radius, reflectance, labels,
    )  # fmt: skip
    return model, tried


def cluster_extent(
    labels: NDArray[np.uint8], distance: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Per cluster: median + MAD of its pixels' distance to the centroid, and the 99.9th percentile; both (k,)."""
    spread, radius = np.ones(k, np.float32), np.ones(k, np.float32)
    known = labels != NO_LABEL
    order = np.argsort(labels[known], kind="stable")
    groups = np.split(distance[known][order], np.searchsorted(labels[known][order], np.arange(1, k)))
    for label, values in enumerate(groups):
        if len(values):
            median = np.median(values)
            spread[label] = max(median + 1.4826 * np.median(np.abs(values - median)), 1e-3)
            radius[label] = max(np.quantile(values, 0.999), spread[label])
    return spread, radius
