"""Scraps of anomaly in and around clouds: edges and holes where neither explanation fits well."""

import numpy as np
from numpy.typing import NDArray

from monitor.detection.objects import compiled, objects_of
from monitor.detection.result import Flag

SCRAP_PX = 20
"""Anomalies larger than this stand for themselves, whatever lies beside them."""
ENCLOSED = 0.5
"""Share of a scrap's surroundings that is cloud or shadow, from which it belongs to them."""
CLOUD, SHADOW, ANOMALY = int(Flag.CLOUD), int(Flag.SHADOW), int(Flag.ANOMALY)
REACH_PX = 2
"""How far the surroundings reach; the thinnest edge of a cloud is called clear."""


def absorb_scraps(flags: NDArray[np.uint8]) -> None:
    """Give small anomalies that cloud and shadow surround to whichever of the two there is more of, in place.

    Looks `REACH_PX` beyond an object.
    """
    scraps = objects_of(flags, Flag.ANOMALY)
    small = scraps.area[scraps.ids] <= SCRAP_PX
    pixels, ids = scraps.pixels[small], scraps.ids[small]
    around = np.zeros((3, scraps.count + 1), np.int64)
    _look_around(flags, scraps.starts, scraps.numbers, pixels, ids, around)
    enclosed = around[0] + around[1] >= ENCLOSED * np.maximum(around[2], 1)
    kinds = np.where(around[0] >= around[1], Flag.CLOUD, Flag.SHADOW).astype(np.uint8)
    mine = enclosed[ids]
    flags.ravel()[pixels[mine]] = kinds[ids[mine]]


@compiled
def _look_around(flags, starts, numbers, pixels, ids, around):  # type: ignore[no-untyped-def]
    """Count what is around the pixels of every object, once per pixel: cloud, shadow, anything but the object."""
    height, width = flags.shape
    for n in range(pixels.size):
        row, column = pixels[n] // width, pixels[n] % width
        for down in range(-REACH_PX, REACH_PX + 1):
            for right in range(-REACH_PX, REACH_PX + 1):
                beside = min(max(row + down, 0), height - 1), min(max(column + right, 0), width - 1)
                kind = flags[beside]
                if kind == ANOMALY:
                    place = beside[0] * width + beside[1]
                    if numbers[np.searchsorted(starts, place, side="right") - 1] == ids[n]:
                        continue
                around[0, ids[n]] += kind == CLOUD
                around[1, ids[n]] += kind == SHADOW
                around[2, ids[n]] += 1
