"""What a scene adds to alerts: new ones, more of known ones and what follows from it, all alerts at a time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import shapely
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from monitor.catalog.item import BBox
from monitor.detection.result import Kind
from monitor.store.geometry import box_columns, box_of, boxes_of, overlaps
from monitor.store.results import insert_all
from monitor.store.severity import severity
from monitor.store.tables import OPEN_STATES, Alert, AlertEvent, AlertState, Finding
from monitor.store.tracking import IDS_AT_ONCE, SYSTEM

Key = TypeVar("Key")


@dataclass(frozen=True)
class Appearance:
    """What one scene shows of one alert: score, area, outline and words of its findings together."""

    kind: Kind
    score: float
    area_m2: float
    geometry: Mapping[str, Any]
    description: str


@dataclass(frozen=True)
class Standing:
    """An alert before a scene adds to it."""

    id: int
    kind: Kind
    state: AlertState
    score: float
    area_m2: float
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True)
class Move:
    """A change of an alert's state by the system, the event that it is, and why."""

    alert: Standing
    state: AlertState
    event: str
    note: str


def standing(session: Session, alert_ids: Sequence[int]) -> list[Standing]:
    """The alerts of these numbers, in this order; they are held until the transaction ends."""
    columns = (Alert.id, Alert.kind, Alert.state, Alert.score, Alert.area_m2, Alert.first_seen, Alert.last_seen)
    query = select(*columns).order_by(Alert.id).with_for_update()
    rows = [row for some in batches(sorted(alert_ids)) for row in session.execute(query.where(Alert.id.in_(some)))]
    found = {row.id: Standing(*row) for row in rows}
    return [found[alert_id] for alert_id in alert_ids]


def outlines_of(session: Session, alert_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """GeoJSON outlines of alerts by their numbers."""
    query = select(Alert.id, Alert.geometry)
    rows = (row for some in batches(alert_ids) for row in session.execute(query.where(Alert.id.in_(some))))
    return {alert_id: geometry for alert_id, geometry in rows}  # noqa: C416


def open_alerts(session: Session, monitor_id: int, kind: Kind) -> list[int]:
    """Numbers of the monitor's alerts of that kind that later scenes still add to, the oldest first."""
    conditions = (Alert.monitor_id == monitor_id, Alert.kind == kind, Alert.state.in_(OPEN_STATES))
    return list(session.scalars(select(Alert.id).where(*conditions).order_by(Alert.first_seen, Alert.id)))


def closed_alerts(session: Session, monitor_id: int, kind: Kind, boxes: Sequence[BBox]) -> list[int]:
    """Numbers of the monitor's closed alerts of that kind whose box overlaps one of these, the first made first."""
    if not boxes:
        return []
    wests, souths, easts, norths = zip(*boxes, strict=True)
    around = overlaps(Alert, (min(wests), min(souths), max(easts), max(norths)))
    conditions = (Alert.monitor_id == monitor_id, Alert.kind == kind, Alert.state.not_in(OPEN_STATES), around)
    columns = (Alert.id, Alert.west, Alert.south, Alert.east, Alert.north)
    rows = session.execute(select(*columns).where(*conditions).order_by(Alert.id)).all()
    if not rows:
        return []
    numbers, *sides = zip(*rows, strict=True)
    near, _ = shapely.STRtree(shapely.box(wests, souths, easts, norths)).query(shapely.box(*sides))
    return [numbers[index] for index in sorted(set(near.tolist()))]


def without_findings(session: Session, alert_ids: Sequence[int]) -> list[Standing]:
    """Those of the alerts that have no finding."""
    query = select(Finding.alert_id).distinct()
    filled = {
        found for some in batches(alert_ids) for found in session.scalars(query.where(Finding.alert_id.in_(some)))
    }
    return standing(session, [alert_id for alert_id in alert_ids if alert_id not in filled])


def create_alerts(
    session: Session,
    monitor_id: int,
    appearances: Sequence[Appearance],
    seen: datetime,
    now: datetime,
    state: AlertState = AlertState.NEW,
) -> list[int]:
    """New alerts, each with its first event; gives their numbers. `seen` is the scene's acquisition time."""
    boxes = boxes_of([found.geometry for found in appearances])
    rows = [
        {
            "monitor_id": monitor_id,
            "kind": found.kind,
            "state": state,
            "score": float(found.score),
            "area_m2": float(found.area_m2),
            "severity": int(severity(found.kind, float(found.area_m2), float(found.score))),
            "geometry": found.geometry,
            "first_seen": seen,
            "last_seen": seen,
            "description": found.description,
            "created_at": now,
            "updated_at": now,
            **box_columns(box),
        }
        for found, box in zip(appearances, boxes, strict=True)
    ]
    if not rows:
        return []
    statement = insert(Alert).returning(Alert.id, sort_by_parameter_order=True)
    numbers = list(session.connection().scalars(statement, rows))
    record_all(session, [(number, "created", None, state, None) for number in numbers], now)
    return numbers


def extend_alerts(
    session: Session, again: Sequence[tuple[Standing, Appearance]], seen: datetime, now: datetime
) -> None:
    """Alerts appear again: area, outline and words are those of the latest scene, the score is the highest."""
    rows = [values_of(alert, found, seen, now) for alert, found in again]
    write_all(session, [row for row in rows if "geometry" in row])
    write_all(session, [row for row in rows if "geometry" not in row])


def values_of(alert: Standing, found: Appearance, seen: datetime, now: datetime) -> dict[str, Any]:
    """The columns of an alert that another appearance changes."""
    latest = seen >= alert.last_seen
    area, score = float(found.area_m2 if latest else alert.area_m2), max(alert.score, float(found.score))
    values = {
        "id": alert.id,
        "first_seen": min(alert.first_seen, seen),
        "last_seen": max(alert.last_seen, seen),
        "area_m2": area,
        "score": score,
        "severity": int(severity(alert.kind, area, score)),
        "updated_at": now,
    }
    if latest:
        values |= {"geometry": found.geometry, "description": found.description, **box_columns(box_of(found.geometry))}
    return values


def move_alerts(session: Session, moves: Sequence[Move], now: datetime) -> None:
    """Put alerts into states and record why; those that are in theirs already stay untouched."""
    real = [move for move in moves if move.state is not move.alert.state]
    write_all(session, [{"id": move.alert.id, "state": move.state, "updated_at": now} for move in real])
    events = [(move.alert.id, move.event, move.alert.state, move.state, move.note) for move in real]
    record_all(session, events, now)


def write_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Set columns of alerts, the same ones in every row; `id` is which alert."""
    if rows:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in rows[0] if name != "id"}
        statement = update(Alert).where(Alert.id == bindparam("new_id")).values(values)
        renamed = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        session.connection().execute(statement, renamed)


Event = tuple[int, str, AlertState | None, AlertState, str | None]


def record_all(session: Session, events: Sequence[Event], now: datetime) -> None:
    """Write events of the system: alert, what happened, from and to which state, and why."""
    names = ("alert_id", "event", "from_state", "to_state", "note")
    rows = [{**dict(zip(names, event, strict=True)), "time": now, "author": SYSTEM} for event in events]
    insert_all(session, AlertEvent, rows)


def batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """As many as one statement takes at once."""
    return (keys[start : start + IDS_AT_ONCE] for start in range(0, len(keys), IDS_AT_ONCE))
