"""The scene in plain numbers."""

from collections.abc import Mapping

import numba
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.detection import codes
from monitor.detection.evidence import QA_CLOUD, QA_SHADOW, Material
from monitor.detection.result import Flag

FILL = 1


def measure_scene(source: Material, misalignment: Mapping[str, float | None]) -> dict[str, float | None]:
    """Shares of the valid pixels by flag, border misalignment, disagreement of labels, agreement with QA_PIXEL."""
    canvas, seen, flags = source.canvas, source.seen, source.flags
    valid = canvas.scene.valid
    labels = canvas.reference.labels
    kinds, sizes, numbers = np.zeros(256, np.int64), np.zeros(256, np.int64), np.zeros(2, np.int64)
    _count(flags, valid, labels, source.borders.by_reference, seen.effect, kinds, sizes, numbers)
    size, (compared, differs) = max(int(kinds.sum()), 1), numbers.tolist()
    metrics: dict[str, float | None] = {
        "valid_fraction": float(kinds.sum() / valid.size),
        "cloud_fraction": float(kinds[Flag.CLOUD] / size),
        "shadow_fraction": float(kinds[Flag.SHADOW] / size),
        "anomaly_fraction": float(kinds[Flag.ANOMALY] / size),
        "no_answer_fraction": float(kinds[Flag.NO_ANSWER] / size),
        "no_reference_fraction": float((kinds.sum() - compared) / size),
        **misalignment,
        "label_disagreement": float(differs / max(compared, 1)),
        "scatter_today": float((sizes * codes.SIZE).sum() / sizes.sum()) if sizes.any() else None,
        "cloud_height_m": None if seen.shade is None else seen.shade.height_m,
        "shadow_explained": None if seen.shade is None else seen.shade.gain,
    }
    qa = canvas.scene.qa
    judged = valid & ((qa & FILL) == 0) if qa is not None else valid
    for name, bits, flag in (
        ("qa_cloud_agreement", QA_CLOUD, Flag.CLOUD),
        ("qa_shadow_agreement", QA_SHADOW, Flag.SHADOW),
    ):
        metrics[name] = None if qa is None else agreement(flags == flag, (qa & np.uint16(bits)) > 0, judged)
    return metrics


@numba.njit(cache=True, nogil=True)
def _count(flags, valid, then, now, effect, kinds, sizes, numbers):  # type: ignore[no-untyped-def]
    """Count in one pass flags of the valid pixels (`kinds`), codes of effect of the clear and compared (`sizes`).

    `numbers` are the compared pixels, and those whose label has changed.
    """
    for row in range(flags.shape[0]):
        for column in range(flags.shape[1]):
            if not valid[row, column]:
                continue
            kinds[flags[row, column]] += 1
            if then[row, column] != NO_LABEL:
                numbers[0] += 1
                label = now[row, column]
                numbers[1] += label != then[row, column] and label != NO_LABEL
                if flags[row, column] == 0:
                    sizes[effect[row, column]] += 1


def agreement(ours: NDArray[np.bool_], theirs: NDArray[np.bool_], judged: NDArray[np.bool_]) -> float | None:
    """Share of the judged pixels on which both agree."""
    return float((ours == theirs)[judged].mean()) if judged.any() else None
