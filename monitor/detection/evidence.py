"""What speaks for each object: plain numbers, one array entry per object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.detection import codes
from monitor.detection.borders import BORDER_HALO, TOLERANCE_PX, Borders, Misalignment
from monitor.detection.canvas import Canvas
from monitor.detection.kinds import strength
from monitor.detection.look import Look
from monitor.detection.object_sums import UNIT, count_bits, edge_sums, inside_sums
from monitor.detection.objects import Objects
from monitor.detection.result import Flag
from monitor.scenes.stack import Slab
from monitor.spectrum import VISIBLE
from monitor.strips import Strip, over_strips

PLANES = 5
"""Planes that objects are averaged over as they are: vanished borders, change, opacity, shade, strength of change."""
CODED = np.stack([codes.SIZE, codes.OPACITY, codes.SHARE])
"""What the codes of three of them stand for."""
INDICES = {"ndvi": ("nir08", "red"), "ndwi": ("green", "nir08"), "nbr": ("nir08", "swir22")}
"""Normalised differences: vegetation, water (McFeeters 1996), burn (Key and Benson 2006)."""
QA_CLOUD = 1 << 1 | 1 << 2 | 1 << 3
QA_SHADOW = 1 << 4
"""Bits of QA_PIXEL (Landsat Collection 2): dilated cloud, cirrus, cloud; cloud shadow."""
EMPTY_INDEX = 0.02
"""Denominators of an index below this reflectance say nothing."""


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that evidence is drawn from."""

    canvas: Canvas
    seen: Look
    borders: Borders
    flags: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Measured:
    """Evidence by name, arrays (count + 1,) whose entry 0 means nothing, None for what the scene cannot tell.

    `before` and `after` (count + 1,) are the most frequent labels of reference and scene.
    """

    evidence: Mapping[str, NDArray[np.float64] | None]
    before: NDArray[np.intp]
    after: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Part:
    """What is drawn from one strip: its borders, strength of change (rows, columns), and scene and reference."""

    strip: Strip
    borders: Misalignment
    power: NDArray[np.float32]
    scene: Slab
    ground: Slab


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over the objects of one kind, filled strip by strip; shapes as in `object_sums`."""

    kind: Flag
    objects: Objects
    top: NDArray[np.float32]
    inside: NDArray[np.int64]
    spectra: NDArray[np.int64]
    modes: NDArray[np.uint32]
    edges: NDArray[np.int64]
    rings: NDArray[np.int64]

    @classmethod
    def of(cls, kind: Flag, objects: Objects, bands: int, labels: int) -> Self:
        """Nothing summed yet."""
        size = objects.count + 1
        return cls(
            kind,
            objects,
            top=np.zeros(size, np.float32),
            inside=np.zeros((size, PLANES + 2), np.int64),
            spectra=np.zeros((2, size, bands), np.int64),
            modes=np.zeros((2, size, labels + 1), np.uint32),
            edges=np.zeros((size, 2), np.int64),
            rings=np.zeros((size, 5), np.int64),
        )

    def add(self, part: Part, source: Material) -> None:
        """One more strip."""
        near = self.objects.runs(part.strip.top, part.strip.bottom)
        if near.start < near.stop:
            self.add_inside(part, source)
            self.add_edges(part, source, near)

    def add_inside(self, part: Part, source: Material) -> None:
        """The pixels of objects themselves."""
        strip, objects, seen, borders = part.strip, self.objects, source.seen, part.borders
        rows, found, reference = strip.rows, objects.runs(strip.start, strip.stop), source.canvas.reference
        runs = objects.starts[found], objects.stops[found]
        inside_sums(
            strip.start, *runs, objects.numbers[found],
            (borders.old, borders.near_new, borders.values),
            (seen.change[rows], seen.opacity[rows], seen.taken[rows]), CODED, part.power,
            part.scene, part.ground,
            source.canvas.prior.level.astype(np.float32), reference.labels[rows], source.borders.by_reference[rows],
            np.stack([reference.center, 1 / reference.scale]).astype(np.float32), reference.centroids,
            np.stack([reference.spread, reference.radius]).astype(np.float32),
            self.top, self.inside, self.spectra, self.modes,
        )  # fmt: skip

    def add_edges(self, part: Part, source: Material, near: slice) -> None:
        """Where objects end; `near` are the runs of the strip and of the rows around it."""
        strip, objects, seen, borders = part.strip, self.objects, source.seen, part.borders
        edges = np.arange(strip.top, strip.bottom + 1) * objects.shape[1]
        ends = np.searchsorted(objects.starts[near], edges)
        lefts = np.repeat(edges[:-1], np.diff(ends))
        edge_sums(
            strip.inner.start, ends, objects.starts[near] - lefts, objects.stops[near] - lefts, objects.numbers[near],
            seen.opacity[strip.read], codes.OPACITY, (borders.new, borders.near_old, borders.values),
            seen.bits[strip.rows], codes.FAINT, others_beside(source.flags, self.kind, strip), self.edges, self.rings,
        )  # fmt: skip

    def include(self, other: "Sums") -> None:
        """What was summed over other strips as well."""
        np.maximum(self.top, other.top, out=self.top)
        for mine, its in (
            (self.inside, other.inside), (self.spectra, other.spectra), (self.modes, other.modes),
            (self.edges, other.edges), (self.rings, other.rings),
        ):  # fmt: skip
            mine += its


def measure(kinds: Sequence[tuple[Flag, Objects]], source: Material) -> tuple[list[Measured], dict[str, float | None]]:
    """What speaks for the objects of several kinds, and how far the borders of the scene are misaligned on the mean."""
    canvas = source.canvas
    bands, labels = len(canvas.scene.bands), canvas.reference.k
    rows = np.zeros((2, canvas.shape[0]))
    compared_px: list[int] = []
    begun: list[list[Sums]] = [[Sums.of(kind, objects, bands, labels) for kind, objects in kinds]]

    def add(strip: Strip) -> None:
        valid, then = canvas.scene.valid[strip.rows], canvas.reference.labels[strip.rows]
        if not valid.any():
            return
        borders = source.borders.misalignment(strip)
        compared_px.append(borders.add_rows(valid, then, *rows[:, strip.rows]))
        if source.flags[strip.read].any():
            part = drawn(source, strip, borders)
            try:
                sums = begun.pop()
            except IndexError:  # other threads have them all
                sums = [Sums.of(kind, objects, bands, labels) for kind, objects in kinds]
            for each in sums:
                each.add(part, source)
            begun.append(sums)

    over_strips(canvas.shape, BORDER_HALO, add)
    size = sum(compared_px)
    appeared, vanished = (float(total.sum() / size) if size else None for total in rows)
    sums = begun[0]
    for others in begun[1:]:
        for mine, its in zip(sums, others, strict=True):
            mine.include(its)
    found = [evidence_of(each, source) for each in sums]
    return found, {"misalignment_appeared": appeared, "misalignment_vanished": vanished}


def others_beside(flags: NDArray[np.uint8], kind: Flag, strip: Strip) -> NDArray[np.uint8]:
    """Not 0 where flags of another kind lie so near, in the rows of a strip, that a border may be theirs."""
    is_other = np.ones(256, np.uint8)
    is_other[[kind, Flag.CLEAR, Flag.NO_ANSWER]] = 0
    reach = np.ones((2 * TOLERANCE_PX + 1, 2 * TOLERANCE_PX + 1), np.uint8)
    return np.asarray(cv2.dilate(cv2.LUT(flags[strip.read], is_other), reach)[strip.inner])


def drawn(source: Material, strip: Strip, borders: Misalignment) -> Part:
    """The rasters of one strip."""
    canvas = source.canvas
    power = strength(canvas, source.seen, source.flags, strip)
    scene, ground = (stack.slab(strip.start, strip.stop) for stack in (canvas.scene.stack, canvas.reference.stack))
    return Part(strip, borders, power, scene, ground)


def evidence_of(sums: Sums, source: Material) -> Measured:
    """Means of what was summed.

    Sharpness: slope of opacity along the edge, per pixel of Landsat. Residual: distance to the centroid a pixel had in
    the reference, over that cluster's spread. Novelty: distance to the nearest centroid over that cluster's radius.
    """
    canvas, objects, kind = source.canvas, sums.objects, sums.kind
    area = np.maximum(objects.area, 1)
    vanished, change, opacity, taken, power, residual, novelty = (sums.inside * UNIT / area[:, None]).T
    appeared, before = sums.rings[:, :2].T * UNIT / np.maximum(sums.rings[:, 2], 1)
    evidence: dict[str, NDArray[np.float64] | None] = {
        "border_appeared": appeared,
        "border_vanished": vanished,
        "border_before": before,
        "residual": residual,
        "novelty": novelty,
        "change": change,
        "strength": power,
        "peak": sums.top.astype(np.float64),
        "sharpness": sums.edges[:, 0] * (UNIT * canvas.fineness) / np.maximum(sums.edges[:, 1], 1),
        "opacity": opacity,
        "shadow_match": None if source.seen.shade is None else taken,
        "faint_around": sums.rings[:, 3] / np.maximum(sums.rings[:, 4], 1),
        "qa_overlap": qa_overlap(objects, canvas.scene.qa, kind),
    }
    now, then = sums.spectra * UNIT / area[:, None]
    evidence.update(spectral(canvas.scene.bands, now, then))
    if kind == Flag.ANOMALY:
        for n, band in enumerate(canvas.scene.bands):
            evidence |= {f"was_{band}": then[:, n], f"now_{band}": now[:, n]}
    most = sums.modes.argmax(axis=2)
    first, second = np.where(most == canvas.reference.k, NO_LABEL, most)
    return Measured(evidence, first, second)


def qa_overlap(objects: Objects, qa: NDArray[np.uint16] | None, kind: Flag) -> NDArray[np.float64] | None:
    """Share of each object that QA_PIXEL calls cloud, or shadow for a shadow."""
    if qa is None:
        return None
    bits = np.uint16(QA_SHADOW if kind == Flag.SHADOW else QA_CLOUD)
    covered = np.zeros(objects.count + 1, np.int64)
    count_bits(qa.ravel(), bits, objects.starts, objects.stops, objects.numbers, covered)
    overlap: NDArray[np.float64] = covered / np.maximum(objects.area, 1)
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
