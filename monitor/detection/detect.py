"""Scene against reference: flags, findings and metrics."""

import numpy as np

from monitor.clustering.labels import LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.config import DetectionSettings
from monitor.detection.explain import ANOMALY
from monitor.detection.kinds import decide
from monitor.detection.looks import lay_out, look_again
from monitor.detection.result import Detection, Flag
from monitor.scenes.scene import Scene


def detect(
    scene: Scene, reference: ReferenceModel, by_reference: LabelMap, by_sweep: LabelMap, settings: DetectionSettings
) -> Detection:
    """Flags, findings and metrics of a normalised scene."""
    canvas = lay_out(scene, reference, by_reference)
    seen = look_again(canvas)
    flags = decide(canvas, seen)
    flags[canvas.index < 0] = Flag.NO_ANSWER
    alone = (canvas.index >= 0) & ~canvas.compared
    flags[alone & (flags == ANOMALY)] = Flag.NO_ANSWER
    return Detection(flags.astype(np.uint8), (), {})
