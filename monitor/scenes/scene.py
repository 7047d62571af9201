"""A scene as arrays on the monitor's grid."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitor.catalog.item import SceneItem
from monitor.scenes.grid import Grid
from monitor.scenes.stack import Stack


@dataclass(frozen=True, eq=False)
class Scene:
    """Reflectance of one acquisition.

    `stack` is the bands (bands, rows, columns), seen where `valid`; `valid` is bool (rows, columns): inside the
    AOI, data in every band, not fill. `qa` is QA_PIXEL (uint16, Landsat Collection 2 bits) or None.
    """

    item: SceneItem
    grid: Grid
    bands: tuple[str, ...]
    stack: Stack
    valid: NDArray[np.bool_]
    qa: NDArray[np.uint16] | None

    @cached_property
    def reflectance(self) -> NDArray[np.float32]:
        """All of the stack, float32 (bands, rows, columns), NaN outside `valid`: for scenes that fit into memory."""
        return np.asarray(self.stack)
