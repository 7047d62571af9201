"""Spectral values of every label, band by band."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.kernel import add_label_sums, count_numbers
from monitor.clustering.labels import LabelMap
from monitor.clustering.quantiles import STEPS, quantiles_of, steps_of
from monitor.clustering.stats_result import LabelStats
from monitor.cores import together
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack
from monitor.strips import Strip, over_strips, strips


@dataclass(frozen=True)
class ValueStats:
    """Of one label in one band: its pixels, and of their reflectance mean, deviation, quantiles and unique values."""

    pixels: int
    mean: float
    std: float
    quantiles: tuple[float, ...]
    unique: int


def label_stats(scene: Scene, maps: Mapping[str, LabelMap]) -> dict[str, tuple[LabelStats, ...]]:
    """For each map: pixels and area of every label that occurs, and what its reflectance is like in each band."""
    jobs = [(labelled, band) for labelled in maps.values() for band in range(len(scene.bands))]
    found = iter(together(lambda job: band_stats(scene.stack, *job), jobs))
    return {kind: joined(scene, list(zip(*(next(found) for _ in scene.bands), strict=True))) for kind in maps}


def joined(scene: Scene, labels: Sequence[Sequence[ValueStats]]) -> tuple[LabelStats, ...]:
    """Statistics of the labels (k, bands) that have a pixel."""
    return tuple(
        LabelStats(
            label=label,
            pixels=bands[0].pixels,
            area_m2=float(bands[0].pixels * scene.grid.pixel_area_m2),
            mean=tuple(band.mean for band in bands),
            std=tuple(band.std for band in bands),
            bands=scene.bands,
            quantiles=tuple(band.quantiles for band in bands),
            unique=tuple(band.unique for band in bands),
        )
        for label, bands in enumerate(labels)
        if bands[0].pixels
    )


def band_stats(stack: Stack, labelled: LabelMap, band: int) -> list[ValueStats]:
    """Every label in one band, from a histogram for each; where nothing is seen, no label counts."""
    return whole_band(stack, labelled, band) if stack.is_whole else float_band(stack, labelled, band)


def whole_band(stack: Stack, labelled: LabelMap, band: int) -> list[ValueStats]:
    """Of whole numbers, which are counted as they are: all sums are exact."""
    kind = np.iinfo(stack.numbers.dtype)
    counts = np.zeros((labelled.k, kind.max - kind.min + 1), np.int32)
    for strip in strips(labelled.labels.shape, 0):
        numbers = stack.raw_band(band, strip.start, strip.stop)[0]
        count_numbers(numbers, kind.min, stack.seen[strip.rows], labelled.labels[strip.rows], counts)
    return [of_numbers(row, kind.min, float(stack.scale[band]), float(stack.offset[band])) for row in counts]


def of_numbers(counts: NDArray[np.int32], lowest: int, scale: float, offset: float) -> ValueStats:
    """Of a histogram (values,) of numbers from `lowest` on, of which ``number * scale + offset`` is reflectance."""
    present = np.flatnonzero(counts)[:: 1 if scale >= 0 else -1]
    often, numbers = counts[present].astype(np.int64), present + lowest
    pixels = int(often.sum())
    mean = float(often @ numbers / max(pixels, 1))
    variance = max(float(often @ numbers**2 / max(pixels, 1)) - mean * mean, 0.0)
    steps = steps_of(numbers.astype(np.float32) * np.float32(scale) + np.float32(offset))
    return value_stats(pixels, mean * scale + offset, math.sqrt(variance) * abs(scale), steps, often)


def float_band(stack: Stack, labelled: LabelMap, band: int) -> list[ValueStats]:
    """Of any numbers: sums of the values, quantiles of the steps that they fall on."""
    k = labelled.k
    pixels, sums, squares = np.zeros(k, np.int64), np.zeros((k, 1)), np.zeros((k, 1))
    counts = np.zeros((k, STEPS), np.int32)
    for strip in strips(labelled.labels.shape, 0):
        numbers, scale, offset = stack.raw_band(band, strip.start, strip.stop)
        seen, labels = stack.seen[strip.rows], labelled.labels[strip.rows]
        values = np.where(seen, numbers * scale + offset, np.float32(0))
        add_label_sums(values[None], 0, seen, labels, pixels, sums, squares)
        count_numbers(steps_of(values), 0, seen, labels, counts)
    mean = sums[:, 0] / np.maximum(pixels, 1)
    std = np.sqrt(np.maximum(squares[:, 0] / np.maximum(pixels, 1) - mean**2, 0))
    steps = [np.flatnonzero(row) for row in counts]
    return [
        value_stats(int(pixels[label]), mean[label], std[label], steps[label], row[steps[label]])
        for label, row in enumerate(counts)
    ]


def value_stats(pixels: int, mean: float, std: float, steps: NDArray[Any], often: NDArray[Any]) -> ValueStats:
    """With quantiles and unique values of what falls on steps (n,), rising, so often (n,)."""
    unique = np.count_nonzero(np.diff(steps, prepend=-1))
    return ValueStats(pixels, float(mean), float(std), tuple(quantiles_of(steps, often).tolist()), int(unique))


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
        numbers, first, *_ = stack.slab(strip.start, strip.stop)
        add_label_sums(numbers, first, stack.seen[strip.rows], labels[strip.rows], *part)
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
