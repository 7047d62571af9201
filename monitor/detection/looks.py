"""Two looks at a scene: a first one with what the reference knows, a second one with what the clear part shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.detection.explain import (
    ANOMALY,
    CLEAR,
    CLOUD,
    CLOUD_COLOUR,
    CLOUD_SPREAD,
    CLOUD_VARIETY,
    LIGHT_TAKEN,
    OWN_CLOUD,
    SHADOW,
    Colours,
    Explained,
    explain,
)
from monitor.detection.explain_kernel import CLOUD_COST
from monitor.detection.ground import (
    FIELD_BLOCK_PX,
    Ground,
    Pixels,
    Prior,
    draw,
    first_ground,
    prior_of,
    sample_step,
    second_ground,
    whitening,
)
from monitor.detection.sun import Shade, Sun, find_shade, resolved, sun_of
from monitor.scenes.scene import Scene

OPAQUE = 0.10
"""Clouds thinner than this share of the light are not called clouds."""
DEEP = 0.24
HAZE = 0.12
HAZE_SLOPE = 0.004
FAINT_MARGIN = 2.0
"""Change below the opacity of haze that haze explains better by this much is no change of the ground."""
"""Shadows that take less than this share of the direct light are not called shadows."""
UNSEEN_SHADOW_COST = 8.0
"""Price of a shadow where no cloud is known to throw one."""
SHADE_BONUS = 12.0
SHADE_CERTAIN = 0.35
SHADE_TRUST = 16.0
"""Inverse variance of a predicted depth."""
"""Predicted shade from which a shadow is expected."""
FAR_FROM_SHADE_COST = 4.0
OFF_SCENE_BONUS = -4.0
CLOUDY = 0.25
NO_CLOUD_COST = 10.0
"""A clear scene has no cloud shadows."""
"""Clouds beyond the edge of a cloudy scene are as likely as inside."""
DARKER_MARGIN = 1.5
"""Ground that a shadow explains better by this much is not learnt from, whether or not a cloud is seen."""
WHITER_MARGIN = 3.0
THICKEST_HAZE = 0.08
"""Opacity up to which slow brightening is haze; more is cloud."""
MIN_CLEAR_PX = 500
LEARN_PX = 600_000
COARSE_M = 300.0
SMALLEST_CLEAR = 0.1
THICK = 0.5
MIN_CORE_PX = 40
"""Pixels inside thick clouds from which their colour is taken."""
LOOKS = 3
QUIET_REACH = 4.0
"""Ground to learn from has changed at most this many times as much as its label usually has."""
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
    colours: Colours
    sun: Sun | None
    step: int = 1

    @property
    def window(self) -> int:
        """Side of the square that evidence is averaged over, in pixels; coarse pixels stand alone."""
        return 3 if self.scene.grid.pixel_size_m < COARSE_M * self.step else 1


@dataclass(frozen=True, eq=False)
class Look:
    """What one look saw.

    `best` is the best explanation per pixel; `faint` where that was cloud or shadow too faint to be called so;
    `smooth` the averaged costs (4, rows, columns), `shadow_cost` that of a shadow before geometry spoke; then
    averaged opacity and depth, today's ground, and the shade that the clouds throw.
    """

    best: NDArray[np.uint8]
    faint: NDArray[np.bool_]
    explained: Explained
    smooth: NDArray[np.float32]
    shadow_cost: NDArray[np.float32]
    opacity: NDArray[np.float32]
    depth: NDArray[np.float32]
    ground: Ground
    shade: Shade | None


def lay_out(scene: Scene, reference: ReferenceModel, by_reference: LabelMap) -> Canvas:
    """The canvas of a normalised scene."""
    compared = scene.valid & reference.known & np.isfinite(reference.reflectance).all(axis=0)
    index = np.where(compared, reference.labels.astype(np.int16), np.int16(-1))
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


def colours(scene: Scene, reference: ReferenceModel) -> Colours:
    """Colours of cloud, shadow and air for the scene's bands, in the units of the reference."""
    known = reference.reflectance[:, reference.known]
    sample = known[:, :: max(1, known.shape[1] // 100_000)]
    sample = sample[:, np.isfinite(sample).all(axis=0)]
    brightest = np.quantile(sample, 0.999, axis=1) if sample.size else np.zeros(len(scene.bands))
    cloud = np.maximum(table(CLOUD_COLOUR, scene.bands), BRIGHTER_THAN_GROUND * brightest).astype(np.float32)
    stretch = cloud / table(CLOUD_COLOUR, scene.bands)
    air = np.zeros(len(scene.bands), np.float32)
    if scene.item.needs_sun_correction and sample.size:
        air = np.maximum(np.quantile(sample, 0.005, axis=1), 0).astype(np.float32)
    return Colours(
        cloud, table(CLOUD_SPREAD, scene.bands) * stretch, CLOUD_VARIETY, table(LIGHT_TAKEN, scene.bands), air
    )


def table(values: Mapping[str, float], bands: Sequence[str]) -> NDArray[np.float32]:
    """The values of the bands, (bands,)."""
    return np.array([values[band] for band in bands], np.float32)


def look_again(canvas: Canvas) -> Look:
    """The last of three looks, or an earlier one where that left too little clear ground to learn from."""
    thin = thinned(canvas)
    shape = thin.index.shape
    seen = look(thin, first_ground(sample(thin, thin.compared), canvas.prior, shape))
    last, ground = thin, seen.ground
    for _ in range(LOOKS - 1):
        pixels = sample(thin, quiet(thin, seen))
        if pixels.labels.size < min(MIN_CLEAR_PX, SMALLEST_CLEAR * thin.compared.sum()):
            break
        last = replace(thin, colours=own_colours(thin, seen))
        ground = second_ground(pixels, canvas.prior, shape, THICKEST_HAZE * canvas.colours.cloud)
        seen = look(last, ground)
    if thin is canvas:
        return seen
    return look(replace(canvas, colours=last.colours), replace(ground, block_px=float(FIELD_BLOCK_PX * thin.step)))


def thinned(canvas: Canvas) -> Canvas:
    """Every n-th pixel of a large canvas, to learn from; a small one as it is."""
    step = int(np.ceil(np.sqrt(canvas.index.size / LEARN_PX)))
    if step <= 1:
        return canvas
    cut = (slice(step // 2, None, step), slice(step // 2, None, step))
    every = (slice(None), *cut)
    scene, reference = canvas.scene, canvas.reference
    height, width = canvas.index[cut].shape
    grid = replace(scene.grid, transform=scene.grid.transform * Affine.scale(step), height=height, width=width)
    small = np.ascontiguousarray(scene.reflectance[every])
    return replace(
        canvas,
        scene=replace(scene, grid=grid, reflectance=small, valid=scene.valid[cut], qa=None),
        reference=replace(reference, grid=grid, reflectance=reference.reflectance[every], labels=reference.labels[cut]),
        ground=np.ascontiguousarray(canvas.ground[every]),
        index=np.ascontiguousarray(canvas.index[cut]),
        compared=canvas.compared[cut],
        sun=sun_of(scene.item, grid),
        step=step,
    )


def own_colours(canvas: Canvas, seen: Look) -> Colours:
    """The colours with that of the scene's own thick clouds, where it has some."""
    inner = cv2.erode((seen.best == CLOUD).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rows, columns = np.nonzero(inner & (seen.opacity > THICK) & canvas.compared)
    if rows.size < MIN_CORE_PX or not shade_fits(canvas, seen):
        return canvas.colours
    step = -(-rows.size // 20_000)
    there = (slice(None), rows[::step], columns[::step])
    ground = canvas.ground[there]
    implied = ground + (canvas.scene.reflectance[there] - ground) / seen.opacity[there[1:]]
    colour = np.median(implied, axis=1).astype(np.float32)
    like = canvas.colours
    return like._replace(cloud=colour, spread=like.spread * np.float32(OWN_CLOUD), variety=like.variety * OWN_CLOUD)


def shade_fits(canvas: Canvas, seen: Look) -> bool:
    """Whether the clouds found throw shadows, or could not be seen to."""
    return seen.shade is not None or canvas.sun is None or not resolved(canvas.sun)


def quiet(canvas: Canvas, seen: Look) -> NDArray[np.bool_]:
    """Clear pixels away from all else that changed no more than the quiet part of the scene lets expect."""
    darker = seen.shadow_cost + DARKER_MARGIN < seen.smooth[CLEAR]
    whiter = (seen.smooth[CLOUD] - CLOUD_COST + WHITER_MARGIN < seen.smooth[CLEAR]) & (seen.opacity > THICKEST_HAZE)
    clear = (seen.best == CLEAR) & canvas.compared & ~darker & ~whiter
    clear = clear & (cv2.erode(clear.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    change, labels = seen.explained.change, canvas.reference.labels
    step = sample_step(clear.size)
    thin = (slice(None, None, step), slice(None, None, step))
    reach = np.full(256, np.inf, np.float32)
    for label in range(canvas.reference.k):
        some = change[thin][clear[thin] & (labels[thin] == label)]
        if some.size:
            reach[label] = QUIET_REACH * np.median(some)
    calm: NDArray[np.bool_] = clear & (change < reach[labels])
    return calm


def sample(canvas: Canvas, use: NDArray[np.bool_]) -> Pixels:
    """A sample of the comparable pixels."""
    return draw(canvas.scene.reflectance, canvas.ground, canvas.reference.labels, use)


def look(canvas: Canvas, ground: Ground) -> Look:
    """The best explanation of every pixel under one idea of the ground."""
    alone = ground.covariance + canvas.within
    deviation = np.sqrt(np.concatenate([ground.covariance, alone]).diagonal(axis1=1, axis2=2)).astype(np.float32)
    whiten = np.concatenate([whitening(ground.covariance), whitening(alone)]).astype(np.float32)
    season = np.concatenate([ground.season, ground.season]).astype(np.float32)
    explained = explain(
        canvas.scene.reflectance,
        canvas.ground,
        canvas.index,
        season,
        ground.field,
        ground.block_px,
        whiten,
        deviation,
        canvas.reference.scale,
        canvas.colours,
    )
    smooth = np.stack([box(cost, canvas.window) for cost in explained.cost])
    opacity, depth = box(explained.opacity, canvas.window), box(explained.depth, canvas.window)
    shadow_cost = smooth[SHADOW].copy()
    smooth[SHADOW] += UNSEEN_SHADOW_COST
    cloud = (smooth.argmin(axis=0) == CLOUD) & (opacity > OPAQUE) & (canvas.index >= 0)
    cloud = cv2.morphologyEx(cloud.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((canvas.window,) * 2, np.uint8)) > 0
    shade = throw(canvas, explained, depth, opacity, cloud)
    cover = float(cloud.sum() / max(int((canvas.index >= 0).sum()), 1))
    if shade is not None:
        smooth[SHADOW] += expected_shadow(shade, cover)
    elif canvas.sun is not None and resolved(canvas.sun):
        smooth[SHADOW] += NO_CLOUD_COST * max(1 - cover / CLOUDY, 0)
    best = smooth.argmin(axis=0).astype(np.uint8)
    sure = fused_depth(explained, depth, shade)
    faint = (best == CLOUD) & (opacity < OPAQUE) | (best == SHADOW) & (sure < DEEP)
    hazy = (smooth[CLOUD] - CLOUD_COST + FAINT_MARGIN < np.minimum(smooth[CLEAR], smooth[ANOMALY])) & (opacity < HAZE)
    faint |= hazy & (best != SHADOW) & (depth < DEEP) & (slope(box(opacity, 7)) < HAZE_SLOPE)
    best[faint] = CLEAR
    best[cloud] = CLOUD
    return Look(best, faint & ~cloud, explained, smooth, shadow_cost, opacity, depth, ground, shade)


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


def fused_depth(explained: Explained, depth: NDArray[np.float32], shade: Shade | None) -> NDArray[np.float32]:
    """Measured and predicted depth, each as far as it can be trusted: ground measures well, water hardly."""
    if shade is None:
        return depth
    measured = box(explained.depth_weight)
    trust = np.where(shade.outside, 0, SHADE_TRUST).astype(np.float32)
    return np.asarray((measured * depth + trust * shade.taken) / (measured + trust + 1e-3), np.float32)


def expected_shadow(shade: Shade, cover: float) -> NDArray[np.float32]:
    """What the predicted shade adds to the cost of a shadow, (rows, columns); `cover` is the share of cloud."""
    near = cv2.dilate(shade.taken, np.ones((3, 3), np.uint8))
    wide = cv2.dilate(shade.taken, np.ones((9, 9), np.uint8))
    added = -SHADE_BONUS * np.clip(near / SHADE_CERTAIN, 0, 1) + FAR_FROM_SHADE_COST * (wide < 0.1)
    off_scene = np.minimum(added, OFF_SCENE_BONUS * min(cover / CLOUDY, 1))
    return np.asarray(np.where(shade.outside, off_scene, added), np.float32)


def slope(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of the gradient per pixel (Sobel)."""
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    right = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    return np.asarray(np.hypot(down, right), np.float32)


def box(image: NDArray[np.float32], size: int = 3) -> NDArray[np.float32]:
    """Mean over a square window."""
    return np.asarray(cv2.boxFilter(image, -1, (size, size), borderType=cv2.BORDER_REFLECT), np.float32)
