"""What unchanged ground may look like today: season per label, slow fields, and scatter with its covariance.

Everything is estimated from a regular sample of the scene itself. The first look knows only the reference
(scatter is a share of each label's reflectance, scaled to the quietest part of the scene); the second look
leaves out what the first one flagged and knows label by label how far, and in which spectral direction,
ground moves today. A field that dries moves along one direction; what moves across it stands out.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

from monitor.clustering.labels import NO_LABEL, grouped
from monitor.clustering.model import ReferenceModel
from monitor.detection.ground_kernels import seasons_near_zero
from monitor.ranks import median, quantile
from monitor.scenes.stack import Stack, thinning
from monitor.spectrum import vapour_scatter

SAMPLE = 110_000
"""Pixels that statistics are taken of: a regular grid over the scene."""
RELATIVE_SCATTER = 0.06
"""Scatter before anything is known of today: share of a label's reflectance, ..."""
LEAST_SCATTER = 0.0025
"""... and in reflectance, however dark and even the ground: what the sensor and the correction of the air add."""
COMMON = 0.5
"""Share of that scatter that all bands have in common (illumination, season)."""
QUIET_SHARE = 0.15
"""The quietest pixels, by which the first look scales its scatter; that much is clear in nearly every scene."""
FIELD_BLOCK_PX = 24
"""Blocks of which the slow field (haze, view angle, illumination) is made."""
INNER_SHARE, TAIL_SHARE = 0.8, 0.9
"""A robust covariance is that of this share of the pixels, those near zero, scaled so that the squared distance that
the second share keeps is chi-square's."""
TURNS = 4
MIN_LABEL_PX = 60
MIN_BLOCK_PX = 8
NEAR_ZERO_PX, NEAR_ZERO_TURNS = 10.0, 3
"""The first look's season leans towards none as if that many pixels had none; it is found in so many turns."""
FULL_TRUST_PX = 150.0
ENOUGH_PX = 6000
"""More pixels tell a covariance no better."""


@dataclass(frozen=True, eq=False)
class Prior:
    """What is known before the scene: `level` and `tolerance` (k, bands) reflectance per label, `vapour` (bands,)."""

    level: NDArray[np.float64]
    tolerance: NDArray[np.float64]
    vapour: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Ground:
    """Unchanged ground today: ``scene - reference - season[label] - field`` has covariance per label.

    `season` (k, bands); `field` float32 (bands, block rows, block columns), at the centres of `block_px` blocks;
    `covariance` (k, bands, bands); all in reflectance.
    """

    season: NDArray[np.float64]
    field: NDArray[np.float32]
    covariance: NDArray[np.float64]
    block_px: float = FIELD_BLOCK_PX


@dataclass(frozen=True, eq=False)
class Pixels:
    """A sample, label after label: `change` (bands, n) scene minus reference, `rows` and `columns` (n,).

    Pixels of label i are ``ends[i]:ends[i + 1]``.
    """

    change: NDArray[np.float32]
    ends: NDArray[np.intp]
    rows: NDArray[np.intp]
    columns: NDArray[np.intp]

    @property
    def size(self) -> int:
        """Number of pixels."""
        return self.rows.size


def prior_of(reference: ReferenceModel) -> Prior:
    """Levels per label, and how far they may be off: by a share, by the reference's noise, and by the air's vapour."""
    level = reference.centroids.astype(np.float64) * reference.scale + reference.center
    step = sample_step(reference.labels.size)
    lines = (reference.stack.rows(row, row + 1) for row in range(0, reference.labels.shape[0], step))
    neighbours = np.abs(np.concatenate([line[:, :, 1::step] - line[:, :, :-1:step] for line in lines], axis=1))
    known = [band[np.isfinite(band)] for band in neighbours]
    quiet = [float(quantile(band, 0.2)) if band.size else 0.0 for band in known]
    noise = np.array(quiet) / (0.2533 * np.sqrt(2))
    typical = np.median(np.abs(level), axis=0)
    tolerance = RELATIVE_SCATTER * (np.abs(level) + 0.2 * typical) + np.minimum(noise, 0.1 * typical)
    vapour = vapour_scatter(reference.bands)
    return Prior(level, np.maximum(tolerance, LEAST_SCATTER) + vapour, vapour)


