"""Scraps of anomaly in and around clouds: edges and holes where neither explanation fits well."""

import numpy as np
from numpy.typing import NDArray

from monitor.detection.objects import objects_of
from monitor.detection.result import Flag

SCRAP_PX = 20
"""Anomalies larger than this stand for themselves, whatever lies beside them."""
ENCLOSED = 0.5
"""Share of a scrap's surroundings that is cloud or shadow, from which it belongs to them."""
REACH_PX = 2
"""How far the surroundings reach; the thinnest edge of a cloud is called clear."""


def absorb_scraps(flags: NDArray[np.uint8]) -> None:
    """Give small anomalies that cloud and shadow surround to whichever of the two there is more of, in place.

    Looks `REACH_PX` beyond an object.
    """
    scraps = objects_of(flags, Flag.ANOMALY)
    small = scraps.area[scraps.ids] <= SCRAP_PX
    pixels, ids = scraps.pixels[small], scraps.ids[small]
    height, width = flags.shape
    rows, columns = np.divmod(pixels, width)
    around = np.zeros((3, scraps.count + 1))
    for down in range(-REACH_PX, REACH_PX + 1):
        for right in range(-REACH_PX, REACH_PX + 1):
            row, column = np.clip(rows + down, 0, height - 1), np.clip(columns + right, 0, width - 1)
            other = scraps.at(row * width + column) != ids
            beside = flags[row[other], column[other]]
            for number, kind in enumerate((Flag.CLOUD, Flag.SHADOW)):
                around[number] += np.bincount(ids[other][beside == kind], minlength=scraps.count + 1)
            around[2] += np.bincount(ids[other], minlength=scraps.count + 1)
    enclosed = around[0] + around[1] >= ENCLOSED * np.maximum(around[2], 1)
    kinds = np.where(around[0] >= around[1], Flag.CLOUD, Flag.SHADOW).astype(np.uint8)
    mine = enclosed[ids]
    flags.ravel()[pixels[mine]] = kinds[ids[mine]]
