"""Scene against reference: flags, findings and metrics."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.detection.borders import borders_of
from monitor.detection.canvas import lay_out
from monitor.detection.evidence import Material
from monitor.detection.findings import Judged, describe, weigh_objects
from monitor.detection.fringe import absorb_scraps
from monitor.detection.kinds import decide
from monitor.detection.looks import look_again
from monitor.detection.metrics import measure_scene
from monitor.detection.result import Detection, Flag
from monitor.scenes.scene import Scene
from monitor.strips import Strip, over_strips


def detect(scene: Scene, reference: ReferenceModel, by_reference: LabelMap, by_sweep: LabelMap) -> Detection:
    """Flags, findings and metrics of a normalised scene, laid on the reference that goes with it.

    `by_reference` and `by_sweep` are the scene's label maps, both with centroids in the reference's feature
    space. Where the reference is unknown, cloud is told from ground that the reference knows elsewhere, and
    what is neither stays without an answer; anomalies are never called there.
    """
    judged, flags, metrics = judge(scene, reference, by_reference, by_sweep)
    findings = [finding for each in judged for finding in describe(each, scene.grid)]
    return Detection(flags, tuple(findings), metrics)


def judge(
    scene: Scene, reference: ReferenceModel, by_reference: LabelMap, by_sweep: LabelMap
) -> tuple[list[Judged], NDArray[np.uint8], Mapping[str, float | None]]:
    """All but the outlines: the rasters that it works with are gone when it returns."""
    canvas = lay_out(scene, reference, by_reference)
    seen = look_again(canvas)
    flags = decide(canvas, seen)

    def leave_open(strip: Strip) -> None:
        here, rows = flags[strip.rows], strip.rows
        here[~canvas.compared(rows) & (here == Flag.ANOMALY)] = Flag.NO_ANSWER
        here[~canvas.answerable(rows)] = Flag.NO_ANSWER

    over_strips(canvas.shape, 0, leave_open)
    absorb_scraps(flags)
    source = Material(canvas, seen, borders_of(reference.label_map, by_reference, by_sweep), flags)
    judged, misalignment = weigh_objects(source)
    return judged, flags, measure_scene(source, misalignment)
