"""From the best explanations to kinds: which bright objects are clouds, and where anomalies begin and end."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.bright_ground import reject_bright_ground
from monitor.detection.canvas import Canvas
from monitor.detection.explain import ANOMALY, CLEAR, CLOUD, SHADOW
from monitor.detection.infrared import soil
from monitor.detection.look import Look
from monitor.detection.look_kernels import DEEP, strength_rows
from monitor.detection.looks import sunlit
from monitor.detection.objects import Objects, objects_of
from monitor.detection.ships import LIKE, UNLIKE, cloud_colour, shadowless, small_clouds
from monitor.strips import Strip, over_strips

HALO_PX = 5
"""Clouds reach this far beyond what is surely cloud."""
SEED_STRENGTH, ALONE_STRENGTH = 1.7, 2.2
"""Strength of change (see `strength`) that founds an anomaly where anything else explains a pixel better than unchanged
ground, and that does so everywhere (means over neighbours hide a ship of two pixels from the explanations), ..."""
GROW_STRENGTH = 1.2
"""... and down to which it extends. They are the same for every scene, sensor and site: today's scatter and the
distances between labels are the units."""
EDGE_SHARE = 0.55
STRONGEST_EDGE = 2.0
"""An object ends where change falls below this share of its own mean, at most at this strength."""
DUE = 0.3
"""Predicted depth from which a shadow is due; what is twice as dark there is one."""
UNLIT = 0.5
"""Change counts so much where the sun may or may not shine."""


def decide(canvas: Canvas, seen: Look) -> tuple[NDArray[np.uint8], Objects]:
    """Kind of every pixel (uint8, rows, columns): clear, cloud, shadow, anomaly; and the ships known by their colour.

    What seems cloud and is no whiter than the ground is none, unless it lies over ground in the shade. Kinds take the
    place of `seen.best`; `seen.peak` holds nothing of use afterwards.
    """
    kind = seen.best

    def settle(strip: Strip) -> None:
        here, bits = kind[strip.rows], seen.bits[strip.rows]
        here[~canvas.answerable(strip.rows)] = CLEAR
        covered = (bits & codes.SNOW) > 0
        lit = (seen.depth[strip.rows] <= codes.depth_code(DEEP)) | (canvas.window == 1)
        here[(here == CLOUD) & (covered | (lit & ((bits & codes.PALE) > 0)))] = ANOMALY
        here[covered & ~canvas.compared(strip.rows)] = CLEAR

    over_strips(canvas.shape, 0, settle)
    reject_bright_ground(canvas, seen, kind)
    small = small_clouds(canvas, kind)
    colour = cloud_colour(canvas, seen, kind, small)
    unknown = ~((colour < LIKE) | (colour > UNLIKE)) & (small.area > 0)
    ships, others = small.chosen(colour > UNLIKE), small.chosen(unknown)
    ships.paint(kind, ANOMALY)
    others.chosen(shadowless(canvas, seen, kind, others)).paint(kind, ANOMALY)
    grow_clouds(canvas, seen, kind)
    ships.paint(kind, ANOMALY)  # what lies beside a cloud was taken for its fringe
    darken_shade(seen, kind)
    mark_anomalies(canvas, seen, kind)
    return kind, ships


def grow_clouds(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """What is whiter than the ground beside a cloud is its fringe, whatever the correction of the air did to it.

    Unless it is far brighter in the short-wave infrared than any cloud, as bare soil is. Not on coarse pixels, where
    clouds and their fringes lie within one.
    """
    if canvas.window == 1:
        return
    halo = round(HALO_PX * canvas.fineness)
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * halo + 1, 2 * halo + 1))
    found: list[NDArray[np.intp]] = []

    def grow(strip: Strip) -> None:
        here, rows = kind[strip.rows], strip.rows
        cloud = (kind[strip.read] == CLOUD).view(np.uint8)
        if not cloud.any():
            return
        near = cv2.dilate(cv2.morphologyEx(cloud, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)), reach)[strip.inner]
        fringe = (near > 0) & ((here == ANOMALY) | seen.faint(rows)) & ((seen.bits[rows] & codes.WHITE) > 0)
        found.append(np.flatnonzero(fringe) + strip.start * kind.shape[1])

    over_strips(kind.shape, halo + 2, grow)
    fringe = np.concatenate(found) if found else np.empty(0, np.intp)
    kind.ravel()[fringe[~soil(canvas, seen, fringe)]] = CLOUD


def darken_shade(seen: Look, kind: NDArray[np.uint8]) -> None:
    """Dark places where a cloud's shadow is due are that shadow, even if they are not coloured like one."""
    if seen.shade is None:
        return
    lowest = codes.depth_code(2 * DUE)

    def darken(strip: Strip) -> None:
        shaded = (seen.taken[strip.read] > DUE / codes.SHARE_STEP).view(np.uint8)
        due = cv2.dilate(shaded, np.ones((5, 5), np.uint8))[strip.inner]
        here, rows = kind[strip.rows], strip.rows
        dark = (seen.depth[rows] > lowest) & ((seen.bits[rows] & codes.DARK) > 0)
        here[(due > 0) & (here == ANOMALY) & dark] = SHADOW

    over_strips(kind.shape, 2, darken)


