"""From a scene, the reference and their labels to flags, findings and metrics.

The pipeline calls, in this order:

    laid = normalise(scene, reference)             # monitor.scenes.normalise
    scene, reference, radiometry = laid.scene, laid.reference, laid.radiometry
    by_reference = label_map(reference.feature_stack(scene.stack), reference.centroids)
    by_sweep = the label map of the sweep's chosen k on the same features
    detection = detect(scene, reference, by_reference, by_sweep)

The sweep takes its time and is not needed for the flags: `find(flag(scene, reference, by_reference), by_sweep)` is the
same as `detect`.

`laid.scene` is in the reference's radiometry; `laid.reference` is the reference moved under the scene by the
estimated shift (the scene is never resampled). Both, and nothing else, go into labels and detection.
"""

from monitor.detection.detect import detect, find, flag

__all__ = ["detect", "find", "flag"]
