"""Alerts: reading and filtering them, page by page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from monitor.catalog.item import BBox
from monitor.detection.result import Kind
from monitor.errors import NotFoundError
from monitor.store.geometry import overlaps
from monitor.store.paging import Cursor, Page, after, ordered
from monitor.store.severity import Severity
from monitor.store.tables import Alert, AlertState, Finding, Monitor, Scene


@dataclass(frozen=True)
class AlertRow:
    """An alert with its place (`geometry`, GeoJSON in WGS 84).

    `scene_ids` are the scenes that contributed findings, by acquisition time.
    """

    id: int
    monitor: str
    kind: Kind
    state: AlertState
    score: float
    area_m2: float
    geometry: dict[str, Any]
    bbox: BBox
    first_seen: datetime
    last_seen: datetime
    description: str
    created_at: datetime
    updated_at: datetime
    scene_ids: tuple[str, ...] = ()

    @classmethod
    def from_row(cls, row: Row[Any]) -> Self:
        """From a row of `select_alerts`."""
        values = row._asdict()
        box = tuple(values.pop(side) for side in ("west", "south", "east", "north"))
        return cls(**values, bbox=box)


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts: every condition that is given holds.

    `since` and `until`: seen at or after, and first seen before. `bbox`: overlaps that box, degrees (west > east: over
    the antimeridian). `scene_id`: that scene contributed a finding.
    """

    monitor: str | None = None
    kinds: tuple[Kind, ...] = ()
    states: tuple[AlertState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    bbox: BBox | None = None
    min_score: float | None = None
    min_severity: Severity = Severity.LOW
    scene_id: str | None = None

    def of(self, query: Select[Any]) -> Select[Any]:
        """The query with the conditions added."""
        return query.where(*self.of_kind(), *self.in_time(), *self.conditions())

    def of_kind(self) -> list[ColumnElement[bool]]:
        """Whose, what, and in which state."""
        found: list[ColumnElement[bool]] = []
        if self.monitor is not None:
            found.append(Alert.monitor_id.in_(select(Monitor.id).where(Monitor.name == self.monitor)))
        if self.kinds:
            found.append(one_of(Alert.kind, self.kinds))
        if self.states:
            found.append(one_of(Alert.state, self.states))
        return found

    def in_time(self) -> list[ColumnElement[bool]]:
        """When."""
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(Alert.last_seen >= self.since)
        if self.until is not None:
            found.append(Alert.first_seen < self.until)
        return found

    def conditions(self) -> list[ColumnElement[bool]]:
        """Where, and how grave."""
        found: list[ColumnElement[bool]] = []
        if self.min_score is not None:
            found.append(Alert.score >= self.min_score)
        if self.min_severity > Severity.LOW:
            found.append(Alert.severity >= int(self.min_severity))
        if self.bbox is not None:
            found.append(overlaps(Alert, self.bbox))
        if self.scene_id is not None:
            of_scene = select(Finding.alert_id).join(Scene, Scene.id == Finding.scene_id)
            found.append(Alert.id.in_(of_scene.where(Scene.scene_id == self.scene_id)))
        return found


def one_of(column: Any, values: Sequence[Any]) -> ColumnElement[bool]:
    """A column with one of these values; SQLite sorts by an index behind `=`, but not behind `IN` of a single one."""
    found: ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return found


EVERYTHING = AlertFilter()
IDS_AT_ONCE = 500


class AlertOrder(StrEnum):
    """What comes first; among equals the newest, then the one that was stored last."""

    NEWEST = "newest"
    SEVEREST = "severest"
    SCORE = "score"
    AREA = "area"


ORDER_COLUMNS: dict[AlertOrder, tuple[Any, ...]] = {
    AlertOrder.NEWEST: (Alert.last_seen, Alert.id),
    AlertOrder.SEVEREST: (Alert.severity, Alert.last_seen, Alert.id),
    AlertOrder.SCORE: (Alert.score, Alert.last_seen, Alert.id),
    AlertOrder.AREA: (Alert.area_m2, Alert.last_seen, Alert.id),
}


def select_alerts() -> Select[Any]:
    """Every column of an AlertRow but the scenes."""
    left_out = {"monitor_id", "severity"}
    columns = [column for column in Alert.__table__.columns if column.key not in left_out]
    return select(*columns, Monitor.name.label("monitor")).join(Monitor, Monitor.id == Alert.monitor_id)


def list_alerts(
    session: Session,
    wanted: AlertFilter = EVERYTHING,
    *,
    order: AlertOrder = AlertOrder.NEWEST,
    limit: int | None = None,
    offset: int = 0,
) -> list[AlertRow]:
    """Alerts, by default the last seen first. Two queries, however many alerts there are."""
    numbers = ordered(wanted.of(select(Alert.id)), ORDER_COLUMNS[order])
    if limit is not None or offset:
        return with_scenes(session, of_numbers(numbers.limit(limit).offset(offset), order), numbers)
    return with_scenes(session, ordered(wanted.of(select_alerts()), ORDER_COLUMNS[order]), wanted.of(select(Alert.id)))


def page_of_alerts(
    session: Session,
    wanted: AlertFilter = EVERYTHING,
    *,
    order: AlertOrder = AlertOrder.NEWEST,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[AlertRow]:
    """The `limit` alerts that come after a cursor, which an earlier page of the same filter and order gave.

    As quick for the last page as for the first, and stable while alerts are added. Raises QueryError for a
    cursor that no page gave.
    """
    columns = ORDER_COLUMNS[order]
    numbers = wanted.of(select(Alert.id))
    if cursor is not None:
        numbers = numbers.where(after(columns, Cursor.parse(cursor, order, columns)))
    numbers = ordered(numbers, columns).limit(limit + 1)
    rows = with_scenes(session, of_numbers(numbers, order), numbers)
    if len(rows) <= limit:
        return Page(tuple(rows), None)
    last = session.execute(select(*columns).where(Alert.id == rows[limit - 1].id)).one()
    return Page(tuple(rows[:limit]), str(Cursor(order, tuple(last))))


def of_numbers(numbers: Select[Any], order: AlertOrder) -> Select[Any]:
    """The alerts of selected ids: sorting ids and fetching rows by them spares sorting outlines."""
    chosen = numbers.subquery()
    return ordered(select_alerts().join(chosen, chosen.c.id == Alert.id), ORDER_COLUMNS[order])


def count_alerts(session: Session, wanted: AlertFilter = EVERYTHING) -> int:
    """How many alerts there are."""
    return session.scalar(wanted.of(select(func.count(Alert.id)))) or 0


def count_by_kind_and_state(session: Session, wanted: AlertFilter = EVERYTHING) -> dict[tuple[Kind, AlertState], int]:
    """How many alerts there are of every kind in every state; what has none is left out."""
    columns: tuple[Any, ...] = (Alert.kind, Alert.state, func.count(Alert.id))
    query = wanted.of(select(*columns)).group_by(Alert.kind, Alert.state)
    return {(kind, state): count for kind, state, count in session.execute(query)}


def get_alert(session: Session, alert_id: int) -> AlertRow:
    """The alert of that number; NotFoundError if there is none."""
    this = Alert.id == alert_id
    found = with_scenes(session, select_alerts().where(this), select(Alert.id).where(this))
    if not found:
        raise NotFoundError(f"no alert {alert_id}; `monitor alerts list` shows what there is")
    return found[0]


def with_scenes(session: Session, page: Select[Any], numbers: Select[Any]) -> list[AlertRow]:
    """The alerts of a page; `numbers` selects the ids of the same ones."""
    rows = [AlertRow.from_row(row) for row in session.execute(page)]
    if 0 < len(rows) <= IDS_AT_ONCE:  # a planner is sure about a list, not about a subquery with a limit
        numbers = select(Alert.id).where(Alert.id.in_([row.id for row in rows]))
    scenes = scene_ids_of(session, numbers) if rows else {}
    return [replace(row, scene_ids=scenes.get(row.id, ())) for row in rows]


def scene_ids_of(session: Session, numbers: Select[Any]) -> dict[int, tuple[str, ...]]:
    """The scenes that contributed findings to each of the selected alerts, by acquisition time."""
    wanted = numbers.subquery()
    query = (
        select(Finding.alert_id, Scene.scene_id)
        .join(wanted, wanted.c.id == Finding.alert_id)
        .join(Scene, Scene.id == Finding.scene_id)
        .group_by(Finding.alert_id, Scene.scene_id)
        .order_by(Finding.alert_id, func.min(Scene.datetime), Scene.scene_id)
    )
    return grouped((alert_id, scene_id) for alert_id, scene_id in session.execute(query) if alert_id is not None)


def grouped(pairs: Iterable[tuple[int, str]]) -> dict[int, tuple[str, ...]]:
    """Values by key, in order."""
    lists: dict[int, list[str]] = {}
    for key, value in pairs:
        lists.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in lists.items()}
