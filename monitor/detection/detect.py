"""Scene against reference: flags, findings and metrics."""

from monitor.clustering.labels import LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.config import DetectionSettings
from monitor.detection.borders import misalignment
from monitor.detection.canvas import lay_out
from monitor.detection.evidence import material
from monitor.detection.findings import find
from monitor.detection.fringe import absorb_scraps
from monitor.detection.kinds import decide
from monitor.detection.looks import look_again
from monitor.detection.metrics import measure_scene
from monitor.detection.result import Detection, Flag
from monitor.scenes.scene import Scene


def detect(
    scene: Scene, reference: ReferenceModel, by_reference: LabelMap, by_sweep: LabelMap, settings: DetectionSettings
) -> Detection:
    """Flags, findings and metrics of a normalised scene, laid on the reference that goes with it.

    `by_reference` and `by_sweep` are the scene's label maps, both with centroids in the reference's feature
    space. Where the reference is unknown, cloud is told from ground that the reference knows elsewhere, and
    what is neither stays without an answer; anomalies are never called there.
    """
    canvas = lay_out(scene, reference, by_reference)
    seen = look_again(canvas)
    flags = decide(canvas, seen)
    alone = (canvas.index >= 0) & ~canvas.compared
    flags[alone & (flags == Flag.ANOMALY)] = Flag.NO_ANSWER
    flags[canvas.index < 0] = Flag.NO_ANSWER
    absorb_scraps(flags)
    borders = misalignment(reference.label_map, by_reference, by_sweep)
    source = material(canvas, seen, flags, borders, by_reference)
    findings = find(flags, source)
    return Detection(flags, findings, measure_scene(flags, source))
