"""What detection says about one scene: a raster of flags, findings with their evidence, and metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Flag(IntEnum):
    """Values of the flags raster."""

    CLEAR = 0
    CLOUD = 1
    SHADOW = 2
    ANOMALY = 3
    NO_ANSWER = 255


class Kind(StrEnum):
    """What a finding is."""

    CLOUD = "cloud"
    SHADOW = "shadow"
    ANOMALY = "anomaly"


class Outcome(StrEnum):
    """What one scene says about the place of an alert."""

    SEEN = "seen"
    GONE = "gone"
    HIDDEN = "hidden"


@dataclass(frozen=True)
class Finding:
    """One object of one scene.

    `geometry` is GeoJSON in WGS 84, `area_m2` is measured on the grid, `score` (0-1) is how likely it is
    real, `evidence` is plain numbers by name (border misalignment, residual, ...), `description` is what
    a person reads.
    """

    kind: Kind
    geometry: Mapping[str, Any]
    area_m2: float
    pixels: int
    score: float
    evidence: Mapping[str, float | None]
    description: str


@dataclass(frozen=True, eq=False)
class Detection:
    """Flags uint8 (rows, columns) with the values of `Flag`, findings, and the scene's metrics by name."""

    flags: NDArray[np.uint8]
    findings: tuple[Finding, ...]
    metrics: Mapping[str, float | None]
