"""A scene as arrays on the monitor's grid."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.catalog.item import SceneItem
from monitor.scenes.grid import Grid


@dataclass(frozen=True)
class Scene:
    """Reflectance of one acquisition.

    `reflectance` is float32 (bands, rows, columns), NaN outside `valid`; `valid` is bool (rows, columns):
    inside the AOI, data in every band, not fill. `qa` is QA_PIXEL (uint16, Landsat Collection 2 bits) or None.
    """

    item: SceneItem
    grid: Grid
    bands: tuple[str, ...]
    reflectance: NDArray[np.float32]
    valid: NDArray[np.bool_]
    qa: NDArray[np.uint16] | None
