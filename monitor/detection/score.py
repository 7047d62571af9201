"""How likely a finding is real.

Anomalies: a logistic on numbers of the object. Its weights were fitted to about 1,500 objects of generated scenes
(Manaus and Liverpool, seeds 1-2, and two other backgrounds) and of the two real sets, by a script that is not part of
this repository yet; the discount for old borders was set by hand afterwards. How well it is calibrated on other
scenes has not been shown. A change that keeps to old borders, or fades into haze, cloud or shadow all around, is
likely season or weather.

Clouds and shadows: a plain measure of how opaque and how large they are, not a fitted probability.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.detection.result import Kind

LIKELY = 0.5
"""Anomalies less likely than this are left out."""
LARGEST_PX = 300.0
OLD_BORDERS = 0.6
STRONG = 3.0
ALIGNED = 0.3
"""Objects whose outline adds less than this share to the borders already there lie within old borders, ..."""
DAZZLING = 3.0
"""Strength of change from which the haze around matters less: a bright point blurs into its own halo."""
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
        "faint_around": known["faint_around"] * np.minimum(DAZZLING / np.maximum(known["strength"], 0.5), 1),
    }


def within_old_borders(area: NDArray[np.intp], evidence: Evidence) -> NDArray[np.float64]:
    """How much an object keeps to borders that were there before (0-1), 0 for large or strong ones."""
    new, old, strength = (evidence[name] for name in ("border_appeared", "border_before", "strength"))
    if new is None or old is None or strength is None:
        return np.zeros(len(area))
    kept: NDArray[np.float64] = np.clip(1 - new / (ALIGNED * (old + 0.5)), 0, 1) * (area < LARGEST_PX)
    return kept * np.clip(STRONG - strength, 0, 1)


def score(kind: Kind, area: NDArray[np.intp], evidence: Evidence) -> NDArray[np.float64]:
    """Probability per object, (count + 1,)."""
    if kind == Kind.ANOMALY:
        total = sum(
            (WEIGHTS[name] * values for name, values in features(area, evidence).items()), np.full(len(area), INTERCEPT)
        )
        likely: NDArray[np.float64] = 1 / (1 + np.exp(OLD_BORDERS * within_old_borders(area, evidence) - total))
        return likely
    certain = evidence["opacity"] if kind == Kind.CLOUD else evidence["shadow_match"]
    size = np.log(np.clip(area, 1, LARGEST_PX)) / np.log(LARGEST_PX)
    return np.clip(0.55 + 0.25 * size + 0.2 * np.clip(0.5 if certain is None else certain, 0, 1), 0, 0.99)  # type: ignore[no-any-return]
