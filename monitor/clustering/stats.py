"""Spectral values of every label, band by band."""

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.quantiles import spread
from monitor.clustering.stats_result import LabelStats
from monitor.scenes.scene import Scene


def label_stats(scene: Scene, label_map: LabelMap) -> tuple[LabelStats, ...]:
    """Pixels and area of every label that occurs; per band mean, standard deviation, quantiles and unique values."""
    known = scene.valid & (label_map.labels != NO_LABEL)
    labels = label_map.labels[known].astype(np.intp)
    pixels = np.bincount(labels, minlength=label_map.k)
    means, deviations = [], []
    for band in scene.reflectance:
        mean, std = moments(labels, band[known], pixels)
        means.append(mean)
        deviations.append(std)
    spreads = [spread(label_map.labels, band, scene.valid, label_map.k) for band in scene.reflectance]
    return tuple(
        LabelStats(
            label=int(label),
            pixels=int(pixels[label]),
            area_m2=float(pixels[label] * scene.grid.pixel_area_m2),
            mean=tuple(float(mean[label]) for mean in means),
            std=tuple(float(std[label]) for std in deviations),
            bands=scene.bands,
            quantiles=tuple(tuple(found.quantiles[label].tolist()) for found in spreads),
            unique=tuple(int(found.unique[label]) for found in spreads),
        )
        for label in np.flatnonzero(pixels)
    )


def moments(
    labels: NDArray[np.intp], values: NDArray[np.float32], pixels: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of values by label; 0 for a label without pixels."""
    count = np.maximum(pixels, 1)
    mean = np.bincount(labels, values, len(pixels)) / count
    squared = np.bincount(labels, (values - mean[labels]) ** 2, len(pixels)) / count
    return mean, np.sqrt(squared)
