"""What reviewers do with alerts, several at once and each step undone at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from monitor.errors import AlertStateError, NotFoundError, RequestError
from monitor.store import lifecycle
from monitor.store.inbox import UNDONE
from monitor.store.lifecycle import Reason
from monitor.store.tables import AlertState
from monitor.store.tracking import SYSTEM, change_state, events_of, last_author, record, require_alert

MOST_AT_ONCE = 500
LONGEST_NOTE = 2000


class Action(StrEnum):
    """A step of a review."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    REOPEN = "reopen"


SAID = {
    Action.ACKNOWLEDGE: "acknowledged",
    Action.CONFIRM: "confirmed",
    Action.DISMISS: "dismissed",
    Action.REOPEN: "reopened",
}


@dataclass(frozen=True)
class Change:
    """One alert from one state into another."""

    alert_id: int
    before: AlertState
    after: AlertState


@dataclass(frozen=True)
class Step:
    """What was done, and what was refused, in words."""

    action: Action | None
    changes: tuple[Change, ...]
    refused: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """For the message in the corner."""
        done = "taken back" if self.action is None else SAID[self.action]
        number = len(self.changes)
        parts = [f"{number} alert{'' if number == 1 else 's'} {done}"] if number or not self.refused else []
        return "; ".join([*parts, *self.refused[:3]])


@dataclass(frozen=True)
class Order:
    """What somebody asked for."""

    action: Action
    alert_ids: tuple[int, ...]
    reason: Reason | None = None
    note: str | None = None


def order_of(args: object) -> Order:
    """The order in an event from a browser; RequestError for one that makes no sense."""
    if not isinstance(args, dict):
        raise RequestError("a review needs an action and alerts")
    try:
        action = Action(args.get("action"))
        reason = Reason(args["reason"]) if args.get("reason") else None
        ids = tuple(dict.fromkeys(int(number) for number in args.get("ids", ())))
    except (TypeError, ValueError) as error:
        raise RequestError(f"a review that makes no sense: {error}") from error
    if not 0 < len(ids) <= MOST_AT_ONCE:
        raise RequestError(f"a review of {len(ids)} alerts; from 1 to {MOST_AT_ONCE} at once")
    if action is Action.DISMISS and reason is None:
        raise RequestError("a dismissal needs a reason")
    return Order(action, ids, reason, note_of(args.get("note")))


def note_of(text: object) -> str | None:
    """What somebody wrote, None for nothing."""
    cleaned = str(text or "").strip()
    return cleaned[:LONGEST_NOTE] or None


def carry_out(session: Session, order: Order, author: str) -> Step:
    """Do it to every alert that is in a state for it; the others are named in `refused`."""
    deed = DEEDS[order.action]
    changes: list[Change] = []
    refused: list[str] = []
    for alert_id in order.alert_ids:
        try:
            before, events = require_alert(session, alert_id).state, len(events_of(session, alert_id))
            deed(session, alert_id, author, order)
            after, done = require_alert(session, alert_id).state, len(events_of(session, alert_id)) > events
        except (AlertStateError, NotFoundError) as error:
            refused.append(str(error))
            continue
        if done:
            changes.append(Change(alert_id, before, after))
    return Step(order.action, tuple(changes), tuple(refused))


def take_back(session: Session, step: Step, author: str) -> Step:
    """Put everything back as it was before a step; what has been changed again since stays."""
    changes: list[Change] = []
    refused: list[str] = []
    for change in step.changes:
        try:
            now = require_alert(session, change.alert_id).state
        except NotFoundError as error:
            refused.append(str(error))
            continue
        if now is not change.after:
            refused.append(f"alert {change.alert_id} is {now} by now and stays so")
            continue
        note = f"{SAID[step.action]} by mistake" if step.action else None
        if change.before is change.after:
            record(session, change.alert_id, author, UNDONE, now, now, note, datetime.now(UTC))
        else:
            change_state(session, change.alert_id, change.before, author=author, event=UNDONE, note=note)
        changes.append(Change(change.alert_id, change.after, change.before))
    return Step(None, tuple(changes), tuple(refused))


def acknowledge(session: Session, alert_id: int, author: str, order: Order) -> None:
    """As `lifecycle.acknowledge`."""
    lifecycle.acknowledge(session, alert_id, author, order.note)


def confirm(session: Session, alert_id: int, author: str, order: Order) -> None:
    """As `lifecycle.confirm`; what only later scenes had confirmed becomes a person's decision, with an event."""
    lifecycle.confirm(session, alert_id, author, order.note)
    if last_author(session, alert_id) == SYSTEM:
        both = AlertState.CONFIRMED
        record(session, alert_id, author, str(both), both, both, order.note, datetime.now(UTC))


def dismiss(session: Session, alert_id: int, author: str, order: Order) -> None:
    """As `lifecycle.dismiss`."""
    lifecycle.dismiss(session, alert_id, author, order.reason or Reason.WRONG, order.note)


def reopen(session: Session, alert_id: int, author: str, order: Order) -> None:
    """As `lifecycle.reopen`."""
    lifecycle.reopen(session, alert_id, author, order.note)


DEEDS: dict[Action, Callable[[Session, int, str, Order], None]] = {
    Action.ACKNOWLEDGE: acknowledge,
    Action.CONFIRM: confirm,
    Action.DISMISS: dismiss,
    Action.REOPEN: reopen,
}


def stack_of(steps: Sequence[Step], step: Step, most: int = 50) -> list[Step]:
    """The steps that can be taken back after another one."""
    return [*steps, step][-most:] if step.changes else list(steps)
