"""The scene in plain numbers."""

from collections.abc import Mapping

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
    compared = canvas.compared
    clear = compared & (flags == Flag.CLEAR)
    labels = canvas.reference.labels
    now = source.borders.by_reference
    differs = compared & (now != labels) & (now != NO_LABEL)
    metrics: dict[str, float | None] = {
        "valid_fraction": float(valid.mean()),
        "cloud_fraction": share(flags == Flag.CLOUD, valid),
        "shadow_fraction": share(flags == Flag.SHADOW, valid),
        "anomaly_fraction": share(flags == Flag.ANOMALY, valid),
        "no_answer_fraction": share(flags == Flag.NO_ANSWER, valid),
        "no_reference_fraction": share(~compared, valid),
        **misalignment,
        "label_disagreement": float(differs.sum() / max(int(compared.sum()), 1)),
        "scatter_today": mean_size(seen.effect, clear),
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


def mean_size(sizes: NDArray[np.uint8], where: NDArray[np.bool_]) -> float | None:
    """Mean over a mask of sizes of change as `codes` have them, None if it is empty."""
    if not where.any():
        return None
    count = np.bincount(sizes[where], minlength=codes.SIZE.size)
    return float((count * codes.SIZE).sum() / count.sum())


def agreement(ours: NDArray[np.bool_], theirs: NDArray[np.bool_], judged: NDArray[np.bool_]) -> float | None:
    """Share of the judged pixels on which both agree."""
    return float((ours == theirs)[judged].mean()) if judged.any() else None
