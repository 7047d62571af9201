"""Fit the reference model on a clear scene."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.assign import assign
from monitor.clustering.model import ReferenceModel, encode_reflectance, remembered_stack
from monitor.clustering.stats import label_sums
from monitor.clustering.sweep import fit, sample_pixels, sweep
from monitor.clustering.sweep_result import Sweep
from monitor.errors import SceneError
from monitor.ranks import median_and_spread
from monitor.scenes.numbers import sink_for
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack
from monitor.spectrum import vapour_scatter
from monitor.strips import Strip, over_strips, strips

MIN_GROUND = 0.2
"""Share of the valid pixels that must be clear ground; a reference with less explains too little."""
LEAST_SCALE = 0.01
"""Reflectance, twice what it is good to (Vermote et al. 2016): bands that vary less, as over open water alone, are not
stretched until their noise makes the labels and every scene's noise a change."""


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
    stack = remembered(scene.stack, clear)
    ground = label_sums(stack, np.zeros(clear.shape, np.uint8), 1)
    center = ground.mean[0].astype(np.float32)
    scale = np.maximum(ground.std[0], LEAST_SCALE + vapour_scatter(scene.bands)).astype(np.float32)
    features = stack.adjusted(1 / scale.astype(np.float64), -center.astype(np.float64) / scale)
    tried = sweep(features, ks, seed)
    centroids = tried.chosen.centroids if k == "auto" else fit(sample_pixels(features, seed), k, seed)
    labels, distance = nearest(features, centroids)
    spread, radius = cluster_extent(labels, distance, len(centroids))
    model = ReferenceModel(
        monitor, version, scene.item.scene_id, scene.bands, scene.grid,
        center, scale, centroids, spread, radius, stack, labels,
    )  # fmt: skip
    return model, tried


def remembered(stack: Stack, clear: NDArray[np.bool_]) -> Stack:
    """The clear pixels of a scene as a model keeps them on disk, to the last bit."""
    sink = sink_for(stack.shape)
    for strip in strips(clear.shape, 0):
        values = np.where(clear[strip.rows], stack.rows(strip.start, strip.stop), np.float32(np.nan))
        for band, numbers in enumerate(encode_reflectance(values)):
            sink.write(band, strip.start, numbers)
    return remembered_stack(sink.done(), clear)


def nearest(features: Stack, centroids: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Label of every pixel and its distance to that centroid, both (rows, columns)."""
    shape = features.shape[1:]
    labels, distance = np.empty(shape, np.uint8), np.empty(shape, np.float32)

    def work(strip: Strip) -> None:
        labels[strip.rows], squared = assign(features.rows(strip.start, strip.stop), centroids)
        distance[strip.rows] = np.sqrt(squared)

    over_strips(shape, 0, work)
    return labels, distance


def cluster_extent(
    labels: NDArray[np.uint8], distance: NDArray[np.float32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Per cluster: median + MAD of its pixels' distance to the centroid, and the 99.9th percentile; both (k,)."""
    spread, radius = np.ones(k, np.float32), np.ones(k, np.float32)
    for label in range(k):
        values = distance[labels == label]
        if len(values):
            spread[label] = max(sum(median_and_spread(values)), 1e-3)
            radius[label] = max(np.quantile(values, 0.999), spread[label])
    return spread, radius
