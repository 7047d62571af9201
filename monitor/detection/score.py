"""How likely a finding is real."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.detection.result import Kind


def score(
    kind: Kind, area: NDArray[np.intp], evidence: Mapping[str, NDArray[np.float64] | None]
) -> NDArray[np.float64]:
    """Probability per object, (count + 1,)."""
    strength = evidence["strength"]
    assert strength is not None
    return np.clip(0.5 + 0.15 * (strength - 1.7), 0.05, 0.98)
