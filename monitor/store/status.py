"""How the service stands, from the database alone."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.store.queue import clock
from monitor.store.service import JobRow, LeaderRow, job_runs, leader
from monitor.store.tables import Alert, Monitor, Notice, Scene, SceneState

WAITING = (SceneState.DISCOVERED, SceneState.FAILED, SceneState.PROCESSING)


@dataclass(frozen=True)
class MonitorStatus:
    """One monitor: scenes by state, since when the oldest waiting one waits, acquisition of the newest one."""

    name: str
    scenes: dict[str, int]
    waiting_since: datetime | None
    newest_scene: datetime | None
    last_done: datetime | None


@dataclass(frozen=True)
class Status:
    """The service at one moment. `alerts` go by kind and state, `messages` by state."""

    moment: datetime
    leader: LeaderRow | None
    monitors: tuple[MonitorStatus, ...]
    alerts: dict[tuple[str, str], int]
    messages: dict[str, int]
    jobs: tuple[JobRow, ...]


def gather(session: Session) -> Status:
    """Everything, in a handful of queries."""
    by_state: dict[str, dict[str, int]] = {}
    counted = (
        select(Monitor.name, Scene.state, func.count(Scene.id)).outerjoin(Scene).group_by(Monitor.name, Scene.state)
    )
    for name, state, count in session.execute(counted):
        by_state.setdefault(name, {}).update({str(state): count} if state is not None else {})
    waiting = moments(session, func.min(Scene.discovered_at), Scene.state.in_(WAITING))
    newest = moments(session, func.max(Scene.datetime), Scene.id.is_not(None))
    done = moments(session, func.max(Scene.processed_at), Scene.state == SceneState.DONE)
    alerts = select(Alert.kind, Alert.state, func.count(Alert.id)).group_by(Alert.kind, Alert.state)
    messages = select(Notice.state, func.count(Notice.id)).group_by(Notice.state)
    return Status(
        moment=clock(session),
        leader=leader(session),
        monitors=tuple(
            MonitorStatus(name, states, waiting.get(name), newest.get(name), done.get(name))
            for name, states in sorted(by_state.items())
        ),
        alerts={(str(kind), str(state)): count for kind, state, count in session.execute(alerts)},
        messages={str(state): count for state, count in session.execute(messages)},
        jobs=tuple(job_runs(session)),
    )


def moments(session: Session, column: object, condition: object) -> dict[str, datetime]:
    """A time of every monitor, over some of its scenes."""
    query = select(Monitor.name, column).join(Scene).where(condition).group_by(Monitor.name)  # type: ignore[call-overload]
    return dict(session.execute(query).all())
