"""Alerts as people review them: those of one scene together, the gravest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from monitor.store.alerts import ORDER_COLUMNS, AlertFilter, AlertOrder, AlertRow, select_alerts, with_scenes
from monitor.store.paging import ordered
from monitor.store.severity import Severity, severity
from monitor.store.tables import Alert, AlertState

__all__ = ["ReviewItem", "Severity", "count_review_items", "review_items", "severity_of"]

KEYS_AT_ONCE = 200


@dataclass(frozen=True)
class ReviewItem:
    """The alerts that one scene was the first to show."""

    monitor: str
    scene_id: str
    seen: datetime
    severity: Severity
    alerts: tuple[AlertRow, ...]


def severity_of(alert: AlertRow) -> Severity:
    """Of an alert, as `severity`."""
    return severity(alert.kind, alert.area_m2, alert.score)


def review_items(
    session: Session,
    monitor: str | None = None,
    states: Sequence[AlertState] = (AlertState.NEW,),
    *,
    min_severity: Severity = Severity.LOW,
    limit: int | None = None,
    offset: int = 0,
) -> list[ReviewItem]:
    """Alerts in these states, grouped by the scene that showed them first; the gravest, then the newest first.

    `min_severity` is of an item's gravest alert.
    """
    wanted = AlertFilter(monitor, states=tuple(states))
    gravest = func.max(Alert.severity)
    groups = (
        grouped(wanted, min_severity)
        .with_only_columns(Alert.monitor_id, Alert.first_seen, gravest)
        .order_by(gravest.desc(), Alert.first_seen.desc(), Alert.monitor_id)
        .limit(limit)
        .offset(offset)
    )
    keys = [(monitor_id, seen) for monitor_id, seen, _ in session.execute(groups)]
    members: dict[tuple[str, str], list[AlertRow]] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        here = or_(
            *(
                and_(*wanted.of_kind(), Alert.monitor_id == monitor_id, Alert.first_seen == seen)
                for monitor_id, seen in keys[start : start + KEYS_AT_ONCE]
            )
        )
        page = ordered(wanted.of(select_alerts()).where(here), ORDER_COLUMNS[AlertOrder.NEWEST])
        for alert in with_scenes(session, page, wanted.of(select(Alert.id)).where(here)):
            if alert.scene_ids:
                members.setdefault((alert.monitor, alert.scene_ids[0]), []).append(alert)
    items = [
        ReviewItem(name, scene, alerts[0].first_seen, max(map(severity_of, alerts)), tuple(alerts))
        for (name, scene), alerts in members.items()
    ]
    return sorted(items, key=lambda item: (-item.severity, -item.seen.timestamp(), item.monitor))


def count_review_items(
    session: Session,
    monitor: str | None = None,
    states: Sequence[AlertState] = (AlertState.NEW,),
    *,
    min_severity: Severity = Severity.LOW,
) -> int:
    """How many items `review_items` would give without a limit."""
    groups = grouped(AlertFilter(monitor, states=tuple(states)), min_severity).subquery()
    return session.scalar(select(func.count()).select_from(groups)) or 0


def grouped(wanted: AlertFilter, min_severity: Severity) -> Select[Any]:
    """One row for every scene that was the first to show some of these alerts.

    Two scenes of a monitor are never taken at the same moment, so that the moment stands for the scene.
    """
    groups = wanted.of(select(Alert.monitor_id)).group_by(Alert.monitor_id, Alert.first_seen)
    return groups if min_severity is Severity.LOW else groups.having(func.max(Alert.severity) >= int(min_severity))
