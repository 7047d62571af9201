"""The scene in plain numbers."""

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.detection.evidence import QA_CLOUD, QA_SHADOW, Material
from monitor.detection.result import Flag

FILL = 1


def measure_scene(flags: NDArray[np.uint8], source: Material) -> dict[str, float | None]:
    """Shares of the valid pixels by flag, border misalignment, disagreement of labels, agreement with QA_PIXEL."""
    canvas, seen = source.canvas, source.seen
    valid = canvas.scene.valid
    compared = canvas.compared
    clear = compared & (flags == Flag.CLEAR)
    labels = canvas.reference.labels
    differs = compared & (source.by_reference.labels != labels) & (source.by_reference.labels != NO_LABEL)
    metrics: dict[str, float | None] = {
        "valid_fraction": float(valid.mean()),
        "cloud_fraction": share(flags == Flag.CLOUD, valid),
        "shadow_fraction": share(flags == Flag.SHADOW, valid),
        "anomaly_fraction": share(flags == Flag.ANOMALY, valid),
        "no_answer_fraction": share(flags == Flag.NO_ANSWER, valid),
        "no_reference_fraction": share(~compared, valid),
        "misalignment_appeared": mean(source.borders.appeared, compared),
        "misalignment_vanished": mean(source.borders.vanished, compared),
        "label_disagreement": float(differs.sum() / max(int(compared.sum()), 1)),
        "scatter_today": mean(seen.explained.effect, clear),
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


def share(mask: NDArray[np.bool_], valid: NDArray[np.bool_]) -> float:
    """Share of the valid pixels that a mask covers."""
    return float((mask & valid).sum() / max(int(valid.sum()), 1))


def mean(image: NDArray[np.float32], where: NDArray[np.bool_]) -> float | None:
    """Mean over a mask, None if it is empty."""
    return float(image[where].mean(dtype=np.float64)) if where.any() else None


def agreement(ours: NDArray[np.bool_], theirs: NDArray[np.bool_], judged: NDArray[np.bool_]) -> float | None:
    """Share of the judged pixels on which both agree."""
    return float((ours == theirs)[judged].mean()) if judged.any() else None
