"""Bright ground that seems cloud: told from clouds by its edge, its colour and the shadow that it lacks."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.canvas import Canvas
from monitor.detection.codes import read
from monitor.detection.explain import ANOMALY, CLOUD
from monitor.detection.heights import HEIGHTS_M, THIN
from monitor.detection.infrared import SOIL, swir_bands, swir_excess
from monitor.detection.look import Look
from monitor.detection.looks import CLOUDLESS
from monitor.detection.object_shadows import shadow_of
from monitor.detection.objects import Objects, objects_of
from monitor.detection.own_colours import shade_fits
from monitor.detection.ships import opaque, small_ones
from monitor.detection.sun import USUAL_HEIGHT_M
from monitor.strips import strips

SOFT_EDGE, HARD_EDGE = 0.03, 0.10
"""Opacity per pixel of Landsat: thin clouds fade out, roofs and roads end. Few clouds end harder than the second."""
CORE_PX, CORE_SHARE = 15, 0.01
"""Bright objects wider than this are clouds even if no shadow of theirs can be seen; what is that wide at one place
alone, with less than this share of its pixels so deep inside, is a town, ..."""
THICK_CORE_PX, THICK_CORE_SHARE = 9, 0.04
"""... but clouds that are not thin need be no wider than this, and up to `COMPACT_PX` at one place alone."""
COMPACT_PX = 1000
"""Larger objects need more than these shares, in proportion to their diameter: a cloud that grows grows wider, a town
sprawls."""
FEW_CLOUDS, LEAST_OPAQUE = 0.15, 0.25
"""Under less cloud than the first, most shadows lie in sight. Where some do, what is thinner than the second may be a
cloud whose shadow is lost in the scatter of the ground."""
NO_SHADOW, CHANCE, SURELY = 0.25, 0.6, 3.0
"""Share of its shadow below which an object throws none; share that dark ground makes up by chance; and how many
standard deviations a whole shadow must be worth to be seen."""
IN_SIGHT = 0.5
"""Share of a shadow that must lie in sight to be missed."""
LEVEL = 0.2
"""Clouds of one scene are within this share of their height."""
SHADOW_STEP_PX = 3
GLANCE_PX, SAMPLE_PX = 40, 150
"""About so many pixels of an object are looked for shadows of, first at the scene's height, then at any."""


class Forms(NamedTuple):
    """Of bright objects, (count + 1,): steepness of the edge in opacity a pixel; pixels deep inside, and less deep."""

    edge: NDArray[np.float64]
    deep: NDArray[np.float64]
    inside: NDArray[np.float64]


