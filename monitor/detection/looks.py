"""Two looks at a scene: a first one with what the reference knows, a second one with what the clear part shows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.detection.explain import ANOMALY, CLEAR, CLOUD, CLOUD_COLOUR, LIGHT_TAKEN, SHADOW, Explained, explain
from monitor.detection.ground import (
    FIELD_BLOCK_PX,
    Ground,
    Pixels,
    Prior,
    draw,
    first_ground,
    prior_of,
    second_ground,
    whitening,
)
from monitor.detection.sun import Shade, Sun, find_shade, sun_of
from monitor.scenes.scene import Scene

OPAQUE = 0.10
"""Clouds thinner than this share of the light are not called clouds."""
DEEP = 0.22
"""Shadows that take less than this share of the direct light are not called shadows."""
UNSEEN_SHADOW_COST = 8.0
"""Price of a shadow where no cloud is known to throw one."""
SHADE_BONUS = 12.0
SHADE_CERTAIN = 0.35
"""Predicted shade from which a shadow is expected."""
FAR_FROM_SHADE_COST = 4.0
MIN_CLEAR_PX = 500
BRIGHTER_THAN_GROUND = 1.5
"""Clouds outshine the brightest ground by this factor; sets the cloud's colour where values are not reflectances."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """Scene and reference laid out for comparison.

    `ground` is the reference's reflectance, and the centroid nearest to the scene where the reference is
    unknown; `index` (rows, columns) is the label, k + label where the reference is unknown, -1 without data.
    """

    scene: Scene
    reference: ReferenceModel
    prior: Prior
    ground: NDArray[np.float32]
    index: NDArray[np.int16]
    compared: NDArray[np.bool_]
    within: NDArray[np.float64]
    colours: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
    sun: Sun | None


@dataclass(frozen=True, eq=False)
class Look:
    """Best explanation per pixel (uint8), the evidence, the smoothed costs, today's ground, the shade."""

    best: NDArray[np.uint8]
    explained: Explained
    smooth: NDArray[np.float32]
    opacity: NDArray[np.float32]
    depth: NDArray[np.float32]
    ground: Ground
    shade: Shade | None


def lay_out(scene: Scene, reference: ReferenceModel, by_reference: LabelMap) -> Canvas:
    """The canvas of a normalised scene."""
    compared = scene.valid & reference.known & np.isfinite(reference.reflectance).all(axis=0)
    index = np.where(compared, reference.labels, -1).astype(np.int16)
    ground = reference.reflectance
    prior = prior_of(reference)
    alone = scene.valid & ~compared & (by_reference.labels != NO_LABEL)
    if alone.any():
        ground = ground.copy()
        nearest = by_reference.labels[alone]
        ground[:, alone] = prior.level[nearest].T
        index[alone] = reference.k + nearest.astype(np.int16)
    return Canvas(
        scene, reference, prior, ground, index, compared,
        within_labels(reference, prior), colours(scene, reference), sun_of(scene.item, scene.grid),
    )  # fmt: skip


def within_labels(reference: ReferenceModel, prior: Prior) -> NDArray[np.float64]:
    """Covariance of the reference's own pixels about their label's level, (k, bands, bands)."""
    pixels = draw(reference.reflectance, np.zeros_like(reference.reflectance), reference.labels, reference.known)
    out = prior.tolerance[:, :, None] ** 2 * np.eye(len(reference.bands))
    for label in range(reference.k):
        inside = pixels.change[pixels.labels == label] - prior.level[label]
        if len(inside) > 10 * len(reference.bands):
            out[label] += inside.T @ inside / len(inside)
    return out


