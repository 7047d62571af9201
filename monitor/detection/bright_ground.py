"""Bright ground that seems cloud: told from clouds by its edge, its colour and the shadow that it lacks."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import grouped
from monitor.detection import codes
from monitor.detection.canvas import Canvas
from monitor.detection.codes import read
from monitor.detection.explain import ANOMALY, CLOUD
from monitor.detection.heights import HEIGHTS_M, THIN
from monitor.detection.look import Look
from monitor.detection.looks import CLOUDLESS
from monitor.detection.objects import Objects, objects_of
from monitor.detection.own_colours import shade_fits
from monitor.detection.ships import opaque, shadow_support, small_ones, swir_excess
from monitor.detection.sun import USUAL_HEIGHT_M
from monitor.strips import strips

SOFT_EDGE = 0.03
"""Opacity per pixel of Landsat; thin clouds fade out, roofs and roads end."""
CORE_PX, CORE_SHARE = 15, 0.01
"""Bright objects wider than this are clouds even if no shadow of theirs can be seen; what is that wide at one place
alone, with less than this share of its pixels so deep inside, is a town, ..."""
THICK_CORE_PX, THICK_CORE_SHARE = 9, 0.04
"""... but clouds that are not thin need be no wider than this, and up to `COMPACT_PX` at one place alone."""
COMPACT_PX = 1000
"""Larger objects need more than these shares, in proportion to their diameter: a cloud that grows grows wider, a town
sprawls."""
SOIL = 0.5
"""Bright soil adds at least so much more light in the short-wave infrared than a cloud as bright in the visible."""
NO_SHADOW, SURELY = 0.3, 3.0
"""Share of its shadow below which an object throws none, and how many standard deviations a full one must be worth."""
SHADOW_STEP_PX = 3
SAMPLE_PX = 200
"""About so many pixels of an object are looked for shadows of."""


def reject_bright_ground(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Hard-edged bright objects, and points, become anomalies where nothing in the scene throws a cloud's shadow."""
    if shade_fits(canvas, seen):
        return
    clouds = objects_of(kind, CLOUD)
    steepness, number, deep, inside = np.zeros((4, clouds.count + 1))
    sizes = (3, round(CORE_PX * canvas.fineness), round(THICK_CORE_PX * canvas.fineness))
    for strip in strips(canvas.shape, sizes[1] // 2):
        cloud = (kind[strip.read] == CLOUD).view(np.uint8)
        if not cloud.any():
            continue
        inner, core, middle = (
            cv2.erode(cloud, np.ones((size, size), np.uint8))[strip.inner].ravel() > 0 for size in sizes
        )
        steep = slope(read(codes.OPACITY, seen.opacity[strip.read]))[strip.inner].ravel()
        places, ids = clouds.within(strip.start, strip.stop)
        edge = ~inner[places]
        steepness += np.bincount(ids[edge], steep[places[edge]], clouds.count + 1)
        number += np.bincount(ids[edge], minlength=clouds.count + 1)
        deep += np.bincount(ids[core[places]], minlength=clouds.count + 1)
        inside += np.bincount(ids[middle[places]], minlength=clouds.count + 1)
    spread = np.sqrt(np.maximum(clouds.area / (COMPACT_PX * canvas.fineness**2), 1))
    thick = inside > np.where(spread > 1, THICK_CORE_SHARE * spread * clouds.area, 0)
    wide = ((deep > CORE_SHARE * spread * clouds.area) | thick) & opaque(clouds, seen, THIN)
    hard = steepness / np.maximum(number, 1) > SOFT_EDGE / canvas.fineness
    wide[hard & wide] = ~unshadowed(canvas, seen, kind, clouds.chosen(hard & wide))[1:]
    hard = (hard & ~wide) | coloured(canvas, seen, clouds)
    small = small_ones(canvas, clouds)
    hard[small] |= ~opaque(clouds.chosen(small), seen)[1:]
    kind.ravel()[clouds.pixels[hard[clouds.ids]]] = ANOMALY


def unshadowed(canvas: Canvas, seen: Look, kind: NDArray[np.uint8], clouds: Objects) -> NDArray[np.bool_]:
    """Which bright objects throw no shadow from any height up to a limit, although each would be seen, (count + 1,).

    The limit is half of what clouds may have, and the usual height where there is next to no other cloud.
    """
    if clouds.count == 0 or canvas.sun is None:
        return np.zeros(clouds.count + 1, bool)
    order, ends = grouped(clouds.ids, clouds.count + 1)
    ids, step = clouds.ids[order], np.maximum(clouds.area // SAMPLE_PX, 1)
    some = (np.arange(order.size) - ends[ids]) % step[ids] == 0
    place, ids = np.divmod(clouds.pixels[order[some]], canvas.shape[1]), ids[some]
    others = seen.cover - clouds.area / np.count_nonzero(canvas.scene.valid)
    none = np.ones(clouds.count + 1, bool)
    for height in np.arange(HEIGHTS_M[0], HEIGHTS_M[1] / 2, SHADOW_STEP_PX / canvas.sun.px_per_m):
        support, sureness = shadow_support(canvas, seen, kind, place, ids, clouds.count + 1, height)
        none &= ((support < NO_SHADOW) & (sureness > SURELY)) | ((height > USUAL_HEIGHT_M) & (others < CLOUDLESS))
    return none


def coloured(canvas: Canvas, seen: Look, clouds: Objects) -> NDArray[np.bool_]:
    """Which bright objects are far brighter in the short-wave infrared than any cloud, (count + 1,)."""
    if clouds.count == 0 or not {"swir16", "swir22"} & set(canvas.scene.bands):
        return np.zeros(clouds.count + 1, bool)
    parts = swir_excess(canvas, seen, *np.divmod(clouds.pixels, canvas.shape[1]))
    opacity, excess = (np.bincount(clouds.ids, part, clouds.count + 1) for part in parts)
    return np.asarray(excess > SOIL * opacity)


def slope(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Length of the gradient per pixel (Sobel)."""
    down = cv2.Sobel(image, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    right = cv2.Sobel(image, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    return np.asarray(np.hypot(down, right), np.float32)
