"""The inbox: alerts that wait for a person, by the scene that showed them first, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.store.actions import UNDONE
from monitor.store.severity import Severity
from monitor.store.tables import Alert, AlertEvent, AlertState, Monitor, Scene
from monitor.store.tracking import SYSTEM


@dataclass(frozen=True)
class InboxFilter:
    """Which alerts: every condition that is given holds.

    Without a state: new ones, and those that only later scenes have confirmed. `severity` is the least one.
    """

    monitor: str | None = None
    kind: Kind | None = None
    state: AlertState | None = None
    severity: Severity | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class InboxAlert:
    """An alert as a line of the inbox; without its outline, which may be large."""

    id: int
    kind: Kind
    state: AlertState
    severity: Severity
    score: float
    area_m2: float
    first_seen: datetime
    last_seen: datetime
    updated_at: datetime
    description: str


@dataclass(frozen=True)
class InboxScene:
    """The scene of a group: its id, its number, and the version it was compared with."""

    scene_id: str
    pk: int
    reference_version: int | None


@dataclass(frozen=True)
class InboxGroup:
    """Alerts that one scene was the first to show; `scene` is None when that is gone."""

    monitor: str
    scene: InboxScene | None
    seen: datetime
    severity: Severity
    alerts: tuple[InboxAlert, ...]


@dataclass(frozen=True)
class InboxPage:
    """Some groups, and how many groups and alerts the filter lets through in all."""

    groups: tuple[InboxGroup, ...]
    all_groups: int
    all_alerts: int


def conditions(wanted: InboxFilter) -> list[ColumnElement[bool]]:
    """The filter for a query on alerts."""
    found: list[ColumnElement[bool]] = []
    if wanted.state is None:
        undecided = and_(Alert.state == AlertState.CONFIRMED, nobody_decided())
        found.append(or_(Alert.state == AlertState.NEW, undecided))
    else:
        found.append(Alert.state == wanted.state)
    if wanted.monitor is not None:
        found.append(Alert.monitor_id.in_(select(Monitor.id).where(Monitor.name == wanted.monitor)))
    if wanted.kind is not None:
        found.append(Alert.kind == wanted.kind)
    if wanted.severity is not None:
        found.append(Alert.severity >= int(wanted.severity))
    if wanted.since is not None:
        found.append(Alert.last_seen >= wanted.since)
    if wanted.until is not None:
        found.append(Alert.first_seen < wanted.until)
    return found


def nobody_decided() -> ColumnElement[bool]:
    """The last event that set the alert's state was the system's, or took a person's decision back."""
    last = (
        select(or_(AlertEvent.author == SYSTEM, AlertEvent.event == UNDONE))
        .where(AlertEvent.alert_id == Alert.id, AlertEvent.to_state.is_not(None))
        .order_by(AlertEvent.time.desc(), AlertEvent.id.desc())
        .limit(1)
    )
    return last.scalar_subquery().is_(True)


def inbox(session: Session, wanted: InboxFilter, *, limit: int = 20, offset: int = 0) -> InboxPage:
    """A page of groups, the gravest, then the newest first.

    In a group come the gravest, then anomalies before clouds, then the largest.
    """
    keys = (Alert.monitor_id, Alert.first_seen)
    worst, size = func.max(Alert.severity), func.count(Alert.id)
    groups = select(*keys, worst.label("worst"), size.label("size")).where(*conditions(wanted)).group_by(*keys)
    totals = session.execute(select(func.count(), func.sum(groups.subquery().c.size))).one()
    page = session.execute(
        groups.order_by(worst.desc(), Alert.first_seen.desc(), Alert.monitor_id).limit(limit).offset(offset)
    ).all()
    alerts = alerts_of(session, wanted, [(row.monitor_id, row.first_seen) for row in page])
    names = {number: name for number, name in session.execute(select(Monitor.id, Monitor.name))}  # noqa: C416
    scenes = scenes_of(session, [(row.monitor_id, row.first_seen) for row in page])
    return InboxPage(
        tuple(
            InboxGroup(
                names[row.monitor_id],
                scenes.get((row.monitor_id, row.first_seen)),
                row.first_seen,
                Severity(row.worst),
                tuple(alerts[row.monitor_id, row.first_seen]),
            )
            for row in page
        ),
        all_groups=totals[0] or 0,
        all_alerts=int(totals[1] or 0),
    )


def alerts_of(
    session: Session, wanted: InboxFilter, keys: Sequence[tuple[int, datetime]]
) -> dict[tuple[int, datetime], list[InboxAlert]]:
    """The alerts of these groups, by group."""
    found: dict[tuple[int, datetime], list[InboxAlert]] = {key: [] for key in keys}
    columns = (
        Alert.id, Alert.kind, Alert.state, Alert.severity, Alert.score, Alert.area_m2, Alert.first_seen,
        Alert.last_seen, Alert.updated_at, Alert.description, Alert.monitor_id,
    )  # fmt: skip
    query = select(*columns).where(*conditions(wanted), tuple_(Alert.monitor_id, Alert.first_seen).in_(keys))
    for row in session.execute(
        query.order_by(Alert.severity.desc(), Alert.kind != Kind.ANOMALY, Alert.area_m2.desc(), Alert.id)
    ):
        values = row._asdict()
        key = (values.pop("monitor_id"), row.first_seen)
        found[key].append(InboxAlert(**{**values, "severity": Severity(row.severity)}))
    return found


def scenes_of(session: Session, keys: Sequence[tuple[int, datetime]]) -> dict[tuple[int, datetime], InboxScene]:
    """The newest product of each group's scene."""
    columns = (Scene.monitor_id, Scene.datetime, Scene.scene_id, Scene.id, Scene.reference_version)
    query = select(*columns).where(tuple_(Scene.monitor_id, Scene.datetime).in_(keys)).order_by(Scene.id)
    rows = session.execute(query)
    return {(row.monitor_id, row.datetime): InboxScene(row.scene_id, row.id, row.reference_version) for row in rows}