def colours(
    scene: Scene, reference: ReferenceModel
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Colour of cloud, share of light a shadow takes, light of the air; each float32 (bands,)."""
    known = reference.reflectance[:, reference.known]
    sample = known[:, :: max(1, known.shape[1] // 100_000)]
    sample = sample[:, np.isfinite(sample).all(axis=0)]
    brightest = np.quantile(sample, 0.999, axis=1) if sample.size else np.zeros(len(scene.bands))
    cloud = np.maximum([CLOUD_COLOUR[band] for band in scene.bands], BRIGHTER_THAN_GROUND * brightest)
    air = np.zeros(len(scene.bands))
    if scene.item.needs_sun_correction and sample.size:
        air = np.maximum(np.quantile(sample, 0.005, axis=1), 0)
    taken = np.array([LIGHT_TAKEN[band] for band in scene.bands])
    return cloud.astype(np.float32), taken.astype(np.float32), air.astype(np.float32)


def look_twice(canvas: Canvas) -> Look:
    """The second look, or the first where it left too little clear ground to learn from."""
    shape = canvas.index.shape
    pixels = sample(canvas, canvas.compared)
    first = look(canvas, first_ground(pixels, canvas.prior, shape))
    clear = cv2.erode((canvas.compared & (first.best == CLEAR)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    pixels = sample(canvas, clear)
    if pixels.labels.size < MIN_CLEAR_PX:
        return first
    return look(canvas, second_ground(pixels, canvas.prior, shape))


def sample(canvas: Canvas, use: NDArray[np.bool_]) -> Pixels:
    """A sample of the comparable pixels."""
    return draw(canvas.scene.reflectance, canvas.ground, canvas.reference.labels, use)


def look(canvas: Canvas, ground: Ground) -> Look:
    """The best explanation of every pixel under one idea of the ground."""
    alone = ground.covariance + canvas.within
    whiten = np.concatenate([whitening(ground.covariance), whitening(alone)]).astype(np.float32)
    season = np.concatenate([ground.season, ground.season]).astype(np.float32)
    explained = explain(
        canvas.scene.reflectance,
        canvas.ground,
        canvas.index,
        season,
        ground.field,
        FIELD_BLOCK_PX,
        whiten,
        canvas.colours,
    )
    smooth = np.stack([box(cost) for cost in explained.cost])
    opacity, depth = box(explained.opacity), box(explained.depth)
    smooth[SHADOW] += UNSEEN_SHADOW_COST
    cloud = (smooth.argmin(axis=0) == CLOUD) & (opacity > OPAQUE) & (canvas.index >= 0)
    cloud = cv2.morphologyEx(cloud.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0
    shade = throw(canvas, explained, depth, opacity, cloud)
    if shade is not None:
        smooth[SHADOW] += expected_shadow(shade)
    best = smooth.argmin(axis=0).astype(np.uint8)
    best[(best == CLOUD) & (opacity < OPAQUE)] = CLEAR
    expected = 0 if shade is None else shade.taken
    best[(best == SHADOW) & (np.maximum(depth, expected) < DEEP)] = CLEAR
    best[cloud] = CLOUD
    return Look(best, explained, smooth, opacity, depth, ground, shade)


def throw(
    canvas: Canvas,
    explained: Explained,
    depth: NDArray[np.float32],
    opacity: NDArray[np.float32],
    cloud: NDArray[np.bool_],
) -> Shade | None:
    """The shade of the clouds found so far."""
    if canvas.sun is None:
        return None
    weight = 1 / (1 / (explained.depth_weight + 1e-3) + 0.15**2)
    weight *= np.where(explained.depth_misfit < 2, 1, 0.1)
    weight[cloud | ~canvas.compared] = 0
    thickness = np.where(cloud, np.clip(opacity, 0, 1), 0).astype(np.float32)
    return find_shade(thickness, np.clip(depth, -0.5, 1.2), weight.astype(np.float32), canvas.sun)


def expected_shadow(shade: Shade) -> NDArray[np.float32]:
    """What the predicted shade adds to the cost of a shadow, (rows, columns)."""
    near = cv2.dilate(shade.taken, np.ones((3, 3), np.uint8))
    wide = cv2.dilate(shade.taken, np.ones((9, 9), np.uint8))
    added = -SHADE_BONUS * np.clip(near / SHADE_CERTAIN, 0, 1) + FAR_FROM_SHADE_COST * (wide < 0.1)
    return np.where(shade.outside, np.minimum(added, 0), added).astype(np.float32)


def box(image: NDArray[np.float32], size: int = 3) -> NDArray[np.float32]:
    """Mean over a square window."""
    return cv2.boxFilter(image, -1, (size, size), borderType=cv2.BORDER_REFLECT)  # type: ignore[return-value]