def reject_bright_ground(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Bright objects that end like ground and throw no shadow become anomalies."""
    if not shade_fits(canvas, seen):
        without_shade(canvas, seen, kind).paint(kind, ANOMALY)
    elif seen.shade is not None and seen.cover < FEW_CLOUDS:
        beside_shade(canvas, seen, kind, seen.shade.height_m).paint(kind, ANOMALY)


def without_shade(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> Objects:
    """Ground where nothing in the scene throws a cloud's shadow: what ends hard or is coloured like it, and points.

    What is as wide as a cloud, and not thin, is one if its shadow may be out of sight.
    """
    clouds = objects_of(kind, CLOUD)
    edge, deep, inside = forms_of(canvas, seen, kind, clouds)
    spread = np.sqrt(np.maximum(clouds.area / (COMPACT_PX * canvas.fineness**2), 1))
    thick = inside > np.where(spread > 1, THICK_CORE_SHARE * spread * clouds.area, 0)
    wide = (deep > CORE_SHARE * spread * clouds.area) | (thick & opaque(clouds, seen, THIN))
    hard = edge > SOFT_EDGE / canvas.fineness
    if seen.cover < FEW_CLOUDS:
        doubtful = clouds.chosen(hard & wide)
        others = seen.cover - doubtful.area / np.count_nonzero(canvas.scene.valid)
        highest = np.where(others < CLOUDLESS, USUAL_HEIGHT_M, HEIGHTS_M[1] / 2)
        wide[hard & wide] = ~unshadowed(canvas, seen, kind, doubtful, 0, highest)[1:]
    ground = (hard & ~wide) | coloured(canvas, seen, clouds)
    small = small_ones(canvas, clouds)
    ground[small] |= ~opaque(clouds.chosen(small), seen)[1:]
    return clouds.chosen(ground)


def beside_shade(canvas: Canvas, seen: Look, kind: NDArray[np.uint8], height_m: float) -> Objects:
    """Ground among clouds that throw their shadows from about one height: opaque, hard-edged, and without a shadow."""
    clouds = objects_of(kind, CLOUD)
    clouds = clouds.chosen(~small_ones(canvas, clouds))
    shadow = shadow_of(canvas, seen, kind, clouds, sample(clouds, GLANCE_PX), height_m)
    clouds = clouds.chosen((shadow.share < NO_SHADOW) & (shadow.in_sight > IN_SIGHT))
    clouds = clouds.chosen(opaque(clouds, seen, LEAST_OPAQUE))
    lowest, highest = (1 - LEVEL) * height_m, (1 + LEVEL) * height_m
    clouds = clouds.chosen(unshadowed(canvas, seen, kind, clouds, lowest, highest))
    forms = forms_of(canvas, seen, kind, clouds)
    return clouds.chosen((forms.edge > HARD_EDGE / canvas.fineness) & (forms.inside > 0))


def forms_of(canvas: Canvas, seen: Look, kind: NDArray[np.uint8], clouds: Objects) -> Forms:
    """How bright objects end, and how wide they are."""
    steepness, number, deep, inside = np.zeros((4, clouds.count + 1))
    sizes = (3, round(CORE_PX * canvas.fineness), round(THICK_CORE_PX * canvas.fineness))
    for strip in strips(canvas.shape, sizes[1] // 2):
        places, ids = clouds.within(strip.start, strip.stop)
        if not places.size:
            continue
        cloud = (kind[strip.read] == CLOUD).view(np.uint8)
        inner, core, middle = (
            cv2.erode(cloud, np.ones((size, size), np.uint8))[strip.inner].ravel() > 0 for size in sizes
        )
        steep = slope(read(codes.OPACITY, seen.opacity[strip.read]))[strip.inner].ravel()
        edge = ~inner[places]
        steepness += np.bincount(ids[edge], steep[places[edge]], clouds.count + 1)
        number += np.bincount(ids[edge], minlength=clouds.count + 1)
        deep += np.bincount(ids[core[places]], minlength=clouds.count + 1)
        inside += np.bincount(ids[middle[places]], minlength=clouds.count + 1)
    return Forms(steepness / np.maximum(number, 1), deep, inside)


def slope(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of the gradient per pixel (Sobel)."""
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    right = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    return np.asarray(np.hypot(down, right), np.float32)


def unshadowed(
    canvas: Canvas,
    seen: Look,
    kind: NDArray[np.uint8],
    clouds: Objects,
    lowest_m: float,
    highest_m: float | NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which objects throw no shadow from any height, (count + 1,).

    From the heights between the two, the upper of which may be (count + 1,), it must be in sight.
    """
    none = np.full(clouds.count + 1, canvas.sun is not None)
    if canvas.sun is None or not clouds.count:
        return none
    sampled = sample(clouds, SAMPLE_PX)
    for height in np.arange(*HEIGHTS_M, SHADOW_STEP_PX / canvas.sun.px_per_m):
        share, sureness, in_sight = shadow_of(canvas, seen, kind, clouds, sampled, height)
        sure, due = sureness > SURELY, (lowest_m <= height) & (height <= highest_m)
        none &= np.where(due, sure & (share < NO_SHADOW) & (in_sight > IN_SIGHT), ~sure | (share < CHANCE))
    return none


def sample(clouds: Objects, about_px: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """Pixels of objects on a lattice, about so many of each, as flat indices, and the objects they belong to."""
    width = clouds.shape[1]
    step = np.maximum(np.sqrt(clouds.area / about_px), 1).astype(np.int64)
    some = clouds.in_runs(clouds.starts // width % step[clouds.numbers] == 0)
    on_lattice = some.pixels % width % step[some.ids] == 0
    return some.pixels[on_lattice], some.ids[on_lattice]


def coloured(canvas: Canvas, seen: Look, clouds: Objects) -> NDArray[np.bool_]:
    """Which bright objects are far brighter in the short-wave infrared than any cloud, (count + 1,)."""
    if clouds.count == 0 or not swir_bands(canvas):
        return np.zeros(clouds.count + 1, bool)
    parts = swir_excess(canvas, seen, *np.divmod(clouds.pixels, canvas.shape[1]))
    opacity, excess = (np.bincount(clouds.ids, part, clouds.count + 1) for part in parts)
    return np.asarray(excess > SOIL * opacity)
