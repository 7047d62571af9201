"""Three looks at a scene: the first with what the reference knows, the others with what its clear part shows."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.cores import both
from monitor.detection import codes
from monitor.detection.canvas import EVERYWHERE, Canvas, thinned
from monitor.detection.codes import read
from monitor.detection.explain import CLEAR, Colours
from monitor.detection.ground import FIELD_BLOCK_PX, Ground, Pixels, draw, first_ground, sample_step, second_ground
from monitor.detection.judge_kernels import NEAR_SHADE
from monitor.detection.look import Look, look
from monitor.detection.look_kernels import THICKEST_HAZE
from monitor.detection.own_colours import own_colours, own_shade
from monitor.detection.sun import in_sight

MIN_CLEAR_PX, MIN_LIT_PX = 500, 200
"""Pixels to learn from, and those that will do where it is known that the sun shines on them."""
SMALLEST_CLEAR = 0.1
LOOKS = 3
CLOUDLESS = 0.02
"""Share of cloud below which next to nothing lies in shadow: what looks like one there is where haze is thin."""
QUIET_SHADE = 0.15
"""Ground to learn from lies where less light than this share is taken."""
QUIET_REACH = 4.0
"""Ground to learn from has changed at most this many times as much as its label usually has."""


def look_again(canvas: Canvas) -> Look:
    """The last of three looks, or an earlier one where that left too little clear ground to learn from.

    Only the last is at the whole of a large canvas; the others learn from a thinned one.
    """
    thin = thinned(canvas)
    ground = first_ground(sample(thin, thin.compared(EVERYWHERE)), canvas.prior, thin.shape)
    colours = canvas.colours
    for _ in range(LOOKS - 1):
        seen = look(thin, ground, colours)
        pixels = sample(thin, quiet(thin, seen))
        least = MIN_LIT_PX if seen.is_overcast else MIN_CLEAR_PX
        if pixels.size < min(least, SMALLEST_CLEAR * thin.compared(EVERYWHERE).sum()):
            if thin is canvas:
                return seen
            break
        colours, ground = learnt(thin, seen, pixels)
    return look(canvas, replace(ground, block_px=float(FIELD_BLOCK_PX * thin.step)), colours)


def learnt(canvas: Canvas, seen: Look, pixels: Pixels) -> tuple[Colours, Ground]:
    """What a look shows of the colours of clouds and shadows, and its quiet pixels of the ground."""
    haze = THICKEST_HAZE * canvas.colours.cloud
    return both(
        lambda: own_shade(canvas, seen, own_colours(canvas, seen)),
        lambda: second_ground(pixels, canvas.prior, canvas.shape, haze),
    )


def quiet(canvas: Canvas, seen: Look) -> NDArray[np.bool_]:
    """Clear pixels away from all else that changed no more than the quiet part of the scene lets expect."""
    suspect = (seen.bits & codes.SUSPECT) > 0
    suspect &= may_be_shaded(canvas, seen) | (read(codes.OPACITY, seen.opacity) > THICKEST_HAZE)
    clear = (seen.best == CLEAR) & canvas.compared(EVERYWHERE) & ~suspect
    clear &= seen.taken < QUIET_SHADE / codes.SHARE_STEP
    clear = canvas.inner(clear)
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


def may_be_shaded(canvas: Canvas, seen: Look) -> NDArray[np.bool_]:
    """Where what is darker may lie in shadow, and is not learnt from. Elsewhere the haze is thin."""
    if seen.cover < CLOUDLESS:
        return np.zeros(canvas.shape, bool)
    if seen.is_overcast or seen.shade is None or canvas.sun is None:
        return np.ones(canvas.shape, bool)
    shade = (seen.taken > NEAR_SHADE / codes.SHARE_STEP).view(np.uint8)
    near = cv2.dilate(shade, np.ones((9, 9), np.uint8)) > 0
    return np.asarray(near | ~in_sight(canvas.shape, canvas.sun, seen.shade.height_m, 0, canvas.shape[0]))


def sunlit(canvas: Canvas, seen: Look, rows: slice = EVERYWHERE) -> NDArray[np.bool_]:
    """Where, in some rows, it is known whether the sun shines: a cloud in its way would lie inside the scene.

    Everywhere in a scene that is not overcast: what little lies in the shade of clouds beyond its edge does no harm.
    """
    top, bottom, _ = rows.indices(canvas.shape[0])
    if not seen.is_overcast or seen.shade is None or canvas.sun is None:
        return np.ones((bottom - top, canvas.shape[1]), bool)
    return in_sight(canvas.shape, canvas.sun, seen.shade.height_m, top, bottom)


def sample(canvas: Canvas, use: NDArray[np.bool_]) -> Pixels:
    """A sample of the comparable pixels."""
    return draw(canvas.scene.stack, canvas.reference, use)
