"""What speaks for each object: plain numbers, one array entry per object."""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.detection.borders import Misalignment
from monitor.detection.kinds import open_ground, strength
from monitor.detection.looks import Canvas, Look, slope
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
    residual: NDArray[np.float32]
    novelty: NDArray[np.float32]
    power: NDArray[np.float32]
    slope: NDArray[np.float32]


def material(
    canvas: Canvas, seen: Look, flags: NDArray[np.uint8], borders: Misalignment, by_reference: LabelMap
) -> Material:
    """The rasters that are not there yet: residual, novelty, strength, slope of opacity."""
    residual, novelty = distances(canvas, by_reference)
    power = strength(canvas, seen, open_ground(canvas, seen, flags))
    return Material(canvas, seen, borders, by_reference, residual, novelty, power, slope(seen.opacity))


def distances(canvas: Canvas, by_reference: LabelMap) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Residual and novelty, float32 (rows, columns).

    Residual: distance to the centroid a pixel had in the reference, over that cluster's spread. Novelty:
    distance to the nearest centroid over that cluster's radius. 0 where unknown.
    """
    reference = canvas.reference
    features = reference.features(canvas.scene.reflectance)
    out = []
    for labels, known, unit in (
        (reference.labels, canvas.compared, reference.spread),
        (by_reference.labels, by_reference.labels != NO_LABEL, reference.radius),
    ):
        index = np.where(known, labels, 0)
        squared = np.zeros(index.shape, np.float32)
        for band, values in enumerate(features):
            squared += (values - reference.centroids[:, band][index]) ** 2
        out.append(np.where(known, np.sqrt(squared) / unit[index], 0).astype(np.float32))
    return out[0], out[1]


def measure(objects: Objects, source: Material, kind: Flag) -> dict[str, NDArray[np.float64] | None]:
    """Evidence by name, arrays (count + 1,) whose entry 0 means nothing; None for what the scene cannot tell."""
    canvas, seen = source.canvas, source.seen
    ring = edge_ring(objects)
    evidence: dict[str, NDArray[np.float64] | None] = {
        "border_appeared": ring_mean(objects, ring, source.borders.appeared),
        "border_vanished": objects.mean(source.borders.vanished),
        "border_before": ring_mean(objects, ring, source.borders.before),
        "residual": objects.mean(source.residual),
        "novelty": objects.mean(source.novelty),
        "change": objects.mean(seen.explained.change),
        "strength": objects.mean(source.power),
        "peak": objects.top(source.power),
        "sharpness": objects.edge_mean(source.slope),
        "opacity": objects.mean(seen.opacity),
        "shadow_match": None if seen.shade is None else objects.mean(seen.shade.taken),
        "faint_around": ring_mean(objects, ring, seen.faint.astype(np.float32)),
        "qa_overlap": qa_overlap(objects, canvas.scene.qa, kind),
    }
    evidence.update(spectral(objects, canvas))
    return evidence


def edge_ring(objects: Objects) -> NDArray[np.int32]:
    """Labels one pixel beyond the objects and on their edge: where their borders run."""
    wide = cv2.dilate(objects.labels.astype(np.float32), np.ones((3, 3), np.uint8)).astype(np.int32)
    inner = cv2.erode((objects.labels > 0).astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0)
    wide[inner > 0] = 0
    return wide


def ring_mean(objects: Objects, ring: NDArray[np.int32], image: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean of an image along the rings, (count + 1,)."""
    there = np.flatnonzero(ring)
    ids = ring.ravel()[there]
    total = np.bincount(ids, image.ravel()[there], objects.count + 1)
    mean: NDArray[np.float64] = total / np.maximum(np.bincount(ids, minlength=objects.count + 1), 1)
    return mean


def qa_overlap(objects: Objects, qa: NDArray[np.uint16] | None, kind: Flag) -> NDArray[np.float64] | None:
    """Share of each object that QA_PIXEL calls cloud, or shadow for a shadow."""
    if qa is None:
        return None
    return objects.mean((qa & np.uint16(QA_SHADOW if kind == Flag.SHADOW else QA_CLOUD)) > 0)


def spectral(objects: Objects, canvas: Canvas) -> Mapping[str, NDArray[np.float64] | None]:
    """Mean change per band (``d_<band>``), in brightness of the visible, and in the indices that the bands allow."""
    bands = canvas.scene.bands
    now = {band: objects.mean(canvas.scene.reflectance[n]) for n, band in enumerate(bands)}
    then = {band: objects.mean(canvas.ground[n]) for n, band in enumerate(bands)}
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
