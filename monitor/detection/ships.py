"""Ships and what else is small and bright: told from small clouds by their colour and by the shadow they lack."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.canvas import Canvas
from monitor.detection.codes import read
from monitor.detection.explain import CLOUD
from monitor.detection.ground import sample_step
from monitor.detection.infrared import swir_bands, swir_excess
from monitor.detection.look import Look
from monitor.detection.look_kernels import OPAQUE
from monitor.detection.object_shadows import shadow_of
from monitor.detection.objects import Objects, objects_of
from monitor.ranks import median_and_spread
from monitor.strips import strips

SHIP_PX = 16
LONE_PX = 4
"""Small clouds come in fields; what lies this near another one is one of them."""
DAZZLING = 0.25
"""Opacity that clouds of a few pixels seldom reach."""
MANY_SMALL, MOSTLY = 10, 3
"""So many small lone clouds that have their shadow, and so many times those without, are a sky of small clouds."""
SHADOW_MISSED = 1.0
"""Standard deviations by which the shadow of a small cloud may be missed."""
CLOUDS_PX = 200
"""Thin pixels of the scene's clouds from which their colour in the short-wave infrared is known."""
THIN_CLOUD = (0.1, 0.6)
"""Their opacity: that of small clouds."""
ICE_AND_DROPS = 0.1
"""By how much that colour differs at least from cloud to cloud, as a share of a thick one's contrast: a veil of ice
says little of the drops below it."""
LIKE, UNLIKE = 1.5, 2.0
"""Standard deviations of the clouds' colour in the short-wave infrared: what is not brighter by the first is a cloud,
what is brighter by the second a ship."""


def small_clouds(canvas: Canvas, kind: NDArray[np.uint8]) -> Objects:
    """What is called cloud and may be a ship."""
    clouds = objects_of(kind, CLOUD)
    return clouds.chosen(small_ones(canvas, clouds))


def cloud_colour(canvas: Canvas, seen: Look, kind: NDArray[np.uint8], small: Objects) -> NDArray[np.float64]:
    """By how many standard deviations small objects are brighter in the short-wave infrared than the scene's clouds.

    (count + 1,), NaN where too few clouds show their colour. Drops and ice take light from the short-wave infrared;
    paint and steel do not. Ships are not seen on coarse pixels.
    """
    unknown = np.full(small.count + 1, np.nan)
    if small.count == 0 or canvas.window == 1 or not swir_bands(canvas):
        return unknown
    step = sample_step(kind.size)
    rows, columns = (step * places for places in np.nonzero(kind[::step, ::step] == CLOUD))
    sky, excess = swir_excess(canvas, seen, rows, columns)
    colours = excess / np.maximum(sky, THIN_CLOUD[0])
    thin, thick = colours[(sky > THIN_CLOUD[0]) & (sky < THIN_CLOUD[1])], colours[sky >= THIN_CLOUD[1]]
    if thin.size < CLOUDS_PX:
        return unknown
    # thick clouds may be of drops under thin ones of ice
    middle, spread = max(median_and_spread(part) for part in (thin, thick) if part.size >= CLOUDS_PX)
    sums = [
        np.bincount(small.ids, part, small.count + 1)
        for part in swir_excess(canvas, seen, *np.divmod(small.pixels, canvas.shape[1]))
    ]
    return np.asarray((sums[1] - middle * sums[0]) / np.maximum(max(spread, ICE_AND_DROPS) * sums[0], 1e-6))


def shadowless(canvas: Canvas, seen: Look, kind: NDArray[np.uint8], ships: Objects) -> NDArray[np.bool_]:
    """Which of small bright objects are alone and lack the shadow that they should throw, (count + 1,).

    Those whose shadow falls beyond the scene or under other clouds are ships, too, but in a sky of small clouds.
    """
    nothing = np.zeros(ships.count + 1, bool)
    if canvas.sun is None or seen.shade is None:
        return nothing
    alone = lone(ships, kind, round(LONE_PX * canvas.fineness))
    places, ids = ships.pixels[alone[ships.ids]], ships.ids[alone[ships.ids]]
    if places.size == 0:
        return nothing
    peak = np.zeros(ships.count + 1, np.float32)
    np.maximum.at(peak, ids, read(codes.PEAK, seen.peak.ravel()[places]))
    share, sureness, _ = shadow_of(canvas, seen, kind, ships, (places, ids), seen.shade.height_m)
    lacking, shown = (1 - share) * sureness > SHADOW_MISSED, share * sureness >= SHADOW_MISSED
    doubtful = opaque(ships, seen) & (peak > DAZZLING) & ~lacking & ~shown
    in_sight = sureness > 0
    clouds_shown, ships_shown = np.count_nonzero(shown), np.count_nonzero(lacking | (doubtful & in_sight))
    if clouds_shown >= MANY_SMALL and clouds_shown > MOSTLY * ships_shown:
        doubtful &= in_sight
    return np.asarray((lacking | doubtful) & alone)


def small_ones(canvas: Canvas, clouds: Objects) -> NDArray[np.bool_]:
    """Which of some clouds are no larger than a ship and its blur, (count + 1,)."""
    small: NDArray[np.bool_] = clouds.area <= SHIP_PX * canvas.fineness**2
    small[0] = False
    return small


def opaque(clouds: Objects, seen: Look, least: float = OPAQUE) -> NDArray[np.bool_]:
    """Which of some clouds are opaque on the mean, and not at single bright pixels alone, (count + 1,)."""
    total = np.bincount(clouds.ids, read(codes.OPACITY, seen.opacity.ravel()[clouds.pixels]), clouds.count + 1)
    return np.asarray(total >= least * clouds.area)


def lone(ships: Objects, kind: NDArray[np.uint8], reach_px: int) -> NDArray[np.bool_]:
    """Which of some clouds have no other cloud but one another within reach, (count + 1,)."""
    alone = np.ones(ships.count + 1, bool)
    for strip in strips(kind.shape, reach_px):
        places, ids = ships.within(strip.start, strip.stop)
        if not places.size:
            continue
        others = (kind[strip.read] == CLOUD) & (ships.labels(strip.top, strip.bottom) == 0)
        size = 2 * reach_px + 1
        near = cv2.dilate(others.view(np.uint8), np.ones((size, size), np.uint8))[strip.inner]
        alone[ids[near.ravel()[places] > 0]] = False
    return alone
