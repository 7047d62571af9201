"""From the best explanations to kinds: which bright objects are clouds, and where anomalies begin and end."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection.canvas import Canvas
from monitor.detection.explain import ANOMALY, CLEAR, CLOUD, SHADOW
from monitor.detection.looks import DARK, PALE, WHITE, Look, box, shade_fits, slope
from monitor.detection.strips import Strip, over_strips
from monitor.detection.sun import offset

SOFT_EDGE = 0.03
"""Opacity per pixel; thin clouds fade out, roofs and roads end."""
HALO_PX = 5
"""Clouds reach this far beyond what is surely cloud."""
SEED_STRENGTH = 1.7
"""Strength of change (see `strength`) that founds an anomaly, ..."""
GROW_STRENGTH = 1.2
"""... and down to which it extends. They are the same for every scene, sensor and site: today's scatter and the
distances between labels are the units."""
EDGE_SHARE = 0.55
STRONGEST_EDGE = 2.0
"""An object ends where change falls below this share of its own mean, at most at this strength."""
DUE = 0.3
"""Predicted depth from which a shadow is due; what is twice as dark there is one."""
SNOW_INDEX = 0.45
SNOW_GREEN = 0.15
SHIP_PX = 16
DAZZLING = 0.25
"""Opacity that clouds of a few pixels seldom reach."""
SHADOW_MISSED = 1.0
"""Standard deviations by which the shadow of a small cloud may be missed."""
CORE_PX = 15
"""Bright objects wider than this are clouds even if no shadow of theirs can be seen."""


def decide(canvas: Canvas, seen: Look) -> NDArray[np.uint8]:
    """Kind of every pixel (uint8, rows, columns): clear, cloud, shadow, anomaly."""
    kind = seen.best.copy()
    kind[canvas.index < 0] = CLEAR
    covered = snow(canvas)
    kind[(kind == CLOUD) & (covered | ((seen.tint & PALE) > 0))] = ANOMALY
    kind[covered & ~canvas.compared] = CLEAR
    reject_bright_ground(canvas, seen, kind)
    reject_shadowless(canvas, seen, kind)
    grow_clouds(canvas, seen, kind)
    darken_shade(seen, kind)
    mark_anomalies(canvas, seen, kind)
    return kind


def snow(canvas: Canvas) -> NDArray[np.bool_]:
    """Snow by its index (Hall et al. 1995), far enough from ice cloud; nowhere where a band for it is missing."""
    bands = canvas.scene.bands
    if "green" not in bands or "swir16" not in bands:
        return np.zeros(canvas.index.shape, bool)
    green, swir = (canvas.scene.reflectance[bands.index(band)] for band in ("green", "swir16"))
    covered: NDArray[np.bool_] = (green > SNOW_GREEN) & (green - swir > SNOW_INDEX * (green + swir))
    return covered


def reject_bright_ground(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Hard-edged bright objects become anomalies where nothing in the scene throws a cloud's shadow."""
    cloud = (kind == CLOUD).astype(np.uint8)
    if shade_fits(canvas, seen) or not cloud.any():
        return
    count, labels = cv2.connectedComponents(cloud, connectivity=8)
    edge = (cloud > 0) & (cv2.erode(cloud, np.ones((3, 3), np.uint8)) == 0)
    steep = slope(seen.opacity)
    hardness = np.bincount(labels[edge], steep[edge], count) / np.maximum(np.bincount(labels[edge], minlength=count), 1)
    hard = hardness > SOFT_EDGE
    hard[labels[cv2.erode(cloud, np.ones((CORE_PX, CORE_PX), np.uint8)) > 0]] = False
    hard[0] = False
    kind[hard[labels]] = ANOMALY


