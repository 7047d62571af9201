"""Actions of people on one alert or many, and taking the last one back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.errors import AlertStateError, NotFoundError
from monitor.store import lifecycle
from monitor.store.lifecycle import Reason
from monitor.store.tables import AlertEvent, AlertState
from monitor.store.tracking import change_state, record, require_alert

UNDONE = "undone"


class Action(StrEnum):
    """What somebody may do with an alert."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    REOPEN = "reopen"
    UNDO = "undo"

    @classmethod
    def _missing_(cls, value: object) -> "Action | None":
        """`ack`, as the command is called, is understood as well."""
        return cls.ACKNOWLEDGE if value == "ack" else None


@dataclass(frozen=True)
class Acted:
    """What became of one alert: its state afterwards; `problem` says why nothing was done."""

    alert_id: int
    state: AlertState | None
    changed: bool
    problem: str | None = None


def act(
    session: Session,
    alert_id: int,
    author: str,
    action: Action,
    *,
    reason: Reason | None = None,
    note: str | None = None,
    now: datetime | None = None,
) -> Acted:
    """Do it; raises NotFoundError, and AlertStateError where the alert's state does not allow it."""
    require_alert(session, alert_id)
    before = last_change(session, alert_id)
    if action is Action.DISMISS:
        if reason is None:
            raise AlertStateError(f"alert {alert_id}: to dismiss it takes a reason: {', '.join(Reason)}")
        lifecycle.dismiss(session, alert_id, author, reason, note, now=now)
    elif action is Action.UNDO:
        undo(session, alert_id, author, now=now)
    else:
        moves = {
            Action.ACKNOWLEDGE: lifecycle.acknowledge,
            Action.CONFIRM: lifecycle.confirm,
            Action.REOPEN: lifecycle.reopen,
        }
        moves[action](session, alert_id, author, note, now=now)
    after = require_alert(session, alert_id).state
    return Acted(alert_id, after, last_change(session, alert_id) != before)


def last_change(session: Session, alert_id: int) -> int | None:
    """The number of the last event that set the alert's state."""
    changes = select(AlertEvent.id).where(AlertEvent.alert_id == alert_id, AlertEvent.to_state.is_not(None))
    return session.scalar(changes.order_by(AlertEvent.time.desc(), AlertEvent.id.desc()).limit(1))


def act_on_many(
    session: Session,
    alert_ids: Iterable[int],
    author: str,
    action: Action,
    *,
    reason: Reason | None = None,
    note: str | None = None,
    now: datetime | None = None,
) -> list[Acted]:
    """Do it to each; where it cannot be done, the rest is done all the same."""
    results = []
    for alert_id in dict.fromkeys(alert_ids):
        try:
            results.append(act(session, alert_id, author, action, reason=reason, note=note, now=now))
        except AlertStateError as error:
            results.append(Acted(alert_id, require_alert(session, alert_id).state, False, str(error)))
        except NotFoundError as error:
            results.append(Acted(alert_id, None, False, str(error)))
    return results


def undo(session: Session, alert_id: int, author: str, *, now: datetime | None = None) -> None:
    """Put an alert back into the state it had before its last change, which must be this author's.

    Raises NotFoundError, and AlertStateError when somebody else, the system or an undo changed it last.
    """
    state = require_alert(session, alert_id).state
    event = AlertEvent
    changes = select(event.author, event.event, event.from_state).where(
        event.alert_id == alert_id, event.to_state.is_not(None)
    )
    last = session.execute(changes.order_by(event.time.desc(), event.id.desc()).limit(1)).one_or_none()
    if last is None or last.author != author or last.event == UNDONE or last.from_state is None:
        who = "nobody" if last is None else last.author
        raise AlertStateError(f"alert {alert_id}: there is nothing of {author} to take back; {who} changed it last")
    if last.from_state is state:
        record(session, alert_id, author, UNDONE, state, state, None, now or datetime.now(UTC))
    change_state(session, alert_id, last.from_state, author=author, event=UNDONE, now=now)
