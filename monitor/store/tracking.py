"""Alerts: their state, their events, and what later scenes saw in their place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import and_, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.errors import NotFoundError
from monitor.store.results import FLAGS
from monitor.store.tables import (
    OPEN_STATES,
    Alert,
    AlertEvent,
    AlertLook,
    AlertState,
    LabelMap,
    Outcome,
    Scene,
    SceneState,
)

SYSTEM = "system"
"""The author of what nobody did by hand."""

IDS_AT_ONCE = 500


@dataclass(frozen=True)
class Look:
    """What one scene saw in the place of an alert."""

    scene_pk: int
    scene_id: str
    datetime: datetime
    outcome: Outcome


@dataclass(frozen=True)
class EventRow:
    """One thing that happened to an alert."""

    time: datetime
    author: str
    event: str
    from_state: AlertState | None
    to_state: AlertState | None
    note: str | None


def change_state(
    session: Session,
    alert_id: int,
    state: AlertState,
    *,
    author: str = SYSTEM,
    event: str | None = None,
    note: str | None = None,
    now: datetime | None = None,
) -> None:
    """Put an alert into a state and record who did it and why; an alert that is in it already stays untouched."""
    alert = require_alert(session, alert_id)
    if alert.state is state:
        return
    moment, before = now or datetime.now(UTC), alert.state
    alert.state, alert.updated_at = state, moment
    session.flush()
    record(session, alert_id, author, event or str(state), before, state, note, moment)


def add_event(
    session: Session,
    alert_id: int,
    event: str,
    *,
    author: str = SYSTEM,
    note: str | None = None,
    now: datetime | None = None,
) -> None:
    """Record something that leaves the state as it is, such as a comment."""
    require_alert(session, alert_id)
    record(session, alert_id, author, event, None, None, note, now or datetime.now(UTC))


def add_looks(session: Session, scene_pk: int, outcomes: Mapping[int, Outcome]) -> None:
    """What one scene saw in the places of many alerts, by alert id; replaces what it was said to have seen."""
    if not outcomes:
        return
    connection = session.connection()
    same = (AlertLook.alert_id == bindparam("alert")) & (AlertLook.scene_id == scene_pk)
    connection.execute(delete(AlertLook).where(same), [{"alert": alert_id} for alert_id in outcomes])
    rows = [{"alert_id": alert, "scene_id": scene_pk, "outcome": outcome} for alert, outcome in outcomes.items()]
    session.execute(insert(AlertLook), rows)


def looks_of(session: Session, alert_ids: Iterable[int]) -> dict[int, tuple[Look, ...]]:
    """All looks at each of the alerts, by acquisition time; an alert nobody looked at has an empty tuple."""
    wanted = list(alert_ids)
    looks: dict[int, list[Look]] = {alert_id: [] for alert_id in wanted}
    columns = (AlertLook.alert_id, Scene.id, Scene.scene_id, Scene.datetime, AlertLook.outcome)
    for start in range(0, len(wanted), IDS_AT_ONCE):
        query = (
            select(*columns)
            .join(Scene, Scene.id == AlertLook.scene_id)
            .where(AlertLook.alert_id.in_(wanted[start : start + IDS_AT_ONCE]))
            .order_by(Scene.datetime, Scene.id)
        )
        for alert_id, scene_pk, scene_id, moment, outcome in session.execute(query):
            looks[alert_id].append(Look(scene_pk, scene_id, moment, outcome))
    return {alert_id: tuple(found) for alert_id, found in looks.items()}


def missing_looks(session: Session, monitor_id: int, shape: tuple[int, int]) -> tuple[int, list[int]] | None:
    """The first scene that should have looked at open anomalies, and their ids; None when no look is missing.

    It is of a later date than the first sighting, was done before the alert was made, and its flags are still stored,
    on a grid of that shape (rows, columns).
    """
    of_scene = (LabelMap.scene_id == Scene.id, LabelMap.kind == FLAGS)
    own_look = (AlertLook.scene_id == Scene.id, AlertLook.alert_id == Alert.id)
    query = (
        select(Scene.id, Alert.id)
        .join(Alert, Alert.monitor_id == Scene.monitor_id)
        .join(LabelMap, and_(*of_scene))
        .outerjoin(AlertLook, and_(*own_look))
        .where(
            Scene.monitor_id == monitor_id,
            Scene.state == SceneState.DONE,
            Scene.datetime > Alert.first_seen,
            Scene.processed_at <= Alert.created_at,
            Alert.kind == Kind.ANOMALY,
            Alert.state.in_(OPEN_STATES),
            LabelMap.height == shape[0],
            LabelMap.width == shape[1],
            AlertLook.alert_id.is_(None),
        )
        .order_by(Scene.datetime, Scene.id, Alert.id)
    )
    rows = session.execute(query).all()
    return (rows[0][0], [alert for scene, alert in rows if scene == rows[0][0]]) if rows else None


def events_of(session: Session, alert_id: int) -> list[EventRow]:
    """Everything that happened to an alert, in order."""
    columns = (AlertEvent.time, AlertEvent.author, AlertEvent.event, AlertEvent.from_state, AlertEvent.to_state)
    query = select(*columns, AlertEvent.note).where(AlertEvent.alert_id == alert_id)
    return [EventRow(*row) for row in session.execute(query.order_by(AlertEvent.time, AlertEvent.id))]


def last_author(session: Session, alert_id: int) -> str:
    """Who put the alert into the state it is in."""
    query = select(AlertEvent.author).where(AlertEvent.alert_id == alert_id, AlertEvent.to_state.is_not(None))
    return session.scalar(query.order_by(AlertEvent.time.desc(), AlertEvent.id.desc()).limit(1)) or SYSTEM


def record(
    session: Session,
    alert_id: int,
    author: str,
    event: str,
    from_state: AlertState | None,
    to_state: AlertState | None,
    note: str | None,
    time: datetime,
) -> None:
    """Write one event."""
    row = {
        "alert_id": alert_id,
        "time": time,
        "author": author,
        "event": event,
        "from_state": from_state,
        "to_state": to_state,
        "note": note,
    }
    session.execute(insert(AlertEvent), [row])


def require_alert(session: Session, alert_id: int) -> Alert:
    """The alert's row, up to date and held until the transaction ends; NotFoundError if there is none."""
    query = select(Alert).where(Alert.id == alert_id).with_for_update()
    alert = session.scalar(query.execution_options(populate_existing=True))
    if alert is None:
        raise NotFoundError(f"no alert {alert_id}; `monitor alerts list` shows what there is")
    return alert
