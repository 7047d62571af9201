"""The scene in plain numbers."""

from collections.abc import Mapping

import numba
import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.detection import codes
from monitor.detection.evidence import QA_CLOUD, QA_SHADOW, Material
from monitor.detection.result import Flag
from monitor.strips import Strip, over_strips

FILL = 1
CLOUD, SHADOW = int(Flag.CLOUD), int(Flag.SHADOW)


def measure_scene(source: Material, misalignment: Mapping[str, float | None]) -> dict[str, float | None]:
    """Shares of the valid pixels by flag, border misalignment, disagreement of labels, agreement with QA_PIXEL."""
    canvas, seen, flags = source.canvas, source.seen, source.flags
    valid, labels, qa = canvas.scene.valid, canvas.reference.labels, canvas.scene.qa
    counted: list[tuple[NDArray[np.int64], ...]] = []

    def count(strip: Strip) -> None:
        rows = strip.rows
        part = np.zeros(256, np.int64), np.zeros(256, np.int64), np.zeros(2, np.int64), np.zeros(3, np.int64)
        here = flags[rows], valid[rows]
        _count(*here, labels[rows], source.borders.by_reference[rows], seen.effect[rows], *part[:3])
        if qa is not None:
            _compare(*here, qa[rows], part[3])
        counted.append(part)

    over_strips(canvas.shape, 0, count)
    kinds, sizes, numbers, agreed = (np.sum(parts, axis=0) for parts in zip(*counted, strict=True))
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
    for name, same in zip(("qa_cloud_agreement", "qa_shadow_agreement"), agreed[:2].tolist(), strict=True):
        metrics[name] = same / int(agreed[2]) if agreed[2] else None
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


@numba.njit(cache=True, nogil=True)
def _compare(flags, valid, qa, agreed):  # type: ignore[no-untyped-def]
    """Count where QA_PIXEL agrees with the flags on cloud, where on shadow, and all pixels that it judges."""
    for row in range(flags.shape[0]):
        cloud = shadow = size = 0
        for column in range(flags.shape[1]):
            bits, flag = qa[row, column], flags[row, column]
            judged = valid[row, column] & (bits & FILL == 0)
            cloud += judged & ((flag == CLOUD) == (bits & QA_CLOUD > 0))
            shadow += judged & ((flag == SHADOW) == (bits & QA_SHADOW > 0))
            size += judged
        agreed[0] += cloud
        agreed[1] += shadow
        agreed[2] += size
