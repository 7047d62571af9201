"""What reviewers ask for on the pages: many alerts at once, each step taken back at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from monitor.errors import RequestError
from monitor.store.actions import Acted, Action, act_on_many
from monitor.store.lifecycle import Reason
from monitor.store.tables import AlertState

MOST_AT_ONCE = 500
LONGEST_NOTE = 2000
MOST_STEPS = 50
"""Steps that can be taken back."""

SAID = {
    Action.ACKNOWLEDGE: "acknowledged",
    Action.CONFIRM: "confirmed",
    Action.DISMISS: "dismissed",
    Action.REOPEN: "reopened",
    Action.UNDO: "taken back",
}


@dataclass(frozen=True)
class Order:
    """What somebody asked for."""

    action: Action
    alert_ids: tuple[int, ...]
    reason: Reason | None = None
    note: str | None = None


@dataclass(frozen=True)
class Step:
    """What was done: the alerts that changed with their state now, and what was refused, in words."""

    action: Action
    changed: tuple[tuple[int, AlertState], ...]
    refused: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """For the message in the corner."""
        number = len(self.changed)
        done = [f"{number} alert{'' if number == 1 else 's'} {SAID[self.action]}"] if number or not self.refused else []
        return "; ".join([*done, *self.refused[:3]])


def order_of(args: object) -> Order:
    """The order in an event from a browser; RequestError for one that makes no sense."""
    if not isinstance(args, dict):
        raise RequestError("a review needs an action and alerts")
    try:
        action = Action(str(args.get("action")))
        reason = Reason(str(args["reason"])) if args.get("reason") else None
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
    return str(text or "").strip()[:LONGEST_NOTE] or None


def carry_out(session: Session, order: Order, author: str) -> Step:
    """Do it to every alert that is in a state for it; the others are named in `refused`."""
    acted = act_on_many(session, order.alert_ids, author, order.action, reason=order.reason, note=order.note)
    return step_of(order.action, acted)


def take_back(session: Session, step: Step, author: str) -> Step:
    """Put everything back as it was before a step; what somebody else has changed since stays."""
    return step_of(Action.UNDO, act_on_many(session, [alert_id for alert_id, _ in step.changed], author, Action.UNDO))


def step_of(action: Action, acted: Sequence[Acted]) -> Step:
    """What became of the alerts."""
    changed = tuple((one.alert_id, one.state) for one in acted if one.changed and one.state is not None)
    return Step(action, changed, tuple(one.problem for one in acted if one.problem))


def stack_of(steps: Sequence[Step], step: Step) -> list[Step]:
    """The steps that can be taken back after another one."""
    return [*steps, step][-MOST_STEPS:] if step.changed else list(steps)
