"""Objects of the flags raster as findings: outline, evidence, score, words."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.detection.evidence import INDICES, Material, Measured, measure
from monitor.detection.objects import Objects, objects_by_value
from monitor.detection.outlines import outlines
from monitor.detection.result import Finding, Flag, Kind
from monitor.detection.score import LIKELY, score
from monitor.detection.words import border_words, hectares, in_words, most_changed
from monitor.scenes.grid import Grid

FLAGS = {Kind.CLOUD: Flag.CLOUD, Kind.SHADOW: Flag.SHADOW, Kind.ANOMALY: Flag.ANOMALY}
SMALLEST_PX = {Kind.CLOUD: 12, Kind.SHADOW: 12, Kind.ANOMALY: 2}
"""Smaller objects stay in the flags but are no findings; a ship may be two pixels."""
INTERNAL = ("peak", "faint_around")
"""Evidence that counts towards the score and is not told."""

Evidence = Mapping[str, NDArray[np.float64] | None]


@dataclass(frozen=True, eq=False)
class Judged:
    """Objects of one kind with what speaks for them, and the numbers of those that are findings."""

    kind: Kind
    objects: Objects
    measured: Measured
    scores: NDArray[np.float64]
    numbers: NDArray[np.intp]


def weigh_objects(source: Material) -> tuple[list[Judged], dict[str, float | None]]:
    """Objects of every kind and metrics of borders. Anomalies that are not likely real are cleared from the flags."""
    found = dict(zip(FLAGS, objects_by_value(source.flags, [*FLAGS.values()]), strict=True))
    kinds = [(FLAGS[kind], objects.of_size(SMALLEST_PX[kind])) for kind, objects in found.items()]
    measured, metrics = measure(kinds, source)
    judged = []
    for kind, (_, objects), mine in zip(FLAGS, kinds, measured, strict=True):
        scores = score(kind, objects.area / source.canvas.fineness**2, mine.evidence)
        likely = scores >= LIKELY if kind == Kind.ANOMALY else np.ones(objects.count + 1, bool)
        likely[0] = False
        judged.append(Judged(kind, objects, mine, scores, np.flatnonzero(likely)))
        if kind == Kind.ANOMALY:
            found[kind].paint(source.flags, Flag.CLEAR)
            objects.chosen(likely).paint(source.flags, Flag.ANOMALY)
    return judged, metrics


def describe(judged: Judged, grid: Grid) -> list[Finding]:
    """The findings of one kind."""
    objects, measured, numbers = judged.objects, judged.measured, judged.numbers
    if numbers.size == 0:
        return []
    chosen = np.zeros(objects.count + 1, bool)
    chosen[numbers] = True
    shapes = outlines(objects.chosen(chosen), grid)
    told = {name: values for name, values in measured.evidence.items() if name not in INTERNAL}
    names = list(told)
    columns = [
        [None] * numbers.size if values is None else np.round(values[numbers], 4).tolist() for values in told.values()
    ]
    before, after = measured.before[numbers].tolist(), measured.after[numbers].tolist()
    pixels, likely = objects.area[numbers].tolist(), judged.scores[numbers].tolist()
    pixel_m2 = grid.pixel_area_m2
    findings = []
    for n, values in enumerate(zip(*columns, strict=True)):
        mine = dict(zip(names, values, strict=True))
        area = pixels[n] * pixel_m2
        words = say(judged.kind, mine, before[n], after[n], area)
        if judged.kind == Kind.ANOMALY:
            mine |= {"label_before": float(before[n]), "label_after": float(after[n])}
        findings.append(Finding(judged.kind, shapes[n], area, pixels[n], likely[n], mine, words))
    return findings


def say(kind: Kind, mine: Mapping[str, float | None], before: int, after: int, area_m2: float) -> str:
    """What a person reads."""
    if kind != Kind.ANOMALY:
        return in_words(kind, area_m2, mine)
    bands = [f"{band} {value:+.2f}" for band, value in most_changed(mine)]
    indices = [f"{name.upper()} {value:+.2f}" for name in INDICES if (value := mine.get(f"d_{name}"))]
    spectrum = ", ".join(bands + indices)
    labels = f"label {before} -> label {after}" if before != after else f"within label {before}"
    return f"{labels}: {spectrum}, {hectares(area_m2)}, {border_words(mine)}"
