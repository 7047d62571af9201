"""The shadow that a bright object should throw: how much of it is there."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.canvas import Canvas
from monitor.detection.codes import read
from monitor.detection.explain import ANOMALY, CLOUD
from monitor.detection.look import Look
from monitor.detection.look_kernels import THICKEST_HAZE
from monitor.detection.objects import Objects
from monitor.detection.sun import offset


class Shadow(NamedTuple):
    """The shadows of objects, (count + 1,).

    What share of each is there; how sure that is, in standard deviations that a whole one is worth; and what share lies
    in sight: on the object itself or on ground that is known and has not changed, in the scene, under no cloud or veil.
    """

    share: NDArray[np.float64]
    sureness: NDArray[np.float64]
    in_sight: NDArray[np.float64]


def shadow_of(
    canvas: Canvas,
    seen: Look,
    kind: NDArray[np.uint8],
    objects: Objects,
    pixels: tuple[NDArray[np.intp], NDArray[np.int32]],
    height_m: float,
) -> Shadow:
    """The shadows of objects at a height; `pixels` are flat indices of some of theirs, and the object of each."""
    count = objects.count + 1
    if canvas.sun is None:
        return Shadow(*np.zeros((3, count)))
    (height, width), (places, ids) = kind.shape, pixels
    down, right = offset(canvas.sun, height_m)
    rows, columns = places // width + down, places % width + right
    size = np.clip(read(codes.OPACITY, seen.opacity.ravel()[places]), 0, 1)
    whole = np.bincount(ids, size**2, count)
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    rows, columns, ids, size = rows[inside], columns[inside], ids[inside], size[inside]
    here = kind[rows, columns]
    own = (here == CLOUD) & (objects.at(rows * width + columns) == ids)
    bare = seen.opacity[rows, columns] < THICKEST_HAZE / codes.OPACITY_STEP
    telling = bare & (here != CLOUD) & (here != ANOMALY) & canvas.compared_at(rows, columns)
    in_sight = np.bincount(ids, (own | telling) * size**2, count) / np.maximum(whole, 1e-6)
    rows, columns, ids, size = rows[telling], columns[telling], ids[telling], size[telling]
    weight = read(codes.TRUST, seen.trust[rows, columns] & np.uint8(codes.MISFIT - 1))
    depth = read(codes.DEPTH, seen.depth[rows, columns])
    mass = np.bincount(ids, weight * size**2, count)
    share = np.bincount(ids, weight * size * depth, count) / np.maximum(mass, 1e-6)
    return Shadow(share, np.sqrt(mass), in_sight)
