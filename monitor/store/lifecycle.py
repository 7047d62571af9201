"""What people do with alerts. Every change is an event with its time and author.

    acknowledge   new                                        -> acknowledged
    confirm       new, acknowledged, resolved                -> confirmed (also what only the system had confirmed)
    dismiss       new, acknowledged, confirmed, resolved     -> dismissed, for a reason
    reopen        dismissed, resolved                        -> new
    comment       any, which stays

The system confirms, resolves and reopens by what later scenes see (`monitor.alerting`); what a person dismissed it
leaves alone, and what a person confirmed it only resolves.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from monitor.errors import AlertStateError
from monitor.store.tables import OPEN_STATES, AlertState
from monitor.store.tracking import SYSTEM, add_event, change_state, last_author, record, require_alert

COMMENT = "comment"
"""The event of a comment."""

CLOSED = (AlertState.DISMISSED, AlertState.RESOLVED)


class Reason(StrEnum):
    """Why an alert was dismissed."""

    CLOUD = "cloud"
    SEASON = "season"
    SENSOR = "sensor"
    NOT_INTERESTING = "not interesting"
    WRONG = "wrong"


def acknowledge(
    session: Session, alert_id: int, author: str, note: str | None = None, *, now: datetime | None = None
) -> None:
    """Somebody looks after it; raises NotFoundError, and AlertStateError where it is not new."""
    move(session, alert_id, author, AlertState.ACKNOWLEDGED, (AlertState.NEW,), note, now)


def confirm(
    session: Session, alert_id: int, author: str, note: str | None = None, *, now: datetime | None = None
) -> None:
    """It is real; raises NotFoundError, and AlertStateError for one that is dismissed.

    What only the system had confirmed becomes this person's decision, with an event that says so.
    """
    allowed = (AlertState.NEW, AlertState.ACKNOWLEDGED, AlertState.RESOLVED)
    before, by = require_alert(session, alert_id).state, last_author(session, alert_id)
    move(session, alert_id, author, AlertState.CONFIRMED, allowed, note, now)
    if before is AlertState.CONFIRMED and by == SYSTEM:
        record(session, alert_id, author, str(before), before, before, note, now or datetime.now(UTC))


def dismiss(
    session: Session,
    alert_id: int,
    author: str,
    reason: Reason,
    note: str | None = None,
    *,
    now: datetime | None = None,
) -> None:
    """It is not worth anybody's time, for that reason; raises NotFoundError."""
    allowed = (*OPEN_STATES, AlertState.RESOLVED)
    said = f"{reason}: {note}" if note else str(reason)
    move(session, alert_id, author, AlertState.DISMISSED, allowed, said, now)


def reopen(
    session: Session, alert_id: int, author: str, note: str | None = None, *, now: datetime | None = None
) -> None:
    """It is to be looked at again; raises NotFoundError, and AlertStateError for one that is open."""
    move(session, alert_id, author, AlertState.NEW, CLOSED, note, now, event="reopened")


def comment(session: Session, alert_id: int, author: str, note: str, *, now: datetime | None = None) -> None:
    """Say something about it; raises NotFoundError, and AlertStateError without words or author."""
    if not author.strip() or not note.strip():
        raise AlertStateError(f"alert {alert_id}: a comment needs an author and words")
    add_event(session, alert_id, COMMENT, author=author, note=note.strip(), now=now)


def move(
    session: Session,
    alert_id: int,
    author: str,
    state: AlertState,
    allowed: Iterable[AlertState],
    note: str | None,
    now: datetime | None,
    event: str | None = None,
) -> None:
    """Change the state if that is allowed; doing it twice is doing it once."""
    if not author.strip():
        raise AlertStateError(f"alert {alert_id}: a change of its state needs an author")
    before = require_alert(session, alert_id).state
    if before is state:
        return
    if before not in allowed:
        raise AlertStateError(f"alert {alert_id} is {before}; it cannot become {state} from there")
    change_state(session, alert_id, state, author=author, event=event, note=note, now=now)
