"""Items that are no scenes: malformed in their catalog, kept with the reason until they are mended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.orm import Session

from monitor.store.tables import Monitor, RejectedItem


@dataclass(frozen=True)
class RejectRow:
    """A malformed item and what is wrong with it."""

    monitor: str
    item_id: str
    catalog: str
    error: str
    rejected_at: datetime


def keep_rejects(
    session: Session,
    monitor_id: int,
    catalog: str,
    errors: Mapping[str, str],
    mended: Iterable[str] | None,
    *,
    now: datetime | None = None,
) -> None:
    """Keep the error of every malformed item by its id, and forget the items that are `mended` (None: all others).

    What is known already leaves its row untouched.
    """
    query = select(RejectedItem.item_id, RejectedItem.error).where(RejectedItem.monitor_id == monitor_id)
    known = {row.item_id: row.error for row in session.execute(query)}
    fresh = {"monitor_id": monitor_id, "catalog": catalog, "rejected_at": now or datetime.now(UTC)}
    new = [fresh | {"item_id": item_id, "error": error} for item_id, error in errors.items() if item_id not in known]
    if new:
        session.execute(insert(RejectedItem), new)
    for item_id, error in errors.items():
        if known.get(item_id, error) != error:
            this = (RejectedItem.monitor_id == monitor_id, RejectedItem.item_id == item_id)
            session.execute(update(RejectedItem).where(*this).values(error=error))
    others = known.keys() - errors.keys()
    gone = others if mended is None else others & set(mended)
    if gone:
        these = (RejectedItem.monitor_id == monitor_id, RejectedItem.item_id.in_(gone))
        session.execute(delete(RejectedItem).where(*these))


def has_rejects(session: Session, monitor_id: int) -> bool:
    """Whether the monitor has malformed items."""
    return session.scalar(select(exists().where(RejectedItem.monitor_id == monitor_id))) or False


def list_rejects(session: Session, monitor: str | None = None) -> list[RejectRow]:
    """Malformed items by monitor and id."""
    columns = (RejectedItem.item_id, RejectedItem.catalog, RejectedItem.error, RejectedItem.rejected_at)
    query = select(Monitor.name, *columns).join(Monitor, Monitor.id == RejectedItem.monitor_id)
    if monitor is not None:
        query = query.where(Monitor.name == monitor)
    return [RejectRow(*row) for row in session.execute(query.order_by(Monitor.name, RejectedItem.item_id))]