def reject_shadowless(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Small lone bright objects are no clouds where their shadow should be seen and is not: ships."""
    if canvas.sun is None or seen.shade is None:
        return
    cloud = (kind == CLOUD).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cloud, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] <= SHIP_PX
    small[0] = False
    others = cv2.dilate((cloud > 0).astype(np.uint8) * ~small[labels], np.ones((9, 9), np.uint8)) > 0
    small[labels[others]] = False
    rows, columns = np.nonzero(small[labels])
    if rows.size == 0:
        return
    ids = labels[rows, columns]
    peak = np.zeros(count, np.float32)
    np.maximum.at(peak, ids, seen.peak[rows, columns])
    support, sureness = shadow_support(canvas, seen, cloud, (rows, columns), ids, count)
    lacking = small & ((1 - support) * sureness > SHADOW_MISSED)
    lacking |= small & (peak > DAZZLING) & (support * sureness < SHADOW_MISSED)
    kind[lacking[labels]] = ANOMALY


def shadow_support(
    canvas: Canvas,
    seen: Look,
    cloud: NDArray[np.uint8],
    place: tuple[NDArray[np.intp], NDArray[np.intp]],
    ids: NDArray[np.int32],
    count: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How much of the shadow that bright pixels should throw is there, per object, and how sure that is, (count,)."""
    sun, shade = canvas.sun, seen.shade
    if sun is None or shade is None:
        return np.zeros(count), np.zeros(count)
    height, width = cloud.shape
    down, right = offset(sun, shade.height_m)
    rows, columns = place[0] + down, place[1] + right
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    size = np.clip(seen.opacity[place], 0, 1)[inside]
    rows, columns, ids = rows[inside], columns[inside], ids[inside]
    open_sky = (cloud[rows, columns] == 0) & canvas.compared[rows, columns]
    rows, columns, ids, size = rows[open_sky], columns[open_sky], ids[open_sky], size[open_sky]
    weight = 1 / (1 / (seen.depth_weight[rows, columns] + 1e-3) + 0.15**2)
    mass = np.bincount(ids, weight * size**2, count)
    support = np.bincount(ids, weight * size * seen.depth[rows, columns], count) / np.maximum(mass, 1e-6)
    return support, np.sqrt(mass)


def grow_clouds(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """What is whiter than the ground beside a cloud is its fringe, whatever the correction of the air did to it.

    Not on coarse pixels, where clouds and their fringes lie within one.
    """
    if canvas.window == 1:
        return
    cloud = (kind == CLOUD).astype(np.uint8)
    size = 2 * HALO_PX + 1
    solid = cv2.morphologyEx(cloud, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    near = cv2.dilate(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0
    kind[near & ((kind == ANOMALY) | seen.faint) & ((seen.tint & WHITE) > 0)] = CLOUD


def darken_shade(seen: Look, kind: NDArray[np.uint8]) -> None:
    """Dark places where a cloud's shadow is due are that shadow, even if they are not coloured like one."""
    if seen.shade is None:
        return
    due = cv2.dilate((seen.taken > DUE).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    kind[due & (kind == ANOMALY) & (seen.depth > 2 * DUE) & ((seen.tint & DARK) > 0)] = SHADOW


def strength(canvas: Canvas, seen: Look, ground: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Strength of change: geometric mean of its size in units of today's scatter and in units of label distances.

    Averaged over the 3 x 3 neighbours that are `ground`, 0 elsewhere.
    """
    power = np.empty(ground.shape, np.float32)

    def fill(strip: Strip) -> None:
        here = ground[strip.read]
        alone = np.sqrt(seen.change[strip.read] * seen.effect[strip.read])
        alone[~here] = 0
        share = np.maximum(box(here.astype(np.float32), canvas.window), np.float32(0.1))
        mean = box(alone, canvas.window) / share
        mean[~here] = 0
        power[strip.rows] = mean[strip.inner]

    over_strips(ground.shape, 1, fill)
    return power


def open_ground(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where an anomaly could be seen: compared, and neither cloud nor shadow, not even a faint one."""
    ground: NDArray[np.bool_] = canvas.compared & ((kind == CLEAR) | (kind == ANOMALY)) & ~seen.faint
    return ground


def mark_anomalies(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Anomalies by hysteresis: objects found on strong change, grown to weaker change."""
    ground = open_ground(canvas, seen, kind)
    power = strength(canvas, seen, ground)
    weak = (power > GROW_STRENGTH).astype(np.uint8)
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    inside = np.flatnonzero(weak)
    ids, powers = labels.ravel()[inside], power.ravel()[inside]
    founded = np.zeros(count, bool)
    founded[ids[powers > SEED_STRENGTH]] = True
    usual = np.bincount(ids, powers, count) / np.maximum(np.bincount(ids, minlength=count), 1)
    edge = np.minimum(EDGE_SHARE * usual, STRONGEST_EDGE)
    kind[ground] = CLEAR
    kind.ravel()[inside[founded[ids] & (powers > edge[ids])]] = ANOMALY
