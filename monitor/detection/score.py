"""How likely a finding is to be real.

Anomalies: a logistic on numbers of the object, calibrated on objects of generated scenes (Manaus and Liverpool,
seeds 1-4, normal, hard and drift) and of the two real sets, where change of season and use count most; docs/method.md
shows what it is worth on seeds that it was not fitted to (benchmarks/score_fit.py). What has no border that was not
there, turned from one known ground into another, or fades into haze, cloud or shadow all around, is likely season or
weather.

Clouds and shadows: a plain measure of how opaque and how large they are, not a fitted probability.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.detection.result import Kind

LIKELY = 0.65
"""Anomalies less likely than this are left out."""
SMALLEST_PX, LARGEST_PX = 20.0, 3000.0
"""Smaller anomalies are not less likely for it, larger ones not more likely..."""
LARGEST_CLOUD_PX = 300.0
"""... nor larger clouds and shadows."""
SHARPEST = 0.1
"""Slopes of opacity beyond this are sharp alike."""
DAZZLING = 3.0
"""Strength of change from which the haze around matters less: a bright point blurs into its own halo."""
WEIGHTS = {
    "area": 1.67,
    "change": 1.88,
    "border_appeared": 1.59,
    "residual": -1.27,
    "sharpness": 28.45,
    "faint_around": -4.90,
    "novelty": 2.32,
}
INTERCEPT = -6.58

Evidence = Mapping[str, NDArray[np.float64] | None]


def features(area: NDArray[np.floating], evidence: Evidence) -> dict[str, NDArray[np.float64]]:
    """What the logistic looks at, each (count + 1,); `area` is in pixels of Landsat."""
    known = {name: np.zeros(len(area)) if values is None else values for name, values in evidence.items()}
    return {
        "area": np.log(np.clip(area, SMALLEST_PX, LARGEST_PX)),
        "change": np.log(np.maximum(known["change"], 0.5)),
        "border_appeared": np.log1p(known["border_appeared"]),
        "residual": np.log(np.maximum(known["residual"], 0.1)),
        "sharpness": np.minimum(known["sharpness"], SHARPEST),
        "faint_around": known["faint_around"] * np.minimum(DAZZLING / np.maximum(known["strength"], 0.5), 1),
        "novelty": np.log(np.maximum(known["novelty"], 0.1)),
    }


def score(kind: Kind, area: NDArray[np.floating], evidence: Evidence) -> NDArray[np.float64]:
    """Probability per object, (count + 1,), of an area in pixels of Landsat."""
    if kind == Kind.ANOMALY:
        total = sum(
            (WEIGHTS[name] * values for name, values in features(area, evidence).items()), np.full(len(area), INTERCEPT)
        )
        likely: NDArray[np.float64] = 1 / (1 + np.exp(-total))
        return likely
    certain = evidence["opacity"] if kind == Kind.CLOUD else evidence["shadow_match"]
    size = np.log(np.clip(area, 1, LARGEST_CLOUD_PX)) / np.log(LARGEST_CLOUD_PX)
    return np.clip(0.55 + 0.25 * size + 0.2 * np.clip(0.5 if certain is None else certain, 0, 1), 0, 0.99)  # type: ignore[no-any-return]
