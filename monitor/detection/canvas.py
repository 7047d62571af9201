"""Scene and reference laid out for comparison, at full size or thinned to learn from."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.detection.explain import Beside, Colours
from monitor.detection.ground import Prior
from monitor.detection.known import colours, known_of
from monitor.detection.sun import Sun, sun_of
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack, thinning

EVERYWHERE = slice(None)
LEARN_PX = 100_000
"""Pixels of a thinned canvas; one of up to twice as many is used as it is."""
COARSE_M, LANDSAT_M = 300.0, 30.0
"""Pixels that are coarse, and those of Landsat."""
DARK_WATER = 0.2
"""Share of what clouds reflect in the infrared that water stays below, and snow does not."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """Scene and reference laid out for comparison.

    `nearest` is the label of the reference that the scene resembles most, by which ground that the reference does not
    know is judged.
    """

    scene: Scene
    reference: ReferenceModel
    prior: Prior
    nearest: NDArray[np.uint8]
    within: NDArray[np.float64]
    colours: Colours
    sun: Sun | None
    step: int = 1

    @property
    def window(self) -> int:
        """Side of the square that evidence is averaged over, in pixels; coarse pixels stand alone."""
        return 3 if self.scene.grid.pixel_size_m < COARSE_M * self.step else 1

    @property
    def fineness(self) -> float:
        """How many pixels make one of Landsat's along a side, at least 1: sizes in pixels are meant of these."""
        return max(LANDSAT_M / self.scene.grid.pixel_size_m, 1.0)

    def inner(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """What of a mask lies two pixels inside it; one where every pixel is one of several."""
        size = 5 if self.step == 1 else 3
        return np.asarray(cv2.erode(mask.view(np.uint8), np.ones((size, size), np.uint8)) > 0)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        height, width = self.nearest.shape
        return height, width

    def bands_of(self, *names: str) -> list[int]:
        """Numbers of those of some bands that the scene has."""
        return [n for n, band in enumerate(self.scene.bands) if band in names]

    @property
    def bright_bands(self) -> list[int]:
        """Numbers of the bands by which brightness is told: green and red, else the first.

        Corrections of the air spoil the blue beside clouds.
        """
        return self.bands_of("green", "red") or [0]

    @cached_property
    def water(self) -> NDArray[np.bool_]:
        """Which labels (256,) are water: dark in every infrared band, and darker than in green (else red).

        That is NDWI > 0 (McFeeters 1996, doi:10.1080/01431169608948714), of all infrared bands there are; without any,
        or without green and red, no label is known to be water.
        """
        water, level = np.zeros(NO_LABEL + 1, bool), self.prior.level
        visible = self.bands_of("green") or self.bands_of("red")
        infrared = self.bands_of("nir08", "swir16", "swir22")
        if visible and infrared:
            dark = level[:, infrared] < DARK_WATER * self.colours.cloud[infrared]
            water[: len(level)] = (dark & (level[:, infrared] < level[:, visible])).all(axis=1)
        return water

    def compared(self, rows: slice) -> NDArray[np.bool_]:
        """Where scene and reference are both known, in some rows."""
        known: NDArray[np.bool_] = self.scene.valid[rows] & (self.reference.labels[rows] != NO_LABEL)
        return known

    def compared_at(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which of single pixels are known in both."""
        known: NDArray[np.bool_] = self.scene.valid[rows, columns] & (self.reference.labels[rows, columns] != NO_LABEL)
        return known

    def answerable(self, rows: slice) -> NDArray[np.bool_]:
        """Where anything can be said, in some rows."""
        known: NDArray[np.bool_] = self.scene.valid[rows] & (
            (self.reference.labels[rows] != NO_LABEL) | (self.nearest[rows] != NO_LABEL)
        )
        return known

    def beside(self, rows: slice) -> Beside:
        """Scene and ground of some rows, as they are compared."""
        scene, ground = (stack.slab(rows.start, rows.stop) for stack in (self.scene.stack, self.reference.stack))
        return Beside(
            scene, ground, self.scene.valid[rows], self.reference.labels[rows], self.nearest[rows],
            self.prior.level.astype(np.float32),
        )  # fmt: skip


def lay_out(scene: Scene, reference: ReferenceModel, by_reference: LabelMap) -> Canvas:
    """The canvas of a normalised scene."""
    known = known_of(reference.unmoved or reference)
    return Canvas(
        scene, reference, known.prior, by_reference.labels, known.within, colours(scene, known),
        sun_of(scene.item, scene.grid),
    )  # fmt: skip


def thinned(canvas: Canvas) -> Canvas:
    """Every n-th pixel of a large canvas, to learn from; a small one as it is."""
    if canvas.nearest.size <= 2 * LEARN_PX:
        return canvas
    step = thinning(canvas.nearest.size, LEARN_PX)
    cut = (slice(step // 2, None, step), slice(step // 2, None, step))
    scene, reference = canvas.scene, canvas.reference
    height, width = canvas.nearest[cut].shape
    grid = replace(scene.grid, transform=scene.grid.transform @ Affine.scale(step), height=height, width=width)
    valid, seen = scene.valid[cut], reference.stack.seen[cut]
    return replace(
        canvas,
        scene=replace(scene, grid=grid, stack=Stack.of(scene.stack.thinned(step), valid), valid=valid, qa=None),
        reference=replace(
            reference, grid=grid, stack=Stack.of(reference.stack.thinned(step), seen), labels=reference.labels[cut]
        ),
        nearest=canvas.nearest[cut],
        sun=sun_of(scene.item, grid),
        step=step,
    )
