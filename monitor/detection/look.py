"""One look at a scene: the best explanation of every pixel under one idea of the ground."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.canvas import Canvas
from monitor.detection.explain import Colours, Today
from monitor.detection.ground import Ground, whitening
from monitor.detection.heights import CLOUDY, find_shade
from monitor.detection.judge_kernels import (
    FAR_FROM_SHADE_COST,
    expect_shadow,
    gentle_rows,
    judge_rows,
    mean_sureness,
)
from monitor.detection.look_kernels import UNSEEN_SHADOW_COST, look_rows
from monitor.detection.sun import Shade, resolved, shade_of
from monitor.strips import Strip, over_strips

HAZE_SLOPE = 0.004
OFF_SCENE_BONUS = -2.0
OVERCAST = 0.4
"""From this share of cloud on, most of the ground that is not under it may lie in shadow."""
UNSEEN_ON_WATER_COST = 1.0
"""As `UNSEEN_SHADOW_COST`, for water: it neither burns nor floods, and what darkens it is a shadow."""
NO_CLOUD_COST = 10.0
"""A clear scene has no cloud shadows."""
WEIGH_HALO = 1
JUDGE_HALO = 4
STRIP_PX = 120_000
"""Pixels of a strip that is explained: some 100 bytes each in every thread."""


@dataclass(frozen=True, eq=False)
class Look:
    """What one look saw, as rasters of one byte a pixel (see `codes`).

    `best` is the best explanation per pixel; `bits` the marks of `codes`; averaged `opacity` and `depth`; `peak`, the
    opacity of the pixel alone, and whether it is surely cloud; `trust`, how sure the depth of the pixel alone is;
    `change` and `effect` as explained;
    `taken`, the share of light that the clouds' shade takes (0 everywhere without a shade). Then today's ground, the
    shade that the clouds throw, and the share of the scene that these cover.
    """

    best: NDArray[np.uint8]
    bits: NDArray[np.uint8]
    opacity: NDArray[np.uint8]
    depth: NDArray[np.uint8]
    peak: NDArray[np.uint8]
    trust: NDArray[np.uint8]
    change: NDArray[np.uint8]
    effect: NDArray[np.uint8]
    taken: NDArray[np.uint8]
    ground: Ground
    shade: Shade | None = None
    cover: float = 0.0

    @property
    def is_overcast(self) -> bool:
        """Whether most of the ground may lie in a shade that is known."""
        return self.shade is not None and self.cover >= OVERCAST

    def faint(self, rows: slice) -> NDArray[np.bool_]:
        """Where some rows show cloud or shadow too faint to be called so."""
        return np.asarray((self.bits[rows] & codes.FAINT) > 0)


def look(canvas: Canvas, ground: Ground, colours: Colours) -> Look:
    """The best explanation of every pixel under one idea of the ground.

    Pixels are first weighed with `WEIGH_HALO` rows around, then, once the height of the clouds is known, judged with
    `JUDGE_HALO` rows around; only the shadow reaches further.
    """
    planes = np.zeros((7, *canvas.shape), np.uint8)
    gaps = np.zeros((2, *canvas.shape), np.uint8)
    # The gaps are not needed where a strip is judged: what is found there takes their place.
    bits, opacity, depth, peak, trust, change, effect = planes
    seen = Look(gaps[0], bits, opacity, depth, peak, trust, change, effect, gaps[1], ground)
    tables, white = today(canvas, ground), white_bands(canvas)
    bands = canvas.scene.bands
    snow = [bands.index(band) if band in bands else -1 for band in ("green", "swir16")]

    counts: list[tuple[int, int]] = []

    def measure(strip: Strip) -> None:
        rows, inner = strip.rows, strip.inner
        if not canvas.scene.valid[strip.read].any():
            return
        outputs = tuple(plane[rows] for plane in (*gaps, *planes))
        beside = canvas.beside(strip.read)
        counts.append(
            look_rows(inner.start, inner.stop, beside, tables, strip.top, white, colours, *snow, canvas.window, outputs)
        )

    over_strips(canvas.shape, WEIGH_HALO, measure, STRIP_PX)
    answered, clouded = np.sum(counts, axis=0) if counts else (0, 0)
    cover = float(clouded + close_gaps(peak, canvas.window)) / max(answered, 1)
    shade = None
    if canvas.sun is not None and cover:
        known = (canvas.scene.valid, canvas.reference.labels)
        shade = find_shade(peak, opacity, depth, trust, *known, canvas.sun, cover)

    def conclude(strip: Strip) -> None:
        judge(canvas, strip, seen, gaps, shade, cover)

    over_strips(canvas.shape, JUDGE_HALO, conclude, STRIP_PX)
    return replace(seen, shade=shade, cover=cover)


def today(canvas: Canvas, ground: Ground) -> Today:
    """The tables of unchanged ground: per label, and per label where only the label is known."""
    alone = ground.covariance + canvas.within
    deviation = np.sqrt(np.concatenate([ground.covariance, alone]).diagonal(axis1=1, axis2=2)).astype(np.float32)
    whiten = np.concatenate([whitening(ground.covariance), whitening(alone)]).astype(np.float32)
    season = np.concatenate([ground.season, ground.season]).astype(np.float32)
    return Today(season, ground.field, float(ground.block_px), whiten, deviation, canvas.reference.scale)


def white_bands(canvas: Canvas) -> NDArray[np.float32]:
    """Colour of cloud in the bands by which its brightness is told, 0 elsewhere."""
    white = np.zeros_like(canvas.colours.cloud)
    white[canvas.bright_bands] = canvas.colours.cloud[canvas.bright_bands]
    return white


def close_gaps(peak: NDArray[np.uint8], window: int) -> int:
    """Mark the gaps in what is surely cloud as cloud, in place; gives how many pixels that are."""
    found: list[NDArray[np.intp]] = []

    def find(strip: Strip) -> None:
        cloud = (peak[strip.read] >= codes.CLOUDED).view(np.uint8)
        if cloud.any():
            closed = cv2.morphologyEx(cloud, cv2.MORPH_CLOSE, np.ones((window, window), np.uint8))
            found.append(np.flatnonzero((closed != cloud)[strip.inner]) + strip.start * peak.shape[1])

    over_strips(peak.shape, window - 1, find)
    for gaps in found:
        peak.ravel()[gaps] |= np.uint8(codes.CLOUDED)
    return sum(gaps.size for gaps in found)


def judge(
    canvas: Canvas,
    strip: Strip,
    seen: Look,
    gaps: NDArray[np.uint8],
    shade: Shade | None,
    cover: float,
) -> None:
    """The best explanation, with the shade that the clouds throw, in the place of the gaps."""
    inner, rows = strip.inner, strip.rows
    if not canvas.scene.valid[rows].any():
        gaps[:, rows] = 0
        return
    shape = gaps[0, rows].shape
    taken, outside, measured = np.zeros(shape, np.float32), np.ones(shape, bool), np.ones(shape, np.float32)
    costs = np.where(canvas.water, UNSEEN_ON_WATER_COST, UNSEEN_SHADOW_COST).astype(np.float32)
    extra = np.take(costs, canvas.reference.labels[rows])
    if shade is not None and canvas.sun is not None:
        wide, beyond = shade_of(seen.peak, seen.opacity, canvas.sun, shade, strip.top, strip.bottom)
        near, far = (cv2.dilate(wide, np.ones((size, size), np.uint8))[inner] for size in (3, 9))
        taken, outside, cloudy = wide[inner], beyond[inner], min(cover / CLOUDY, 1)
        off_scene = OFF_SCENE_BONUS * cloudy + FAR_FROM_SHADE_COST * (1 - cloudy)
        expect_shadow(near, far, seen.depth[rows], outside, off_scene, extra)
        mean_sureness(inner.start, seen.trust[strip.read], measured)
    elif canvas.sun is not None and resolved(canvas.sun):
        extra += np.float32(NO_CLOUD_COST * max(1 - cover / CLOUDY, 0))
    gentle = np.zeros(shape, bool)
    if (seen.bits[rows] & codes.FAINT).any():
        # sums of whole numbers are exact, wherever a strip begins
        mean = cv2.boxFilter(seen.opacity[strip.read], cv2.CV_32F, (7, 7), borderType=cv2.BORDER_REFLECT)
        gentle_rows(inner.start, mean, HAZE_SLOPE / codes.OPACITY_STEP, gentle)
    best = np.empty(shape, np.uint8)
    planes = (plane[rows] for plane in (*gaps, seen.bits, seen.peak, seen.opacity, seen.depth))
    judge_rows(*planes, extra, taken, outside, measured, gentle, best)
    gaps[0, rows], gaps[1, rows] = best, taken / np.float32(codes.SHARE_STEP) + np.float32(0.5)
