"""Alerts as people review them: those of one scene together, the gravest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.store.alerts import AlertFilter, AlertRow, list_alerts
from monitor.store.tables import AlertState

HECTARE_M2 = 1e4


class Severity(IntEnum):
    """How soon somebody should look; clouds and shadows are LOW whatever their size."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


@dataclass(frozen=True)
class ReviewItem:
    """The alerts that one scene was the first to show."""

    monitor: str
    scene_id: str
    seen: datetime
    severity: Severity
    alerts: tuple[AlertRow, ...]


def severity_of(alert: AlertRow) -> Severity:
    """Of an anomaly by its size and score: HIGH from 10 ha and 0.7, MEDIUM from 1 ha and 0.5."""
    if alert.kind is not Kind.ANOMALY:
        return Severity.LOW
    hectares = alert.area_m2 / HECTARE_M2
    if hectares >= 10 and alert.score >= 0.7:
        return Severity.HIGH
    return Severity.MEDIUM if hectares >= 1 and alert.score >= 0.5 else Severity.LOW


def review_items(
    session: Session, monitor: str | None = None, states: Sequence[AlertState] = (AlertState.NEW,)
) -> list[ReviewItem]:
    """Alerts in these states, grouped by the scene that showed them first; the gravest, then the newest first."""
    groups: dict[tuple[str, str], list[AlertRow]] = {}
    for alert in list_alerts(session, AlertFilter(monitor, states=tuple(states))):
        if alert.scene_ids:
            groups.setdefault((alert.monitor, alert.scene_ids[0]), []).append(alert)
    items = [
        ReviewItem(name, scene, min(a.first_seen for a in alerts), max(map(severity_of, alerts)), tuple(alerts))
        for (name, scene), alerts in groups.items()
    ]
    return sorted(items, key=lambda item: (item.severity, item.seen), reverse=True)
