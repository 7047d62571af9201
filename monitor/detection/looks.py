"""Two looks at a scene: a first one with what the reference knows, a second one with what the clear part shows."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection.canvas import Canvas, thinned
from monitor.detection.explain import (
    ANOMALY,
    CLEAR,
    CLOUD,
    OWN_CLOUD,
    SHADOW,
    Colours,
    Explained,
    Today,
    explain,
)
from monitor.detection.explain_kernel import CLOUD_COST
from monitor.detection.ground import (
    FIELD_BLOCK_PX,
    Ground,
    Pixels,
    draw,
    first_ground,
    sample_step,
    second_ground,
    whitening,
)
from monitor.detection.strips import Strip, over_strips
from monitor.detection.sun import Shade, find_shade, resolved, shade_of

OPAQUE = 0.10
"""Clouds thinner than this share of the light are not called clouds."""
DEEP = 0.24
"""Shadows that take less than this share of the direct light are not called shadows."""
HAZE = 0.12
HAZE_SLOPE = 0.004
FAINT_MARGIN = 2.0
"""Change below the opacity of haze that haze explains better by this much is no change of the ground."""
UNSEEN_SHADOW_COST = 8.0
"""Price of a shadow where no cloud is known to throw one."""
SHADE_BONUS = 12.0
SHADE_CERTAIN = 0.35
"""Predicted shade from which a shadow is expected."""
SHADE_TRUST = 16.0
"""Inverse variance of a predicted depth."""
FAR_FROM_SHADE_COST = 4.0
OFF_SCENE_BONUS = -4.0
CLOUDY = 0.25
"""Clouds beyond the edge of a scene so cloudy are as likely as inside; beyond that of a clear one they are not."""
NO_CLOUD_COST = 10.0
"""A clear scene has no cloud shadows."""
DARKER_MARGIN = 1.5
"""Ground that a shadow explains better by this much is not learnt from, whether or not a cloud is seen."""
WHITER_MARGIN = 3.0
THICKEST_HAZE = 0.08
"""Opacity up to which slow brightening is haze; more is cloud."""
MIN_CLEAR_PX = 500
SMALLEST_CLEAR = 0.1
THICK = 0.5
MIN_CORE_PX = 40
"""Pixels inside thick clouds from which their colour is taken."""
LOOKS = 3
HALF_WHITE = 0.05
"""Clouds brighten the visible by at least this opacity; what only changes beyond it is vegetation."""
PALE, WHITE, DARK = 1, 2, 4
MEASURE_HALO = 3
DECIDE_HALO = 4
QUIET_REACH = 4.0
"""Ground to learn from has changed at most this many times as much as its label usually has."""


@dataclass(frozen=True, eq=False)
class Look:
    """What one look saw, as rasters.

    `best` is the best explanation per pixel; `faint` where that was cloud or shadow too faint to be called so;
    `smooth` the averaged costs (4, rows, columns) before geometry spoke; averaged `opacity` and `depth`, and `peak`,
    the opacity of the pixel alone; `depth_weight`, `change` and `effect` as explained; `tint` the bits `PALE`
    (no whiter than the ground, averaged), `WHITE` and `DARK` (whiter, darker than the ground, alone). Then today's
    ground, the shade that the clouds throw and the share of it per pixel (0 everywhere without a shade).
    """

    best: NDArray[np.uint8]
    faint: NDArray[np.bool_]
    smooth: NDArray[np.float32]
    opacity: NDArray[np.float32]
    depth: NDArray[np.float32]
    peak: NDArray[np.float32]
    depth_weight: NDArray[np.float32]
    change: NDArray[np.float32]
    effect: NDArray[np.float32]
    tint: NDArray[np.uint8]
    ground: Ground
    shade: Shade | None
    taken: NDArray[np.float32]


def look_again(canvas: Canvas) -> Look:
    """The last of three looks, or an earlier one where that left too little clear ground to learn from."""
    thin = thinned(canvas)
    shape = thin.index.shape
    seen = look(thin, first_ground(sample(thin, thin.compared), canvas.prior, shape), canvas.colours)
    colours, ground = canvas.colours, seen.ground
    for _ in range(LOOKS - 1):
        pixels = sample(thin, quiet(thin, seen))
        if pixels.labels.size < min(MIN_CLEAR_PX, SMALLEST_CLEAR * thin.compared.sum()):
            break
        colours = own_colours(thin, seen)
        ground = second_ground(pixels, canvas.prior, shape, THICKEST_HAZE * canvas.colours.cloud)
        seen = look(thin, ground, colours)
    if thin is canvas:
        return seen
    return look(canvas, replace(ground, block_px=float(FIELD_BLOCK_PX * thin.step)), colours)


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
    darker = seen.smooth[SHADOW] + DARKER_MARGIN < seen.smooth[CLEAR]
    whiter = (seen.smooth[CLOUD] - CLOUD_COST + WHITER_MARGIN < seen.smooth[CLEAR]) & (seen.opacity > THICKEST_HAZE)
    clear = (seen.best == CLEAR) & canvas.compared & ~darker & ~whiter
    clear = clear & (cv2.erode(clear.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    change, labels = seen.change, canvas.reference.labels
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


def today(canvas: Canvas, ground: Ground) -> Today:
    """The tables of unchanged ground: per label, and per label where only the label is known."""
    alone = ground.covariance + canvas.within
    deviation = np.sqrt(np.concatenate([ground.covariance, alone]).diagonal(axis1=1, axis2=2)).astype(np.float32)
    whiten = np.concatenate([whitening(ground.covariance), whitening(alone)]).astype(np.float32)
    season = np.concatenate([ground.season, ground.season]).astype(np.float32)
    return Today(season, ground.field, float(ground.block_px), whiten, deviation, canvas.reference.scale)


def look(canvas: Canvas, ground: Ground, colours: Colours) -> Look:
    """The best explanation of every pixel under one idea of the ground.

    Pixels are first weighed with `MEASURE_HALO` rows around, then, once the height of the clouds is known, decided with
    `DECIDE_HALO` rows around; only the shadow reaches further.
    """
    seen = blank(canvas, ground)
    opaque, trust = np.zeros(seen.best.shape, np.float32), np.zeros(seen.best.shape, np.float32)
    tables, white = today(canvas, ground), white_bands(canvas)

    def measure(strip: Strip) -> None:
        explained = explain(strip.read, canvas.scene.reflectance, canvas.ground, canvas.index, tables, white, colours)
        weigh(canvas, strip, explained, seen, opaque, trust)

    over_strips(seen.best.shape, MEASURE_HALO, measure)
    cover = float(np.count_nonzero(opaque) / np.maximum(np.count_nonzero(canvas.index >= 0), 1))
    shade = None if canvas.sun is None else find_shade(opaque, seen.depth, trust, canvas.sun)

    def conclude(strip: Strip) -> None:
        judge(canvas, strip, seen, opaque, shade, cover)

    over_strips(seen.best.shape, DECIDE_HALO, conclude)
    return replace(seen, shade=shade)


def blank(canvas: Canvas, ground: Ground) -> Look:
    """A look with its rasters still to be filled."""
    shape = canvas.index.shape
    planes = {
        name: np.empty(shape, np.float32) for name in ("opacity", "depth", "peak", "depth_weight", "change", "effect")
    }
    return Look(
        best=np.empty(shape, np.uint8), faint=np.empty(shape, np.bool_), smooth=np.empty((4, *shape), np.float32),
        tint=np.empty(shape, np.uint8), ground=ground, shade=None, taken=np.zeros(shape, np.float32), **planes,
    )  # fmt: skip


def white_bands(canvas: Canvas) -> NDArray[np.float32]:
    """Colour of cloud in the brightest two bands of the visible, 0 elsewhere: corrections of the air spoil the blue."""
    bands = canvas.scene.bands
    count = np.array([band in ("green", "red") for band in bands])
    if not count.any():
        count[0] = True
    return np.where(count, canvas.colours.cloud, 0).astype(np.float32)


def weigh(
    canvas: Canvas,
    strip: Strip,
    explained: Explained,
    seen: Look,
    opaque: NDArray[np.float32],
    trust: NDArray[np.float32],
) -> None:
    """Average what was explained, find what is surely cloud; `opaque` is its opacity, `trust` that of the depths."""
    inner, rows = strip.inner, strip.rows
    smooth = [box(cost, canvas.window) for cost in explained.cost]
    opacity, depth = box(explained.opacity, canvas.window), box(explained.depth, canvas.window)
    other = np.minimum(np.minimum(smooth[CLEAR], smooth[SHADOW] + UNSEEN_SHADOW_COST), smooth[ANOMALY])
    cloud = (smooth[CLOUD] < other) & (opacity > OPAQUE) & (canvas.index[strip.read] >= 0)
    cloud = cv2.morphologyEx(cloud.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((canvas.window,) * 2, np.uint8)) > 0
    for n, cost in enumerate(smooth):
        seen.smooth[n, rows] = cost[inner]
    seen.opacity[rows], seen.depth[rows] = opacity[inner], depth[inner]
    seen.peak[rows], seen.depth_weight[rows] = explained.opacity[inner], explained.depth_weight[inner]
    seen.change[rows], seen.effect[rows] = explained.change[inner], explained.effect[inner]
    pale = box(explained.white, canvas.window)[inner] < HALF_WHITE
    alone = explained.white[inner]
    seen.tint[rows] = pale * np.uint8(PALE) | (alone > OPAQUE) * np.uint8(WHITE) | (alone < 0) * np.uint8(DARK)
    weight = 1 / (1 / (explained.depth_weight[inner] + np.float32(1e-3)) + np.float32(0.15**2))
    weight *= np.where(explained.depth_misfit[inner] < 2, np.float32(1), np.float32(0.1))
    weight[cloud[inner] | ~canvas.compared[rows]] = 0
    trust[rows] = weight
    opaque[rows] = np.where(cloud[inner], np.clip(opacity[inner], 1e-6, 1), 0)


def judge(
    canvas: Canvas, strip: Strip, seen: Look, opaque: NDArray[np.float32], shade: Shade | None, cover: float
) -> None:
    """The best explanation, with the shade that the clouds throw."""
    inner, rows = strip.inner, strip.rows
    clear, cloud, shadow, anomaly = seen.smooth[:, rows]
    opacity, depth, sure = seen.opacity[rows], seen.depth[rows], seen.depth[rows]
    shadow = shadow + np.float32(UNSEEN_SHADOW_COST)
    if shade is not None and canvas.sun is not None:
        taken, outside = shade_of(opaque, canvas.sun, shade, strip.top, strip.bottom)
        shadow += expected_shadow(taken, outside, cover)[inner]
        seen.taken[rows] = taken[inner]
        measured = box(seen.depth_weight[strip.read])[inner]
        trust = np.where(outside, np.float32(0), np.float32(SHADE_TRUST))[inner]
        sure = (measured * depth + trust * taken[inner]) / (measured + trust + np.float32(1e-3))
    elif canvas.sun is not None and resolved(canvas.sun):
        shadow += np.float32(NO_CLOUD_COST * max(1 - cover / CLOUDY, 0))
    open_cost = np.minimum(clear, anomaly)
    clouded = (cloud < clear) & (cloud <= np.minimum(shadow, anomaly))
    shaded = ~clouded & (shadow < clear) & (shadow <= anomaly)
    odd = ~clouded & ~shaded & (anomaly < clear)
    faint = clouded & (opacity < OPAQUE) | shaded & (sure < DEEP)
    hazy = (cloud + np.float32(FAINT_MARGIN - CLOUD_COST) < open_cost) & (opacity < HAZE) & ~shaded & (depth < DEEP)
    if hazy.any():
        faint |= hazy & (slope(box(seen.opacity[strip.read], 7))[inner] < HAZE_SLOPE)
    best = clouded * np.uint8(CLOUD) + shaded * np.uint8(SHADOW) + odd * np.uint8(ANOMALY)
    best[faint] = CLEAR
    sure_cloud = opaque[rows] > 0
    best[sure_cloud] = CLOUD
    seen.best[rows], seen.faint[rows] = best, faint & ~sure_cloud


def expected_shadow(taken: NDArray[np.float32], outside: NDArray[np.bool_], cover: float) -> NDArray[np.float32]:
    """What the predicted shade adds to the cost of a shadow, (rows, columns); `cover` is the share of cloud."""
    near = cv2.dilate(taken, np.ones((3, 3), np.uint8))
    wide = cv2.dilate(taken, np.ones((9, 9), np.uint8))
    added = np.clip(near / np.float32(SHADE_CERTAIN), 0, 1) * np.float32(-SHADE_BONUS)
    added += np.float32(FAR_FROM_SHADE_COST) * (wide < np.float32(0.1))
    cloudy = min(cover / CLOUDY, 1)
    off_scene = np.minimum(added, np.float32(OFF_SCENE_BONUS * cloudy + FAR_FROM_SHADE_COST * (1 - cloudy)))
    return np.asarray(np.where(outside, off_scene, added), np.float32)


def slope(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of the gradient per pixel (Sobel)."""
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    right = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    return np.asarray(np.hypot(down, right), np.float32)


def box(image: NDArray[np.float32], size: int = 3) -> NDArray[np.float32]:
    """Mean over a square window."""
    return np.asarray(cv2.boxFilter(image, -1, (size, size), borderType=cv2.BORDER_REFLECT), np.float32)
