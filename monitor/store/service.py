"""Who leads among several daemons, and how their jobs went."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from monitor.store.queue import clock
from monitor.store.tables import JobRun, Lease

LEADER = "leader"


@dataclass(frozen=True)
class LeaderRow:
    """Who leads, and until when without renewing it."""

    owner: str
    until: datetime


@dataclass(frozen=True)
class JobRow:
    """The last run of a job."""

    name: str
    started_at: datetime
    succeeded_at: datetime | None
    seconds: float | None
    error: str | None


def lead(session: Session, owner: str, lease: timedelta, *, now: datetime | None = None) -> bool:
    """Take or renew the lead; False when another one has it. Only one of several that ask at once gets it."""
    moment = now or clock(session)
    free = (Lease.owner == owner) | (Lease.until <= moment)
    values = {"owner": owner, "until": moment + lease}
    taken = update(Lease).where(Lease.name == LEADER, free).values(values).returning(Lease.owner)
    if session.execute(taken).one_or_none() is not None:
        return True
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    new = insert(Lease).values(name=LEADER, **values).on_conflict_do_nothing().returning(Lease.owner)
    return session.execute(new).one_or_none() is not None


def resign(session: Session, owner: str) -> None:
    """Let the lead go, if it is this one's."""
    session.execute(delete(Lease).where(Lease.name == LEADER, Lease.owner == owner))


def leader(session: Session) -> LeaderRow | None:
    """Who leads now; None when nobody does."""
    row = session.execute(select(Lease.owner, Lease.until).where(Lease.name == LEADER)).one_or_none()
    return None if row is None or row.until <= clock(session) else LeaderRow(*row)


def record_run(session: Session, name: str, started_at: datetime, seconds: float, error: str | None) -> None:
    """Keep how a job went; a failure leaves the time of the last success."""
    values = {"started_at": started_at, "seconds": seconds, "error": error}
    if error is None:
        values["succeeded_at"] = started_at + timedelta(seconds=seconds)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(JobRun).values(name=name, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def job_runs(session: Session) -> list[JobRow]:
    """The last run of every job, by name."""
    columns = (JobRun.name, JobRun.started_at, JobRun.succeeded_at, JobRun.seconds, JobRun.error)
    return [JobRow(*row) for row in session.execute(select(*columns).order_by(JobRun.name))]