def sample_step(size: int) -> int:
    """Step of a regular grid that leaves about `SAMPLE` of `size` pixels."""
    return thinning(size, SAMPLE)


def draw(scene: Stack, reference: ReferenceModel, use: NDArray[np.bool_]) -> Pixels:
    """A regular grid of the pixels to use, thinned alike in both directions."""
    step = sample_step(use.size)
    grid = (slice(step // 2, None, step), slice(step // 2, None, step))
    labels, stacks = reference.labels[grid], (scene, reference.stack)
    places = np.flatnonzero(use[grid] & (labels != NO_LABEL))
    order, ends = grouped(labels.ravel()[places], reference.k)
    places = places[order]
    here, there = (stack.thinned(step).reshape(stack.shape[0], -1).take(places, axis=1) for stack in stacks)
    rows, columns = np.divmod(places, labels.shape[1])
    return Pixels(
        here - there,
        ends,
        rows * step + step // 2,
        columns * step + step // 2,
    )


def first_ground(pixels: Pixels, prior: Prior, shape: tuple[int, int]) -> Ground:
    """Ground as the reference expects it, scaled to the quietest part of the scene."""
    bands = prior.level.shape[1]
    season = seasons_near_zero(pixels.change, pixels.ends, prior.tolerance, NEAR_ZERO_PX, NEAR_ZERO_TURNS)
    shape_of = np.full((bands, bands), COMMON) + (1 - COMMON) * np.eye(bands)
    covariance = prior.tolerance[:, :, None] * shape_of * prior.tolerance[:, None, :]
    left = pixels.change - of_pixels(season, pixels.ends)
    inside = zip(pairwise(pixels.ends), covariance, strict=True)
    off = np.concatenate([squared_under(left[:, start:stop], each) for (start, stop), each in inside])
    covariance = covariance * np.clip(scale_at(off, QUIET_SHARE, bands, balance(pixels.ends)), 0.1, 4.0)
    covariance += np.diag(prior.vapour**2)
    return Ground(season, np.zeros((bands, *blocks(shape)), np.float32), covariance)


def second_ground(pixels: Pixels, prior: Prior, shape: tuple[int, int], thickest: NDArray[np.float32]) -> Ground:
    """Ground as the pixels found clear show it; the slow field stays within `thickest` (bands,)."""
    count = np.diff(pixels.ends)[:, None]
    season = medians(pixels.change, pixels.ends, MIN_LABEL_PX).T * count / (count + FULL_TRUST_PX)
    left = pixels.change - of_pixels(season, pixels.ends)
    limit = thickest[:, None, None]
    field = np.clip(slow_field(left, pixels, shape), -limit, limit)
    left -= field[:, pixels.rows // FIELD_BLOCK_PX, pixels.columns // FIELD_BLOCK_PX]
    unit = np.asarray(left / of_pixels(prior.tolerance, pixels.ends), np.float32)
    return Ground(season, field, covariances(unit, pixels.ends, prior))


def of_pixels(values: NDArray[np.float64], ends: NDArray[np.intp]) -> NDArray[np.float32]:
    """What every pixel's label has of values (k, bands), (bands, n)."""
    return np.repeat(values.T.astype(np.float32), np.diff(ends), axis=1)


def medians(values: NDArray[np.float32], ends: NDArray[np.intp], least: int) -> NDArray[np.float32]:
    """Medians (bands, groups) of values (bands, n), group after group, 0 for groups of fewer than `least`."""
    out = np.zeros((len(values), len(ends) - 1), np.float32)
    for group in np.flatnonzero(np.diff(ends) >= least):
        out[:, group] = median(values[:, ends[group] : ends[group + 1]])
    return out


def balance(ends: NDArray[np.intp]) -> NDArray[np.float64]:
    """Weights by which every label counts as the square root of its size, (n,)."""
    count = np.diff(ends)
    return np.repeat(1 / np.sqrt(np.maximum(count, 1)), count)


def whitening(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lower triangular W per label with W covariance W' = 1, same shape."""
    inverse: NDArray[np.float64] = np.linalg.inv(np.linalg.cholesky(covariance))
    return inverse


def scale_at(squared: NDArray[np.float32], share: float, bands: int, weight: NDArray[np.float64]) -> float:
    """Factor that brings the weighted quantile of squared distances to that of chi-square."""
    if squared.size == 0:
        return 1.0
    order = np.argsort(squared)
    reached = np.cumsum(weight[order])
    value = squared[order][min(int(np.searchsorted(reached, share * reached[-1])), squared.size - 1)]
    return float(value) / usual_square(share, bands)


@cache
def usual_square(share: float, bands: int) -> float:
    """The squared distance that a share of a normal scatter keeps: chi-square's quantile."""
    return float(chi2.ppf(share, bands))


def covariances(unit: NDArray[np.float32], ends: NDArray[np.intp], prior: Prior) -> NDArray[np.float64]:
    """Covariance per label of what is left on quiet ground, leaning on all labels where one has few pixels.

    `unit` (bands, n) is that over the tolerance, label after label: those of label i are ``ends[i]:ends[i + 1]``.
    """
    bands, size = unit.shape
    spread = 1.0 if size >= MIN_LABEL_PX else 2 * max(float(np.median(unit**2)), 1e-3)
    common = robust_covariance(unit, spread * np.eye(bands))

    def of_label(label: int) -> NDArray[np.float64]:
        inside = unit[:, ends[label] : ends[label + 1]]
        share = inside.shape[1] / (inside.shape[1] + FULL_TRUST_PX)
        mixed = share * robust_covariance(inside, common) + (1 - share) * common
        found = prior.tolerance[label][:, None] * mixed * prior.tolerance[label]
        return np.asarray(found + np.diag(prior.vapour**2))

    return np.stack([of_label(label) for label in range(len(prior.level))])


def robust_covariance(values: NDArray[np.float32], start: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance (bands, bands) about zero of the inner part of values (bands, n), as if all were scattered like it.

    The first inner part is that under `start`, which is also what comes back for too few values.
    """
    if values.shape[1] < MIN_LABEL_PX:
        return start
    some = np.ascontiguousarray(values[:, :: -(-values.shape[1] // ENOUGH_PX)])
    covariance, floor = start, 0.05 * np.eye(len(values))
    squared = squared_under(some, covariance)
    for _ in range(TURNS):
        inside = squared <= quantile(squared, INNER_SHARE)
        inner = some * inside
        covariance = inner @ inner.T / inside.sum() + 1e-4 * floor
        squared = squared_under(some, covariance)
    tail = float(quantile(squared, TAIL_SHARE)) / usual_square(TAIL_SHARE, len(values))
    return np.asarray(covariance * max(tail, 1e-3) + 0.05 * floor)


def squared_under(values: NDArray[np.float32], covariance: NDArray[np.float64]) -> NDArray[np.float32]:
    """Squared Mahalanobis distances (n,) of values (bands, n)."""
    white = whitening(covariance).astype(np.float32) @ values
    return np.asarray(np.einsum("bn,bn->n", white, white))


def blocks(shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of blocks that cover a raster."""
    return -(-shape[0] // FIELD_BLOCK_PX), -(-shape[1] // FIELD_BLOCK_PX)


def slow_field(left: NDArray[np.float32], pixels: Pixels, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Medians of what is left per block, smoothed over about three blocks, 0 far from clear ground."""
    height, width = blocks(shape)
    ids = (pixels.rows // FIELD_BLOCK_PX) * width + pixels.columns // FIELD_BLOCK_PX
    order, ends = grouped(ids, height * width)
    count = np.diff(ends)
    full = max(0.3 * np.quantile(count[count > 0], 0.9), MIN_BLOCK_PX) if ids.size else 1.0
    weight = np.minimum(count / full, 1).astype(np.float32) * (count >= MIN_BLOCK_PX)
    value = medians(left.take(order, axis=1), ends, MIN_BLOCK_PX)
    weight = weight.reshape(height, width)
    below = smooth(weight) + 0.1
    return np.stack([smooth(weight * band.reshape(height, width)) / below for band in value])


def smooth(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gaussian over blocks."""
    return cv2.GaussianBlur(grid, (0, 0), 1.5, borderType=cv2.BORDER_REPLICATE)  # type: ignore[return-value]
