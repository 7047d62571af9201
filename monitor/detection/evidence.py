"""What speaks for each object: plain numbers, one array entry per object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.detection.borders import Misalignment
from monitor.detection.canvas import Canvas
from monitor.detection.kinds import open_ground, strength
from monitor.detection.looks import Look
from monitor.detection.object_sums import edge_sums, inside_sums
from monitor.detection.objects import Objects
from monitor.detection.result import Flag

VISIBLE = ("coastal", "blue", "green", "red")
INDICES = {"ndvi": ("nir08", "red"), "ndwi": ("green", "nir08"), "nbr": ("nir08", "swir22")}
"""Normalised differences: vegetation, water (McFeeters 1996), burn (Key and Benson 2006)."""
QA_CLOUD = 1 << 1 | 1 << 2 | 1 << 3
QA_SHADOW = 1 << 4
"""Bits of QA_PIXEL (Landsat Collection 2): dilated cloud, cirrus, cloud; cloud shadow."""
EMPTY_INDEX = 0.02
"""Denominators of an index below this reflectance say nothing."""


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that evidence is drawn from, as rasters."""

    canvas: Canvas
    seen: Look
    borders: Misalignment
    by_reference: LabelMap
    power: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Measured:
    """Evidence by name, arrays (count + 1,) whose entry 0 means nothing, None for what the scene cannot tell.

    `before` and `after` (count + 1,) are the most frequent labels of reference and scene.
    """

    evidence: Mapping[str, NDArray[np.float64] | None]
    before: NDArray[np.intp]
    after: NDArray[np.intp]


def material(
    canvas: Canvas, seen: Look, flags: NDArray[np.uint8], borders: Misalignment, by_reference: LabelMap
) -> Material:
    """The raster that is not there yet: strength of change."""
    power = strength(canvas, seen, open_ground(canvas, seen, flags))
    return Material(canvas, seen, borders, by_reference, power)


def measure(objects: Objects, source: Material, kind: Flag) -> Measured:
    """What speaks for objects of a kind.

    Residual: distance to the centroid a pixel had in the reference, over that cluster's spread. Novelty: distance to
    the nearest centroid over that cluster's radius.
    """
    canvas, seen, reference = source.canvas, source.seen, source.canvas.reference
    planes = (source.borders.vanished, seen.change, seen.opacity, seen.taken, source.power)
    size, bands = objects.count + 1, len(canvas.scene.bands)
    sums, top, spectra = np.zeros((size, len(planes) + 2)), np.zeros(size), np.zeros((2, size, bands))
    modes = np.zeros((2, size, NO_LABEL + 1), np.uint32)
    inside_sums(
        objects.labels, planes, canvas.scene.reflectance, canvas.ground, reference.labels, source.by_reference.labels,
        np.stack([reference.center, 1 / reference.scale]).astype(np.float32), reference.centroids,
        np.stack([reference.spread, reference.radius]).astype(np.float32), top, sums, spectra, modes,
    )  # fmt: skip
    edges, rings = np.zeros((size, 2)), np.zeros((size, 4))
    edge_sums(objects.labels, seen.opacity, source.borders.appeared, source.borders.before, seen.faint, edges, rings)
    area = np.maximum(objects.area, 1)
    vanished, change, opacity, taken, power, residual, novelty = (sums / area[:, None]).T
    appeared, before, faint = (rings[:, :3] / np.maximum(rings[:, 3:], 1)).T
    evidence: dict[str, NDArray[np.float64] | None] = {
        "border_appeared": appeared,
        "border_vanished": vanished,
        "border_before": before,
        "residual": residual,
        "novelty": novelty,
        "change": change,
        "strength": power,
        "peak": top,
        "sharpness": edges[:, 0] / np.maximum(edges[:, 1], 1),
        "opacity": opacity,
        "shadow_match": None if seen.shade is None else taken,
        "faint_around": faint,
        "qa_overlap": qa_overlap(objects, canvas.scene.qa, kind),
    }
    now, then = spectra / area[:, None]
    evidence.update(spectral(canvas.scene.bands, now, then))
    if kind == Flag.ANOMALY:
        for n, band in enumerate(canvas.scene.bands):
            evidence |= {f"was_{band}": then[:, n], f"now_{band}": now[:, n]}
    return Measured(evidence, modes[0].argmax(axis=1), modes[1].argmax(axis=1))


def qa_overlap(objects: Objects, qa: NDArray[np.uint16] | None, kind: Flag) -> NDArray[np.float64] | None:
    """Share of each object that QA_PIXEL calls cloud, or shadow for a shadow."""
    if qa is None:
        return None
    bits = np.uint16(QA_SHADOW if kind == Flag.SHADOW else QA_CLOUD)
    covered = objects.labels[(qa & bits) > 0]
    overlap: NDArray[np.float64] = np.bincount(covered, minlength=objects.count + 1) / np.maximum(objects.area, 1)
    return overlap


def spectral(
    bands: Sequence[str], after: NDArray[np.float64], before: NDArray[np.float64]
) -> Mapping[str, NDArray[np.float64] | None]:
    """Mean change per band (``d_<band>``), in brightness of the visible, and in the indices that the bands allow."""
    now = {band: after[:, n] for n, band in enumerate(bands)}
    then = {band: before[:, n] for n, band in enumerate(bands)}
    out: dict[str, NDArray[np.float64] | None] = {f"d_{band}": now[band] - then[band] for band in bands}
    visible = [now[band] - then[band] for band in bands if band in VISIBLE]
    out["brightness"] = np.mean(visible, axis=0) if visible else None
    for name, (one, other) in INDICES.items():
        known = one in now and other in now
        out[f"d_{name}"] = index(now[one], now[other]) - index(then[one], then[other]) if known else None
    return out


def index(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Normalised difference within -1..1."""
    ratio: NDArray[np.float64] = np.clip((one - other) / np.maximum(one + other, EMPTY_INDEX), -1, 1)
    return ratio
