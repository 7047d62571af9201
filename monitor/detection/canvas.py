"""Scene and reference laid out for comparison, at full size or thinned to learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from affine import Affine
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap, grouped
from monitor.clustering.model import ReferenceModel
from monitor.detection.difference import SNOW_INDEX, SNOW_SWIR
from monitor.detection.explain import (
    CLOUD_COLOUR,
    CLOUD_SPREAD,
    CLOUD_VARIETY,
    LIGHT_TAKEN,
    SHADOW_VARIETY,
    Beside,
    Colours,
)
from monitor.detection.ground import Prior, prior_of, sample_step
from monitor.detection.sun import Sun, sun_of
from monitor.ranks import quantile
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack, thinning
from monitor.spectrum import WAVELENGTHS_UM

EVERYWHERE = slice(None)
LEARN_PX = 100_000
"""Pixels of a thinned canvas; one of up to twice as many is used as it is."""
COLOUR_PX = 170_000
"""Pixels from which the brightest and darkest ground is taken: far quantiles need more of them than medians."""
WHITE_SNOW = 0.3
"""Reflectance in green from which it matters to the brightest ground that it is snow."""
COARSE_M, LANDSAT_M = 300.0, 30.0
"""Pixels that are coarse, and those of Landsat."""
DARK_WATER = 0.2
"""Share of what clouds reflect in the infrared that water stays below, and snow does not."""
BRIGHTER_THAN_GROUND = 1.5
"""Clouds outshine the brightest ground but snow by this factor; sets their colour where values are not reflectances."""


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

    @property
    def bright_bands(self) -> list[int]:
        """Numbers of the bands by which brightness is told: green and red, else the first.

        Corrections of the air spoil the blue beside clouds.
        """
        bands = self.scene.bands
        return [bands.index(band) for band in ("green", "red") if band in bands] or [0]

    @cached_property
    def water(self) -> NDArray[np.bool_]:
        """Which labels (256,) are water: dark in every infrared band, and darker than in green (else red).

        That is NDWI > 0 (McFeeters 1996, doi:10.1080/01431169608948714), of all infrared bands there are; without any,
        or without green and red, no label is known to be water.
        """
        water, bands, level = np.zeros(NO_LABEL + 1, bool), self.scene.bands, self.prior.level
        visible = [bands.index(band) for band in ("green", "red") if band in bands][:1]
        infrared = [bands.index(band) for band in ("nir08", "swir16", "swir22") if band in bands]
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


@dataclass(frozen=True, eq=False)
class Known:
    """What a reference says by itself, for every scene alike.

    `prior` and `within` as a canvas has them; `brightest` and `darkest` (bands,) are the ends of its reflectance.
    """

    prior: Prior
    within: NDArray[np.float64]
    brightest: NDArray[np.float32]
    darkest: NDArray[np.float32]


_KNOWN = WeakKeyDictionary[ReferenceModel, Known]()
"""Of every reference that is in memory: one serves many scenes."""


def known_of(reference: ReferenceModel) -> Known:
    """What a reference says by itself, looked up if it was asked before."""
    if reference not in _KNOWN:
        prior = prior_of(reference)
        _KNOWN[reference] = Known(prior, within_labels(reference, prior), *extremes(reference))
    return _KNOWN[reference]


def within_labels(reference: ReferenceModel, prior: Prior) -> NDArray[np.float64]:
    """Covariance of the reference's own pixels about their label's level, (k, bands, bands)."""
    bands, step = len(reference.bands), sample_step(reference.labels.size)
    image, labels = reference.stack.thinned(step), reference.labels[step // 2 :: step, step // 2 :: step].ravel()
    known = np.flatnonzero(labels != NO_LABEL)
    order, ends = grouped(labels[known], reference.k)
    values = image.reshape(bands, -1).take(known[order], axis=1).astype(np.float64)
    out = prior.tolerance[:, :, None] ** 2 * np.eye(bands)
    for label, (start, stop) in enumerate(pairwise(ends)):
        inside = values[:, start:stop] - prior.level[label][:, None]
        if stop - start > 10 * bands:
            out[label] += inside @ inside.T / (stop - start)
    return out


def extremes(reference: ReferenceModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The brightest ground that is not snow, which clouds do not outshine, and the darkest: (bands,), 0 without any."""
    step = thinning(reference.labels.size, COLOUR_PX)
    labels, image = reference.labels[step // 2 :: step, step // 2 :: step], reference.stack.thinned(step)
    known = np.flatnonzero((labels != NO_LABEL) & np.isfinite(image).all(axis=0))
    sample = image.reshape(len(image), -1).take(known, axis=1)
    if not sample.size:
        return np.zeros(len(sample), np.float32), np.zeros(len(sample), np.float32)
    bare = sample[:, ~snow(sample, reference.bands)]
    brightest = quantile(bare, 0.999) if bare.size else np.zeros(len(sample), np.float32)
    return brightest, quantile(sample, 0.005)


def snow(pixels: NDArray[np.float32], bands: Sequence[str]) -> NDArray[np.bool_]:
    """Which pixels (bands, n) are snow by its index, (n,); none where the bands do not tell."""
    if not {"green", "swir16"} <= set(bands):
        return np.zeros(pixels.shape[1], bool)
    green, swir = (pixels[bands.index(band)] for band in ("green", "swir16"))
    return np.asarray((green > WHITE_SNOW) & (swir < SNOW_SWIR) & (green - swir > SNOW_INDEX * (green + swir)))


def colours(scene: Scene, known: Known) -> Colours:
    """Colours of cloud, shadow and air for the scene's bands, in the units of the reference."""
    usual = table(CLOUD_COLOUR, scene.bands)
    air = np.zeros(len(scene.bands), np.float32)
    if scene.item.needs_sun_correction:
        air = light_of_air(known.darkest, scene.bands)
    brightest = air + BRIGHTER_THAN_GROUND * (known.brightest - air)
    cloud = np.maximum(usual, brightest).astype(np.float32)
    return Colours(
        cloud, table(CLOUD_SPREAD, scene.bands) * (cloud / usual), CLOUD_VARIETY, table(LIGHT_TAKEN, scene.bands),
        SHADOW_VARIETY, air,
    )  # fmt: skip


def light_of_air(darkest: NDArray[np.float32], bands: Sequence[str]) -> NDArray[np.float32]:
    """What the air reflects, (bands,): as much as the darkest ground, but no more than scattering allows.

    It falls at least with the inverse of the wavelength from the shortest band on (the moderate haze of Chavez 1988,
    doi:10.1016/0034-4257(88)90019-3): where there is nothing but forest, the darkest in the infrared is forest.
    """
    length = table(WAVELENGTHS_UM, bands)
    shortest = length.argmin()
    dark = np.maximum(darkest, 0)
    return np.asarray(np.minimum(dark, dark[shortest] * length[shortest] / length), np.float32)


def table(values: Mapping[str, float], bands: Sequence[str]) -> NDArray[np.float32]:
    """The values of the bands, (bands,)."""
    return np.array([values[band] for band in bands], np.float32)


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
