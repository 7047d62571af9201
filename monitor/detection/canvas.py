"""Scene and reference laid out for comparison, at full size or thinned to learn from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.detection.explain import CLOUD_COLOUR, CLOUD_SPREAD, CLOUD_VARIETY, LIGHT_TAKEN, Colours
from monitor.detection.ground import Prior, draw, prior_of
from monitor.detection.sun import Sun, sun_of
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack

LEARN_PX = 200_000
"""Pixels of the thinned canvas."""
COLOUR_PX = 170_000
"""Pixels from which the brightest and darkest ground is taken: far quantiles need more of them than medians."""
COARSE_M = 300.0
BRIGHTER_THAN_GROUND = 1.5
"""Clouds outshine the brightest ground by this factor; sets the cloud's colour where values are not reflectances."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """Scene and reference laid out for comparison.

    `ground` is the reference's reflectance, and the centroid nearest to the scene where the reference is
    unknown; `index` (rows, columns) is the label, k + label where the reference is unknown, -1 without data.
    """

    scene: Scene
    reference: ReferenceModel
    prior: Prior
    ground: NDArray[np.float32]
    index: NDArray[np.int16]
    compared: NDArray[np.bool_]
    within: NDArray[np.float64]
    colours: Colours
    sun: Sun | None
    step: int = 1

    @property
    def window(self) -> int:
        """Side of the square that evidence is averaged over, in pixels; coarse pixels stand alone."""
        return 3 if self.scene.grid.pixel_size_m < COARSE_M * self.step else 1


def lay_out(scene: Scene, reference: ReferenceModel, by_reference: LabelMap) -> Canvas:
    """The canvas of a normalised scene."""
    compared = scene.valid & reference.known & np.isfinite(reference.reflectance).all(axis=0)
    index = np.where(compared, reference.labels.astype(np.int16), np.int16(-1))
    ground = reference.reflectance
    prior = prior_of(reference)
    alone = scene.valid & ~compared & (by_reference.labels != NO_LABEL)
    if alone.any():
        ground = ground.copy()
        nearest = by_reference.labels[alone]
        ground[:, alone] = prior.level[nearest].T
        index[alone] = reference.k + nearest.astype(np.int16)
    return Canvas(
        scene, reference, prior, ground, index, compared,
        within_labels(reference, prior), colours(scene, reference), sun_of(scene.item, scene.grid),
    )  # fmt: skip


def within_labels(reference: ReferenceModel, prior: Prior) -> NDArray[np.float64]:
    """Covariance of the reference's own pixels about their label's level, (k, bands, bands)."""
    pixels = draw(reference.reflectance, np.zeros_like(reference.reflectance), reference.labels, reference.known)
    out = prior.tolerance[:, :, None] ** 2 * np.eye(len(reference.bands))
    for label in range(reference.k):
        inside = pixels.change[pixels.labels == label] - prior.level[label]
        if len(inside) > 10 * len(reference.bands):
            out[label] += inside.T @ inside / len(inside)
    return out


def colours(scene: Scene, reference: ReferenceModel) -> Colours:
    """Colours of cloud, shadow and air for the scene's bands, in the units of the reference."""
    step = max(1, int(np.ceil(np.sqrt(reference.labels.size / COLOUR_PX))))
    thin = (slice(step // 2, None, step), slice(step // 2, None, step))
    sample = reference.reflectance[(slice(None), *thin)][:, reference.known[thin]]
    sample = sample[:, np.isfinite(sample).all(axis=0)]
    brightest = np.quantile(sample, 0.999, axis=1) if sample.size else np.zeros(len(scene.bands))
    cloud = np.maximum(table(CLOUD_COLOUR, scene.bands), BRIGHTER_THAN_GROUND * brightest).astype(np.float32)
    stretch = cloud / table(CLOUD_COLOUR, scene.bands)
    air = np.zeros(len(scene.bands), np.float32)
    if scene.item.needs_sun_correction and sample.size:
        air = np.maximum(np.quantile(sample, 0.005, axis=1), 0).astype(np.float32)
    return Colours(
        cloud, table(CLOUD_SPREAD, scene.bands) * stretch, CLOUD_VARIETY, table(LIGHT_TAKEN, scene.bands), air
    )


def table(values: Mapping[str, float], bands: Sequence[str]) -> NDArray[np.float32]:
    """The values of the bands, (bands,)."""
    return np.array([values[band] for band in bands], np.float32)


def thinned(canvas: Canvas) -> Canvas:
    """Every n-th pixel of a large canvas, to learn from; a small one as it is."""
    step = int(np.ceil(np.sqrt(canvas.index.size / LEARN_PX)))
    if step <= 1:
        return canvas
    cut = (slice(step // 2, None, step), slice(step // 2, None, step))
    every = (slice(None), *cut)
    scene, reference = canvas.scene, canvas.reference
    height, width = canvas.index[cut].shape
    grid = replace(scene.grid, transform=scene.grid.transform * Affine.scale(step), height=height, width=width)
    small = np.ascontiguousarray(scene.reflectance[every])
    return replace(
        canvas,
        scene=replace(scene, grid=grid, stack=Stack.of(small, scene.valid[cut]), valid=scene.valid[cut], qa=None),
        reference=replace(
            reference, grid=grid, stack=Stack.of(reference.reflectance[every]), labels=reference.labels[cut]
        ),
        ground=np.ascontiguousarray(canvas.ground[every]),
        index=np.ascontiguousarray(canvas.index[cut]),
        compared=canvas.compared[cut],
        sun=sun_of(scene.item, grid),
        step=step,
    )
