"""Monitors: their rows, grids, and what their search asked for last time."""

from datetime import UTC, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError
from monitor.scenes.grid import Grid
from monitor.store.tables import Monitor


def ensure_monitor(session: Session, name: str, *, now: datetime | None = None) -> int:
    """The id of the monitor of that name, which is made when there is none."""
    query = select(Monitor.id).where(Monitor.name == name)
    if (known := session.scalar(query)) is not None:
        return known
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"name": name, "created_at": now or datetime.now(UTC)}
    session.execute(insert(Monitor).values(row).on_conflict_do_nothing(index_elements=["name"]))
    return session.scalars(query).one()


def find_monitor(session: Session, name: str) -> int:
    """The id of the monitor of that name; NotFoundError that names those there are."""
    known = session.scalar(select(Monitor.id).where(Monitor.name == name))
    if known is None:
        names = ", ".join(monitor_names(session)) or "none yet; run `monitor scan`"
        raise NotFoundError(f"no monitor {name!r} in the database; known are {names}")
    return known


def hold(session: Session, monitor_id: int) -> None:
    """Nobody else stores anything for the monitor in this transaction."""
    session.execute(select(Monitor.id).where(Monitor.id == monitor_id).with_for_update())


def monitor_names(session: Session) -> list[str]:
    """Names of all monitors in the database, in alphabetical order."""
    return list(session.scalars(select(Monitor.name).order_by(Monitor.name)))


def get_grid(session: Session, monitor_id: int) -> Grid | None:
    """The grid on which everything of the monitor lies, None before it has one."""
    data = session.scalar(select(Monitor.grid).where(Monitor.id == monitor_id))
    return None if data is None else Grid.from_json(data)


def set_grid(session: Session, monitor_id: int, grid: Grid) -> None:
    """Keep the monitor's grid."""
    session.execute(update(Monitor).where(Monitor.id == monitor_id).values(grid=grid.to_json()))


def get_fingerprint(session: Session, monitor_id: int) -> str | None:
    """The fingerprint of the last finished search, None before the first."""
    return session.scalar(select(Monitor.fingerprint).where(Monitor.id == monitor_id))


def set_fingerprint(session: Session, monitor_id: int, fingerprint: str) -> None:
    """Keep the fingerprint (up to 64 characters) of a search that finished."""
    session.execute(update(Monitor).where(Monitor.id == monitor_id).values(fingerprint=fingerprint))
