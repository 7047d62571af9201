"""Messages to send: written with the scene they are about, kept until they are sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.store.tables import OPEN_STATES, Alert, AlertEvent, Notice, NoticeState

NEWS = ("created", "reopened")
"""Events of an alert that are worth a message."""


@dataclass(frozen=True)
class NoticeRow:
    """One message about one scene to one channel."""

    id: int
    key: str
    channel: str
    scene_pk: int
    alert_ids: tuple[int, ...]
    state: NoticeState
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    error: str | None


def news_of(session: Session, monitor_id: int, moment: datetime, kinds: Sequence[Kind]) -> list[int]:
    """Open alerts of these kinds that became news in the transaction of that moment."""
    query = (
        select(AlertEvent.alert_id)
        .join(Alert, Alert.id == AlertEvent.alert_id)
        .where(
            Alert.monitor_id == monitor_id,
            Alert.kind.in_(list(kinds)),
            Alert.state.in_(OPEN_STATES),
            AlertEvent.time == moment,
            AlertEvent.event.in_(NEWS),
        )
        .distinct()
        .order_by(AlertEvent.alert_id)
    )
    return list(session.scalars(query))


def add_notice(
    session: Session, key: str, channel: str, scene_pk: int, alert_ids: Sequence[int], state: NoticeState, now: datetime
) -> None:
    """Keep a message; one of the same key is there already when the scene is processed again, and stays as it is."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {
        "key": key, "channel": channel, "scene_id": scene_pk, "alert_ids": list(alert_ids), "state": state,
        "attempts": 0, "next_attempt_at": now, "created_at": now,
    }  # fmt: skip
    session.execute(insert(Notice).values(row).on_conflict_do_nothing(index_elements=["key"]))


def list_notices(
    session: Session, *, states: Sequence[NoticeState] | None = None, due: datetime | None = None
) -> list[NoticeRow]:
    """Messages in the order of writing; with `due` those whose next attempt is."""
    columns = (
        Notice.id,
        Notice.key,
        Notice.channel,
        Notice.scene_id.label("scene_pk"),
        Notice.alert_ids,
        Notice.state,
        Notice.attempts,
    )
    query = select(*columns, Notice.created_at, Notice.sent_at, Notice.error).order_by(Notice.id)
    if states is not None:
        query = query.where(Notice.state.in_(list(states)))
    if due is not None:
        query = query.where(Notice.next_attempt_at <= due)
    rows = [row._asdict() for row in session.execute(query)]
    return [NoticeRow(**row | {"alert_ids": tuple(row["alert_ids"])}) for row in rows]


def take(session: Session, notice_id: int, owner: str, now: datetime, until: datetime) -> bool:
    """Hold a waiting message for sending until then; False when somebody else has it."""
    mine = (Notice.id == notice_id, Notice.state == NoticeState.WAITING, Notice.next_attempt_at <= now)
    held = update(Notice).where(*mine).values(held_by=owner, next_attempt_at=until, attempts=Notice.attempts + 1)
    return session.execute(held.returning(Notice.id)).one_or_none() is not None


def senders(session: Session) -> list[str]:
    """Whoever is sending messages."""
    found = session.scalars(select(Notice.held_by).where(Notice.state == NoticeState.WAITING).distinct())
    return sorted(owner for owner in found if owner is not None)


def release(session: Session, owner: str, now: datetime) -> None:
    """Have sent at once what the owner was sending: nobody knows whether it was."""
    held = update(Notice).where(Notice.state == NoticeState.WAITING, Notice.held_by == owner)
    session.execute(held.values(held_by=None, next_attempt_at=now))


def mark_sent(session: Session, notice_id: int, now: datetime) -> None:
    """It has been sent."""
    values = {"state": NoticeState.SENT, "sent_at": now, "error": None, "held_by": None}
    session.execute(update(Notice).where(Notice.id == notice_id).values(values))


def mark_unsent(session: Session, notice_id: int, error: str, again: datetime | None) -> None:
    """It could not be sent, for that reason; tried again at that time, or never."""
    values = {"error": error, "held_by": None, "state": NoticeState.FAILED if again is None else NoticeState.WAITING}
    later = {} if again is None else {"next_attempt_at": again}
    session.execute(update(Notice).where(Notice.id == notice_id).values(values | later))


def sent_since(session: Session, channel: str, since: datetime) -> int:
    """How many messages a channel got since then."""
    query = select(func.count(Notice.id)).where(Notice.channel == channel, Notice.sent_at >= since)
    return session.scalar(query) or 0
