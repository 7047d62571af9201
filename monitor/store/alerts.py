"""Alerts: reading and filtering them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import Session

from monitor.catalog.item import BBox
from monitor.detection.result import Kind
from monitor.errors import NotFoundError
from monitor.store.tables import OPEN_STATES, Alert, AlertState, Finding, Monitor, Scene


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

    `since` and `until`: seen at or after, and first seen before. `bbox`: overlaps that box, degrees.
    """

    monitor: str | None = None
    kinds: tuple[Kind, ...] = ()
    states: tuple[AlertState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    bbox: BBox | None = None
    min_score: float | None = None

    def of(self, query: Select[Any]) -> Select[Any]:
        """The query with the conditions added."""
        conditions: list[ColumnElement[bool]] = []
        if self.monitor is not None:
            conditions.append(Alert.monitor_id.in_(select(Monitor.id).where(Monitor.name == self.monitor)))
        if self.kinds:
            conditions.append(Alert.kind.in_(self.kinds))
        if self.states:
            conditions.append(Alert.state.in_(self.states))
        if self.since is not None:
            conditions.append(Alert.last_seen >= self.since)
        if self.until is not None:
            conditions.append(Alert.first_seen < self.until)
        if self.min_score is not None:
            conditions.append(Alert.score >= self.min_score)
        if self.bbox is not None:
            west, south, east, north = self.bbox
            conditions += [Alert.west <= east, Alert.east >= west, Alert.south <= north, Alert.north >= south]
        return query.where(*conditions)


EVERYTHING = AlertFilter()


def select_alerts() -> Select[Any]:
    """Every column of an AlertRow but the scenes."""
    columns = [column for column in Alert.__table__.columns if column.key != "monitor_id"]
    return select(*columns, Monitor.name.label("monitor")).join(Monitor, Monitor.id == Alert.monitor_id)


def list_alerts(
    session: Session, wanted: AlertFilter = EVERYTHING, *, limit: int | None = None, offset: int = 0
) -> list[AlertRow]:
    """Alerts, the last seen first. Two queries, however many alerts there are."""
    newest_first = (Alert.last_seen.desc(), Alert.id.desc())
    page = wanted.of(select_alerts()).order_by(*newest_first)
    numbers = wanted.of(select(Alert.id))
    if limit is not None or offset:
        page = page.limit(limit).offset(offset)
        numbers = numbers.order_by(*newest_first).limit(limit).offset(offset)
    return with_scenes(session, page, numbers)


def count_alerts(session: Session, wanted: AlertFilter = EVERYTHING) -> int:
    """How many alerts there are."""
    return session.scalar(wanted.of(select(func.count(Alert.id)))) or 0


def open_alerts(session: Session, monitor_id: int, kind: Kind) -> list[AlertRow]:
    """The monitor's alerts of that kind that later scenes still add to, the oldest first."""
    conditions = (Alert.monitor_id == monitor_id, Alert.kind == kind, Alert.state.in_(OPEN_STATES))
    page = select_alerts().where(*conditions).order_by(Alert.first_seen, Alert.id)
    return with_scenes(session, page, select(Alert.id).where(*conditions))


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
