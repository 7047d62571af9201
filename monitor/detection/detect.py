"""Scene against reference: flags first, then findings and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.detection.borders import borders_of
from monitor.detection.canvas import Canvas, lay_out
from monitor.detection.evidence import Material
from monitor.detection.findings import Judged, describe, weigh_objects
from monitor.detection.fringe import absorb_scraps
from monitor.detection.kinds import decide
from monitor.detection.look import Look
from monitor.detection.looks import look_again
from monitor.detection.metrics import measure_scene
from monitor.detection.result import Detection, Flag
from monitor.scenes.scene import Scene
from monitor.strips import Strip, over_strips


@dataclass(frozen=True, eq=False)
class Flagged:
    """Flags of a scene (uint8, rows, columns), anomalies not yet weighed, and what they were taken from."""

    canvas: Canvas
    seen: Look
    by_reference: LabelMap
    flags: NDArray[np.uint8]


def detect(scene: Scene, reference: ReferenceModel, by_reference: LabelMap, by_sweep: LabelMap) -> Detection:
    """Flags, findings and metrics of a normalised scene, laid on the reference that goes with it.

    `by_reference` and `by_sweep` are the scene's label maps, both with centroids in the reference's feature
    space. Where the reference is unknown, cloud is told from ground that the reference knows elsewhere, and
    what is neither stays without an answer; anomalies are never called there.
    """
    return find(flag(scene, reference, by_reference), by_sweep)


def flag(scene: Scene, reference: ReferenceModel, by_reference: LabelMap) -> Flagged:
    """The half of `detect` that needs no sweep."""
    canvas = lay_out(scene, reference, by_reference)
    seen = look_again(canvas)
    flags, ships = decide(canvas, seen)

    def leave_open(strip: Strip) -> None:
        here, rows = flags[strip.rows], strip.rows
        here[~canvas.compared(rows) & (here == Flag.ANOMALY)] = Flag.NO_ANSWER
        here[~canvas.answerable(rows)] = Flag.NO_ANSWER

    over_strips(canvas.shape, 0, leave_open)
    if canvas.window > 1:  # on coarse pixels clouds and their fringes lie within one
        absorb_scraps(flags, seen.opacity, seen.depth, ships, canvas.fineness)
    return Flagged(canvas, seen, by_reference, flags)


def find(flagged: Flagged, by_sweep: LabelMap) -> Detection:
    """The other half of `detect`."""
    judged, metrics = weigh(flagged, by_sweep)
    flags, grid = flagged.flags, flagged.canvas.scene.grid
    del flagged  # its rasters are not needed for the outlines
    findings = [finding for each in judged for finding in describe(each, grid)]
    return Detection(flags, tuple(findings), metrics)


def weigh(flagged: Flagged, by_sweep: LabelMap) -> tuple[list[Judged], Mapping[str, float | None]]:
    """What speaks for every object, and the scene's metrics; clears anomalies that are not likely real."""
    canvas, by_reference = flagged.canvas, flagged.by_reference
    borders = borders_of(canvas.reference.label_map, by_reference, by_sweep)
    source = Material(canvas, flagged.seen, borders, flagged.flags)
    judged, misalignment = weigh_objects(source)
    return judged, measure_scene(source, misalignment)
