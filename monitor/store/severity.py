"""How soon somebody should look at an alert."""

from enum import IntEnum

from monitor.detection.result import Kind

HECTARE_M2 = 1e4


class Severity(IntEnum):
    """How soon somebody should look; clouds and shadows are LOW whatever their size."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


def severity(kind: Kind, area_m2: float, score: float) -> Severity:
    """Of an anomaly by its size and score: HIGH from 10 ha and 0.7, MEDIUM from 1 ha and 0.5."""
    if kind is not Kind.ANOMALY:
        return Severity.LOW
    hectares = area_m2 / HECTARE_M2
    if hectares >= 10 and score >= 0.7:
        return Severity.HIGH
    return Severity.MEDIUM if hectares >= 1 and score >= 0.5 else Severity.LOW
