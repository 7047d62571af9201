"""Reference models: versions, and which one is in use."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError
from monitor.store.tables import Monitor, ReferenceModel


@dataclass(frozen=True)
class ReferenceRow:
    """One version of a monitor's reference model; `path` is relative to models_dir, `sha256` is of card.json."""

    monitor: str
    version: int
    scene_id: str
    k: int
    seed: int
    sha256: str
    path: str
    metrics: dict[str, Any]
    active: bool
    created_at: datetime

    @classmethod
    def from_model(cls, monitor: str, model: ReferenceModel) -> Self:
        """From the monitor's name and a row."""
        columns = ("version", "scene_id", "k", "seed", "sha256", "path", "metrics", "active", "created_at")
        return cls(monitor=monitor, **{column: getattr(model, column) for column in columns})


def next_version(session: Session, monitor_id: int) -> int:
    """The number of the next version, from 1."""
    newest = session.scalar(select(func.max(ReferenceModel.version)).where(ReferenceModel.monitor_id == monitor_id))
    return (newest or 0) + 1


def add_reference(
    session: Session,
    monitor_id: int,
    *,
    version: int,
    scene_id: str,
    k: int,
    seed: int,
    sha256: str,
    path: str,
    metrics: dict[str, Any],
    now: datetime | None = None,
) -> None:
    """Keep a fitted model; it is not in use before it is activated."""
    session.add(
        ReferenceModel(
            monitor_id=monitor_id,
            version=version,
            scene_id=scene_id,
            k=k,
            seed=seed,
            sha256=sha256,
            path=path,
            metrics=metrics,
            active=False,
            created_at=now or datetime.now(UTC),
        )
    )
    session.flush()


def activate_reference(session: Session, monitor_id: int, version: int) -> None:
    """Use that version and no other; NotFoundError when the monitor has none of that number."""
    get_reference(session, monitor_id, version)
    of_monitor = update(ReferenceModel).where(ReferenceModel.monitor_id == monitor_id)
    session.execute(of_monitor.where(ReferenceModel.active).values(active=False))
    session.execute(of_monitor.where(ReferenceModel.version == version).values(active=True))


def active_reference(session: Session, monitor_id: int) -> ReferenceRow | None:
    """The version in use, None when nothing was activated yet."""
    query = select(Monitor.name, ReferenceModel).join(Monitor, Monitor.id == ReferenceModel.monitor_id)
    row = session.execute(query.where(ReferenceModel.monitor_id == monitor_id, ReferenceModel.active)).one_or_none()
    return None if row is None else ReferenceRow.from_model(*row)


def list_references(session: Session, monitor: str | None = None) -> list[ReferenceRow]:
    """Every version of one monitor or of all, by monitor and version."""
    query = select(Monitor.name, ReferenceModel).join(Monitor, Monitor.id == ReferenceModel.monitor_id)
    if monitor is not None:
        query = query.where(Monitor.name == monitor)
    rows = session.execute(query.order_by(Monitor.name, ReferenceModel.version))
    return [ReferenceRow.from_model(*row) for row in rows]


def get_reference(session: Session, monitor_id: int, version: int) -> ReferenceRow:
    """That version; NotFoundError that lists those there are."""
    query = select(Monitor.name, ReferenceModel).join(Monitor, Monitor.id == ReferenceModel.monitor_id)
    of_monitor = query.where(ReferenceModel.monitor_id == monitor_id)
    row = session.execute(of_monitor.where(ReferenceModel.version == version)).one_or_none()
    if row is None:
        known = session.scalars(select(ReferenceModel.version).where(ReferenceModel.monitor_id == monitor_id))
        versions = ", ".join(str(number) for number in sorted(known)) or "none yet"
        raise NotFoundError(f"no reference model of version {version} for this monitor; there are {versions}")
    return ReferenceRow.from_model(*row)
