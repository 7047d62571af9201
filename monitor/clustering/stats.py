"""Spectral values of every label, band by band."""

from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.kernel import add_label_sums
from monitor.clustering.labels import LabelMap
from monitor.clustering.stats_result import LabelStats
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack
from monitor.strips import Strip, over_strips


def label_stats(scene: Scene, label_map: LabelMap) -> tuple[LabelStats, ...]:
    """Pixels, area, and mean and standard deviation of the reflectance per band, for every label that occurs."""
    sums = label_sums(scene.stack, label_map.labels, label_map.k)
    return tuple(
        LabelStats(
            label=int(label),
            pixels=int(sums.pixels[label]),
            area_m2=float(sums.pixels[label] * scene.grid.pixel_area_m2),
            mean=tuple(sums.mean[label].tolist()),
            std=tuple(sums.std[label].tolist()),
            bands=scene.bands,
        )
        for label in np.flatnonzero(sums.pixels)
    )


@dataclass(frozen=True, eq=False)
class LabelSums:
    """`pixels` (k,), and `mean` and `std` (k, bands) of the reflectance of every label; 0 where it has no pixel."""

    pixels: NDArray[np.int64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def label_sums(stack: Stack, labels: NDArray[np.uint8], k: int, strip_px: int | None = None) -> LabelSums:
    """Moments of a stack per label (rows, columns), in one pass; where nothing is seen, no label counts."""
    kind = np.int64 if stack.is_whole else np.float64
    pixels, sums, squares = (
        np.zeros(k, np.int64),
        np.zeros((k, stack.shape[0]), kind),
        np.zeros((k, stack.shape[0]), kind),
    )
    lock = Lock()

    def add(strip: Strip) -> None:
        part = np.zeros_like(pixels), np.zeros_like(sums), np.zeros_like(squares)
        add_label_sums(stack.raw(strip.start, strip.stop)[0], stack.seen[strip.rows], labels[strip.rows], *part)
        with lock:
            for total, more in zip((pixels, sums, squares), part, strict=True):
                np.add(total, more, out=total)

    over_strips(labels.shape, 0, add, strip_px)
    count = np.maximum(pixels, 1)[:, None]
    mean = sums / count
    variance = np.maximum(squares / count - mean**2, 0)
    some = (pixels > 0)[:, None]
    scale, offset = (np.ones(len(stack.scale)), 0.0) if stack.is_moved else (stack.scale, stack.offset)
    return LabelSums(pixels, np.where(some, mean * scale + offset, 0), np.sqrt(variance) * np.abs(scale))
