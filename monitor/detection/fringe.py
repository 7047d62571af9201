"""Scraps of anomaly along clouds and their shadows: edges and holes where neither explanation fits well."""

from threading import Lock

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.codes import read
from monitor.detection.look_kernels import DEEP, OPAQUE
from monitor.detection.objects import Objects, objects_of
from monitor.detection.result import Flag
from monitor.strips import Strip, over_strips

SCRAP_PX, SLENDER_PX = 20, 4
"""Anomalies that are larger than the one and somewhere as wide as the other stand for themselves."""
REACH_PX = 2
"""No pixel of a scrap is farther from cloud or shadow; the thinnest edge of a cloud is called clear."""


def absorb_scraps(
    flags: NDArray[np.uint8], opacity: NDArray[np.uint8], depth: NDArray[np.uint8], ships: Objects, fineness: float
) -> None:
    """Small or slender anomalies along clouds and shadows are no anomalies, unless they have a pixel of `ships`.

    Their pixels become cloud or shadow, where they are opaque or dark enough for it (as `codes`), or clear, in place.
    `fineness` is how many pixels make one of Landsat's along a side.
    """
    anomalies = objects_of(flags, Flag.ANOMALY)
    wide, beside = surroundings(flags, anomalies, round(SLENDER_PX * fineness), round(REACH_PX * fineness))
    scraps = (
        ((anomalies.area <= SCRAP_PX * fineness**2) | (wide == 0)) & (beside == anomalies.area) & (anomalies.area > 0)
    )
    scraps[anomalies.ids[np.isin(anomalies.pixels, ships.pixels)]] = False
    places = anomalies.chosen(scraps).pixels
    is_cloud = read(codes.OPACITY, opacity.ravel()[places]) >= OPAQUE
    is_shadow = read(codes.DEPTH, depth.ravel()[places]) >= DEEP
    flags.ravel()[places] = np.select([is_cloud, is_shadow], [Flag.CLOUD, Flag.SHADOW], Flag.CLEAR)


def surroundings(flags: NDArray[np.uint8], anomalies: Objects, width_px: int, reach_px: int) -> NDArray[np.intp]:
    """Pixels of every anomaly: in the midst of where it is wide, and near cloud or shadow, (2, count + 1)."""
    counts, lock = np.zeros((2, anomalies.count + 1), np.intp), Lock()
    square, reach = (np.ones((size, size), np.uint8) for size in (width_px, 2 * reach_px + 1))

    def count(strip: Strip) -> None:
        places, ids = anomalies.within(strip.start, strip.stop)
        if not places.size:
            return
        here = flags[strip.read]
        wide = cv2.erode((here == Flag.ANOMALY).view(np.uint8), square)
        near = cv2.dilate(((here == Flag.CLOUD) | (here == Flag.SHADOW)).view(np.uint8), reach)
        with lock:
            for mine, plane in zip(counts, (wide, near), strict=True):
                mine += np.bincount(ids[plane[strip.inner].ravel()[places] > 0], minlength=mine.size)

    over_strips(flags.shape, max(reach_px, width_px // 2), count)
    return counts
