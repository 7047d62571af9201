"""How likely a finding is real.

Anomalies: a logistic on six numbers of the object, fitted to objects of generated and real scenes with known truth by
`benchmarks/detection.py --fit-score`. A change that follows old borders, or fades into haze, cloud or shadow all
around, is likely season or weather. Clouds and shadows: by how well their own explanation fits.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.detection.result import Kind

LIKELY = 0.5
"""Anomalies less likely than this are left out."""
LARGEST_PX = 300.0
WEIGHTS = {
    "area": 0.45,
    "strength": 1.77,
    "border_appeared": -0.09,
    "border_before": -0.39,
    "sharpness": 0.05,
    "faint_around": -7.49,
}
INTERCEPT = -1.67

Evidence = Mapping[str, NDArray[np.float64] | None]


def features(area: NDArray[np.intp], evidence: Evidence) -> dict[str, NDArray[np.float64]]:
    """What the logistic looks at, each (count + 1,)."""
    known = {name: np.zeros(len(area)) if values is None else values for name, values in evidence.items()}
    return {
        "area": np.log(np.clip(area, 1, LARGEST_PX)),
        "strength": np.log(np.maximum(known["strength"], 0.5)),
        "border_appeared": np.log1p(known["border_appeared"]),
        "border_before": np.log1p(known["border_before"]),
        "sharpness": 10 * np.minimum(known["sharpness"], 0.1),
        "faint_around": known["faint_around"],
    }


def score(kind: Kind, area: NDArray[np.intp], evidence: Evidence) -> NDArray[np.float64]:
    """Probability per object, (count + 1,)."""
    if kind == Kind.ANOMALY:
        total = sum(
            (WEIGHTS[name] * values for name, values in features(area, evidence).items()), np.full(len(area), INTERCEPT)
        )
        likely: NDArray[np.float64] = 1 / (1 + np.exp(-total))
        return likely
    certain = evidence["opacity"] if kind == Kind.CLOUD else evidence["shadow_match"]
    size = np.log(np.clip(area, 1, LARGEST_PX)) / np.log(LARGEST_PX)
    return np.clip(0.55 + 0.25 * size + 0.2 * np.clip(0.5 if certain is None else certain, 0, 1), 0, 0.99)  # type: ignore[no-any-return]
