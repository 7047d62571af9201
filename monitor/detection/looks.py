"""Three looks at a scene: the first with what the reference knows, the others with what its clear part shows."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.detection import codes
from monitor.detection.canvas import Canvas, table, thinned
from monitor.detection.codes import read
from monitor.detection.explain import CLEAR, CLOUD, CLOUD_COLOUR, OWN_CLOUD, OWN_SHADOW, SHADOW, Colours, Today
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
from monitor.detection.heights import CLOUDY, find_shade
from monitor.detection.judge_kernels import (
    FAR_FROM_SHADE_COST,
    SHADE_CERTAIN,
    expect_shadow,
    gentle_rows,
    judge_rows,
    mean_sureness,
)
from monitor.detection.look_kernels import THICKEST_HAZE, UNSEEN_SHADOW_COST, look_rows
from monitor.detection.shadow_colour import shadow_colour
from monitor.detection.sun import Shade, offset, resolved, shade_of
from monitor.strips import Strip, over_strips

HAZE_SLOPE = 0.004
OFF_SCENE_BONUS = -2.0
OVERCAST = 0.4
"""From this share of cloud on, most of the ground that is not under it may lie in shadow."""
UNSEEN_ON_WATER_COST = 1.0
"""As `UNSEEN_SHADOW_COST`, for water: it neither burns nor floods, and what darkens it is a shadow."""
NO_CLOUD_COST = 10.0
"""A clear scene has no cloud shadows."""
MIN_CLEAR_PX, MIN_LIT_PX = 500, 200
"""Pixels to learn from, and those that will do where it is known that the sun shines on them."""
SMALLEST_CLEAR = 0.1
THICK = 0.5
MIN_CORE_PX = 40
"""Pixels inside thick clouds, or in deep shadows, from which their colour is taken."""
DEEP_ENOUGH, SHADE_PX = 0.4, 5000
"""Depth of the shadows whose colour is taken, and how many of their pixels are enough."""
LOOKS = 3
WEIGH_HALO = 1
JUDGE_HALO = 4
STRIP_PX = 120_000
"""Pixels of a strip that is explained: some 100 bytes each in every thread."""
EVERYWHERE = slice(None)
QUIET_SHADE = 0.15
"""Ground to learn from lies where less light than this share is taken."""
QUIET_REACH = 4.0
"""Ground to learn from has changed at most this many times as much as its label usually has."""


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


def look_again(canvas: Canvas) -> Look:
    """The last of three looks, or an earlier one where that left too little clear ground to learn from.

    Only the last is at the whole of a large canvas; the others learn from a thinned one.
    """
    thin = thinned(canvas)
    shape = thin.shape
    ground, colours = first_ground(sample(thin, thin.compared(EVERYWHERE)), canvas.prior, shape), canvas.colours
    for _ in range(LOOKS - 1):
        seen = look(thin, ground, colours)
        pixels = sample(thin, quiet(thin, seen))
        least = MIN_LIT_PX if seen.is_overcast else MIN_CLEAR_PX
        if pixels.labels.size < min(least, SMALLEST_CLEAR * thin.compared(EVERYWHERE).sum()):
            if thin is canvas:
                return seen
            break
        colours = own_shade(thin, seen, own_colours(thin, seen))
        ground = second_ground(pixels, canvas.prior, shape, THICKEST_HAZE * canvas.colours.cloud)
    return look(canvas, replace(ground, block_px=float(FIELD_BLOCK_PX * thin.step)), colours)


def own_colours(canvas: Canvas, seen: Look) -> Colours:
    """The colours with that of the scene's own thick clouds, where it has some."""
    cloud = (seen.best == CLOUD) & ((seen.bits & codes.SNOW) == 0)
    inner = cv2.erode(cloud.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    rows, columns = np.nonzero(inner & (read(codes.OPACITY, seen.opacity) > THICK) & canvas.compared(EVERYWHERE))
    if rows.size < MIN_CORE_PX or not shade_fits(canvas, seen):
        return canvas.colours
    step = -(-rows.size // 20_000)
    rows, columns = rows[::step], columns[::step]
    ground, scene = (stack.at(rows, columns) for stack in (canvas.reference.stack, canvas.scene.stack))
    opacity = read(codes.OPACITY, seen.opacity[rows, columns])
    colour = np.median(ground + (scene - ground) / opacity, axis=1).astype(np.float32)
    like = canvas.colours
    usual = table(CLOUD_COLOUR, canvas.scene.bands)
    level = np.median(ground, axis=1)
    thick = min(float(np.quantile(opacity, 0.9)), 1.0)
    contrast=(colour-level); want=thick*contrast
    vis=[n for n,b in enumerate(canvas.scene.bands) if b in ('green','red')] or [0]
    least=min(max(float(((usual-level)[vis].mean())/contrast[vis].mean()),thick),1.0)
    colour=(level+least*contrast).astype(np.float32)
    return like._replace(cloud=colour, spread=like.spread * np.float32(OWN_CLOUD), variety=like.variety * OWN_CLOUD)


def own_shade(canvas: Canvas, seen: Look, colours: Colours) -> Colours:
    """The colours with what the scene's own shadows take and the light of its air, where it has deep shadows.

    In shadow there is less haze than was taken off the scene: the light of the air may be less than none.
    """
    if seen.shade is None:
        return colours
    shaded = (seen.taken > SHADE_CERTAIN / codes.SHARE_STEP) & (seen.best == SHADOW)
    deep = seen.depth > codes.depth_code(DEEP_ENOUGH)
    rows, columns = np.nonzero(shaded & deep & canvas.compared(EVERYWHERE))
    if rows.size < MIN_CORE_PX:
        return colours
    step = -(-rows.size // SHADE_PX)
    rows, columns = rows[::step], columns[::step]
    season = seen.ground.season[canvas.reference.labels[rows, columns]].T.astype(np.float32)
    ground, scene = canvas.reference.stack.at(rows, columns) + season, canvas.scene.stack.at(rows, columns)
    usual, haze = canvas.colours, THICKEST_HAZE * canvas.colours.cloud
    taken, air = shadow_colour(read(codes.DEPTH, seen.depth[rows, columns]), ground, scene, usual.taken, usual.air)
    return colours._replace(taken=taken, shade_variety=OWN_SHADOW, air=np.clip(air, -haze, usual.air + haze))


def shade_fits(canvas: Canvas, seen: Look) -> bool:
    """Whether the clouds found throw shadows, or could not be seen to."""
    return seen.shade is not None or canvas.sun is None or not resolved(canvas.sun)


def quiet(canvas: Canvas, seen: Look) -> NDArray[np.bool_]:
    """Clear pixels away from all else that changed no more than the quiet part of the scene lets expect."""
    clear = (seen.best == CLEAR) & canvas.compared(EVERYWHERE) & ((seen.bits & codes.SUSPECT) == 0)
    clear &= seen.taken < QUIET_SHADE / codes.SHARE_STEP
    clear = clear & (cv2.erode(clear.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    change, labels = read(codes.SIZE, seen.change), canvas.reference.labels
    step = sample_step(clear.size)
    thin = (slice(None, None, step), slice(None, None, step))
    reach = np.full(NO_LABEL + 1, np.inf, np.float32)
    for label in range(canvas.reference.k):
        some = change[thin][clear[thin] & (labels[thin] == label)]
        if some.size:
            reach[label] = QUIET_REACH * np.median(some)
    calm: NDArray[np.bool_] = clear & (change < reach[labels])
    lit = calm & sunlit(canvas, seen)
    return lit if np.count_nonzero(lit) >= MIN_LIT_PX else calm


def sunlit(canvas: Canvas, seen: Look, rows: slice = EVERYWHERE) -> NDArray[np.bool_]:
    """Where, in some rows, it is known whether the sun shines: a cloud in its way would lie inside the scene.

    Everywhere in a scene that is not overcast: what little lies in the shade of clouds beyond its edge does no harm.
    """
    (height, width), (top, bottom, _) = canvas.shape, rows.indices(canvas.shape[0])
    if not seen.is_overcast or seen.shade is None or canvas.sun is None:
        return np.ones((bottom - top, width), bool)
    down, right = offset(canvas.sun, seen.shade.height_m)
    known = np.zeros((bottom - top, width), bool)
    first, last = max(down - top, 0), max(height + min(down, 0) - top, 0)
    known[first:last, max(right, 0) : max(width + right, 0)] = True
    return known


def sample(canvas: Canvas, use: NDArray[np.bool_]) -> Pixels:
    """A sample of the comparable pixels."""
    return draw(canvas.scene.stack, canvas.reference, use)


def today(canvas: Canvas, ground: Ground) -> Today:
    """The tables of unchanged ground: per label, and per label where only the label is known."""
    alone = ground.covariance + canvas.within
    deviation = np.sqrt(np.concatenate([ground.covariance, alone]).diagonal(axis1=1, axis2=2)).astype(np.float32)
    whiten = np.concatenate([whitening(ground.covariance), whitening(alone)]).astype(np.float32)
    season = np.concatenate([ground.season, ground.season]).astype(np.float32)
    return Today(season, ground.field, float(ground.block_px), whiten, deviation, canvas.reference.scale)


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
    tables, white, water = today(canvas, ground), white_bands(canvas), canvas.water
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
            look_rows(inner.start, inner.stop, beside, tables, strip.top, white, colours, *snow, water, canvas.window, outputs)
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


def white_bands(canvas: Canvas) -> NDArray[np.float32]:
    """Colour of cloud in the brightest two bands of the visible, 0 elsewhere: corrections of the air spoil the blue."""
    bands = canvas.scene.bands
    count = np.array([band in ("green", "red") for band in bands])
    if not count.any():
        count[0] = True
    return np.where(count, canvas.colours.cloud, 0).astype(np.float32)


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
    extra = costs[canvas.reference.labels[rows]]
    if shade is not None and canvas.sun is not None:
        wide, beyond = shade_of(seen.peak, seen.opacity, canvas.sun, shade, strip.top, strip.bottom)
        near, far = (cv2.dilate(wide, np.ones((size, size), np.uint8))[inner] for size in (3, 9))
        taken, outside, cloudy = wide[inner], beyond[inner], min(cover / CLOUDY, 1)
        off_scene = OFF_SCENE_BONUS * cloudy + FAR_FROM_SHADE_COST * (1 - cloudy)
        expect_shadow(near, far, outside, off_scene, extra)
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


def slope(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of the gradient per pixel (Sobel)."""
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    right = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    return np.asarray(np.hypot(down, right), np.float32)
