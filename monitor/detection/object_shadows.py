"""The shadow that a bright object should throw: how much of it is there."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.canvas import Canvas
from monitor.detection.codes import read
from monitor.detection.explain import ANOMALY, CLOUD
from monitor.detection.look import Look
from monitor.detection.sun import offset


class Shadow(NamedTuple):
    """The shadows of objects, (count + 1,).

    What share of each is there; how sure that is, in standard deviations that a whole one is worth; and what share lies
    in sight: inside the scene, on ground that is known and has not changed, and under no cloud.
    """

    share: NDArray[np.float64]
    sureness: NDArray[np.float64]
    in_sight: NDArray[np.float64]


def shadow_of(
    canvas: Canvas,
    seen: Look,
    kind: NDArray[np.uint8],
    pixels: tuple[NDArray[np.intp], NDArray[np.int32]],
    count: int,
    height_m: float,
) -> Shadow:
    """The shadows of objects at a height; `pixels` are their flat indices and the object of each, from 1 to `count`."""
    if canvas.sun is None:
        return Shadow(*np.zeros((3, count + 1)))
    (height, width), (places, ids) = kind.shape, pixels
    down, right = offset(canvas.sun, height_m)
    rows, columns = places // width + down, places % width + right
    size = np.clip(read(codes.OPACITY, seen.opacity.ravel()[places]), 0, 1)
    whole = np.bincount(ids, size**2, count + 1)
    inside = np.flatnonzero((rows >= 0) & (rows < height) & (columns >= 0) & (columns < width))
    here = kind[rows[inside], columns[inside]]
    telling = (here != CLOUD) & (here != ANOMALY) & canvas.compared_at(rows[inside], columns[inside])
    seen_at = inside[telling]
    rows, columns, ids, size = rows[seen_at], columns[seen_at], ids[seen_at], size[seen_at]
    weight = read(codes.TRUST, seen.trust[rows, columns] & np.uint8(codes.MISFIT - 1))
    depth = read(codes.DEPTH, seen.depth[rows, columns])
    mass = np.bincount(ids, weight * size**2, count + 1)
    share = np.bincount(ids, weight * size * depth, count + 1) / np.maximum(mass, 1e-6)
    return Shadow(share, np.sqrt(mass), np.bincount(ids, size**2, count + 1) / np.maximum(whole, 1e-6))
