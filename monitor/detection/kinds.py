"""From the best explanations to kinds: which bright objects are clouds, and where anomalies begin and end."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection.explain import ANOMALY, CLEAR, CLOUD, SHADOW
from monitor.detection.looks import OPAQUE, Canvas, Look, box, shade_fits, slope
from monitor.detection.sun import cast

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
HALF_WHITE = 0.05
"""Clouds brighten the visible by at least this opacity; what only changes beyond it is vegetation."""
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
    white = box(whiteness(canvas, canvas.index >= 0), canvas.window)
    covered = snow(canvas)
    kind[(kind == CLOUD) & (covered | (white < HALF_WHITE))] = ANOMALY
    kind[covered & ~canvas.compared] = CLEAR
    reject_bright_ground(canvas, seen, kind)
    reject_shadowless(canvas, seen, kind)
    grow_clouds(canvas, seen, kind)
    darken_shade(canvas, seen, kind)
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
    hard[np.unique(labels[cv2.erode(cloud, np.ones((CORE_PX, CORE_PX), np.uint8)) > 0])] = False
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
    small[np.unique(labels[others])] = False
    mask = small[labels]
    if not mask.any():
        return
    thrown = cast(np.where(mask, labels, 0).astype(np.float32), canvas.sun, seen.shade.height_m).astype(np.int32)
    expected = cast(np.where(mask, np.clip(seen.opacity, 0, 1), 0).astype(np.float32), canvas.sun, seen.shade.height_m)
    rows, columns = np.nonzero((thrown > 0) & (cloud == 0) & canvas.compared)
    ids, size = thrown[rows, columns], expected[rows, columns]
    weight = 1 / (1 / (seen.explained.depth_weight[rows, columns] + 1e-3) + 0.15**2)
    mass = np.bincount(ids, weight * size**2, count)
    support = np.bincount(ids, weight * size * seen.depth[rows, columns], count) / np.maximum(mass, 1e-6)
    sureness = np.sqrt(mass)
    peak = np.zeros(count, np.float32)
    np.maximum.at(peak, labels[mask], seen.explained.opacity[mask])
    lacking = small & ((1 - support) * sureness > SHADOW_MISSED)
    lacking |= small & (peak > DAZZLING) & (support * sureness < SHADOW_MISSED)
    kind[lacking[labels]] = ANOMALY


def grow_clouds(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """What is whiter than the ground beside a cloud is its fringe, whatever the correction of the air did to it."""
    cloud = (kind == CLOUD).astype(np.uint8)
    size = 2 * HALO_PX + 1
    solid = cv2.morphologyEx(cloud, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    near = cv2.dilate(solid, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))) > 0
    kind[near & ((kind == ANOMALY) | seen.faint) & (whiteness(canvas, near) > OPAQUE)] = CLOUD


def darken_shade(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Dark places where a cloud's shadow is due are that shadow, even if they are not coloured like one."""
    if seen.shade is None:
        return
    due = cv2.dilate(seen.shade.taken, np.ones((5, 5), np.uint8)) > DUE
    dark = due & (kind == ANOMALY) & (seen.depth > 2 * DUE)
    kind[dark & (whiteness(canvas, dark) < 0)] = SHADOW


def whiteness(canvas: Canvas, where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Opacity by the brightest two bands of the visible alone, 0 elsewhere: corrections of the air spoil the blue."""
    rows, columns = np.nonzero(where)
    bands = [n for n, band in enumerate(canvas.scene.bands) if band in ("green", "red")] or [0]
    out = np.zeros(where.shape, np.float32)
    for band in bands:
        ground = canvas.ground[band, rows, columns]
        gain = canvas.scene.reflectance[band, rows, columns] - ground
        out[rows, columns] += gain / np.maximum(canvas.colours.cloud[band] - ground, 0.05) / len(bands)
    return out


def strength(canvas: Canvas, seen: Look, ground: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Strength of change: geometric mean of its size in units of today's scatter and in units of label distances.

    Averaged over the 3 x 3 neighbours that are `ground`, 0 elsewhere.
    """
    share = box(ground.astype(np.float32), canvas.window)
    power = np.where(ground, np.sqrt(seen.explained.change * seen.explained.effect), 0).astype(np.float32)
    return np.where(ground, box(power, canvas.window) / np.maximum(share, 0.1), 0).astype(np.float32)


def open_ground(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where an anomaly could be seen: compared, and neither cloud nor shadow, not even a faint one."""
    ground: NDArray[np.bool_] = canvas.compared & ((kind == CLEAR) | (kind == ANOMALY)) & ~seen.faint
    return ground


def mark_anomalies(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Anomalies by hysteresis: objects found on strong change, grown to weaker change."""
    ground = open_ground(canvas, seen, kind)
    power = strength(canvas, seen, ground)
    weak = (ground & (power > GROW_STRENGTH)).astype(np.uint8)
    count, labels = cv2.connectedComponents(weak, connectivity=8)
    founded = np.zeros(count, bool)
    founded[labels[(weak > 0) & (power > SEED_STRENGTH)]] = True
    founded[0] = False
    inside = np.flatnonzero(founded[labels])
    ids = labels.ravel()[inside]
    usual = np.bincount(ids, power.ravel()[inside], count) / np.maximum(np.bincount(ids, minlength=count), 1)
    edge = np.minimum(EDGE_SHARE * usual, STRONGEST_EDGE)
    kind[ground] = CLEAR
    kind[founded[labels] & (power > edge[labels])] = ANOMALY
