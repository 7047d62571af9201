"""What is known before a scene is seen: what the reference says by itself, and colours of cloud, shadow and air."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, grouped
from monitor.clustering.model import ReferenceModel
from monitor.detection.difference import SNOW_INDEX, SNOW_SWIR
from monitor.detection.explain import CLOUD_COLOUR, CLOUD_SPREAD, CLOUD_VARIETY, LIGHT_TAKEN, SHADOW_VARIETY, Colours
from monitor.detection.ground import Prior, prior_of, sample_step
from monitor.ranks import quantile
from monitor.scenes.scene import Scene
from monitor.scenes.stack import thinning
from monitor.spectrum import WAVELENGTHS_UM

COLOUR_PX = 170_000
"""Pixels from which the brightest and darkest ground is taken: far quantiles need more of them than medians."""
WHITE_SNOW = 0.3
"""Reflectance in green from which it matters to the brightest ground that it is snow."""
BRIGHTER_THAN_GROUND = 1.5
"""Clouds outshine the brightest ground but snow by this factor; sets their colour where values are not reflectances."""


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