def strength(canvas: Canvas, seen: Look, kind: NDArray[np.uint8], strip: Strip) -> NDArray[np.float32]:
    """Strength of change: geometric mean of its size in units of today's scatter and in units of label distances.

    Averaged over the 3 x 3 neighbours that are open ground, 0 elsewhere; of a strip read with at least one row around.
    """
    here = open_ground(canvas, seen, kind, strip.read)
    out = np.empty((strip.stop - strip.start, canvas.shape[1]), np.float32)
    planes = (seen.change[strip.read], seen.effect[strip.read])
    strength_rows(strip.inner.start, *planes, here.view(np.uint8), canvas.window, out)
    return out


def open_ground(canvas: Canvas, seen: Look, kind: NDArray[np.uint8], rows: slice) -> NDArray[np.bool_]:
    """Where an anomaly could be seen: compared, and neither cloud nor shadow, not even a faint one."""
    here = kind[rows]
    ground: NDArray[np.bool_] = canvas.compared(rows) & ((here == CLEAR) | (here == ANOMALY)) & ~seen.faint(rows)
    return ground


def mark_anomalies(canvas: Canvas, seen: Look, kind: NDArray[np.uint8]) -> None:
    """Anomalies by hysteresis: objects found on strong change, grown to weaker change."""
    weak = seen.peak.view(np.bool_)  # nothing reads the peaks any more
    found: dict[int, NDArray[np.float32]] = {}

    def weigh(strip: Strip) -> None:
        power = strength(canvas, seen, kind, strip)
        power[~sunlit(canvas, seen, strip.rows)] *= UNLIT
        weak[strip.rows] = power > GROW_STRENGTH
        found[strip.start] = power[weak[strip.rows]]

    over_strips(canvas.shape, 1, weigh)
    objects = objects_of(weak)
    powers = np.concatenate([found[start] for start in sorted(found)])
    founded = np.zeros(objects.count + 1, bool)
    odd = (seen.bits.ravel()[objects.pixels] & codes.ODD) > 0
    founded[objects.ids[((powers > SEED_STRENGTH) & odd) | (powers > ALONE_STRENGTH)]] = True
    usual = np.bincount(objects.ids, powers, objects.count + 1) / np.maximum(objects.area, 1)
    edge = np.minimum(EDGE_SHARE * usual, STRONGEST_EDGE)

    def clear(strip: Strip) -> None:
        here = kind[strip.rows]
        here[canvas.compared(strip.rows) & (here == ANOMALY)] = CLEAR

    over_strips(canvas.shape, 0, clear)
    kind.ravel()[objects.pixels[founded[objects.ids] & (powers > edge[objects.ids])]] = ANOMALY
