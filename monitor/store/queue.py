"""Scenes as a queue of work: what is due, who holds it, how it ended."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from monitor.errors import NotFoundError, SceneStateError
from monitor.store.scenes import SceneRow, get_scene, select_scenes
from monitor.store.tables import Monitor, Scene, SceneState, UtcDateTime

RETRYABLE = (SceneState.FAILED, SceneState.QUARANTINED, SceneState.SKIPPED)
"""States out of which a person may put a scene back into the queue."""


def clock(session: Session) -> datetime:
    """The time by which leases run: PostgreSQL's own, so that all machines agree; this machine's for SQLite."""
    if session.get_bind().dialect.name == "postgresql":
        moment: datetime = session.execute(select(func.clock_timestamp(type_=UtcDateTime()))).scalar_one()
        return moment
    return datetime.now(UTC)


def due(now: datetime, *, early: bool = False) -> ColumnElement[bool]:
    """A scene that is new, whose retry is due (`early`: is planned), or whose holder let the lease run out.

    A product that a newer one of the same acquisition has overtaken is not due any more.
    """
    newer = aliased(Scene)
    overtaken = exists().where(
        newer.monitor_id == Scene.monitor_id,
        newer.scene_id == Scene.scene_id,
        newer.id > Scene.id,
        newer.state == SceneState.DONE,
    )
    planned = Scene.next_attempt_at <= now
    waiting = or_(
        Scene.state == SceneState.DISCOVERED,
        and_(Scene.state == SceneState.FAILED, Scene.next_attempt_at.is_not(None) if early else planned),
        and_(Scene.state == SceneState.PROCESSING, Scene.lease_until <= now),
    )
    return and_(waiting, ~overtaken)


def pending(
    session: Session,
    monitor_id: int,
    now: datetime | None = None,
    limit: int | None = None,
    *,
    early: bool = False,
) -> list[SceneRow]:
    """The monitor's scenes that are due, by acquisition time."""
    query = select_scenes().where(Scene.monitor_id == monitor_id, due(now or clock(session), early=early))
    rows = session.execute(query.order_by(Scene.datetime, Scene.id).limit(limit))
    return [SceneRow.from_row(row) for row in rows]


def claim(
    session: Session,
    scene_pk: int,
    owner: str,
    lease: timedelta,
    *,
    early: bool = False,
    now: datetime | None = None,
) -> SceneRow | None:
    """Take a scene that is due and hold it for the lease; None when it is not due, or another one has it.

    Two that claim at once never both get it. Counts as one attempt; one that its holder never finished does not.
    """
    moment = now or clock(session)
    unfinished = Scene.state == SceneState.PROCESSING
    taken = session.execute(
        update(Scene)
        .where(Scene.id == scene_pk, due(moment, early=early))
        .values(
            attempts=case((unfinished, Scene.attempts), else_=Scene.attempts + 1),
            state=SceneState.PROCESSING,
            lease_owner=owner,
            lease_until=moment + lease,
            next_attempt_at=None,
        )
        .returning(Scene.id)
    )
    return None if taken.one_or_none() is None else get_scene(session, scene_pk)


def renew(session: Session, owner: str, lease: timedelta, *, now: datetime | None = None) -> None:
    """Hold on to everything that the owner has in work."""
    mine = (Scene.state == SceneState.PROCESSING, Scene.lease_owner == owner)
    session.execute(update(Scene).where(*mine).values(lease_until=(now or clock(session)) + lease))


def release(session: Session, owner: str) -> None:
    """Give back, untried, everything that the owner has in work."""
    mine = (Scene.state == SceneState.PROCESSING, Scene.lease_owner == owner)
    given = {"state": SceneState.DISCOVERED, "attempts": Scene.attempts - 1, "lease_owner": None, "lease_until": None}
    session.execute(update(Scene).where(*mine).values(**given))


def holders(session: Session) -> list[str]:
    """Whoever has scenes in work."""
    found = select(Scene.lease_owner).where(Scene.state == SceneState.PROCESSING).distinct()
    return sorted(owner for owner in session.scalars(found) if owner is not None)


def give_back(session: Session, scene_pk: int) -> None:
    """The scene is due again, and the attempt is not counted."""
    set_state(session, scene_pk, SceneState.DISCOVERED, attempts=Scene.attempts - 1, next_attempt_at=None)


def holds(session: Session, scene_pk: int, owner: str) -> bool:
    """Whether the owner still has the scene; nobody else changes it, or stores for its monitor, in this transaction."""
    row = session.execute(
        select(Scene.state, Scene.lease_owner, Monitor.id)
        .join(Monitor, Monitor.id == Scene.monitor_id)
        .where(Scene.id == scene_pk)
        .with_for_update()
    ).one_or_none()
    return row is not None and row.state is SceneState.PROCESSING and row.lease_owner == owner


def mark_failed(
    session: Session, scene_pk: int, error: str, retry_at: datetime | None = None, *, now: datetime | None = None
) -> None:
    """The scene failed for that reason; it is tried again at `retry_at`, or not by itself.

    Counts as one attempt, unless `claim` has counted it.
    """
    counted = case((Scene.state == SceneState.PROCESSING, Scene.attempts), else_=Scene.attempts + 1)
    set_state(
        session,
        scene_pk,
        SceneState.FAILED,
        error=error,
        attempts=counted,
        next_attempt_at=retry_at,
        processed_at=now or datetime.now(UTC),
    )


def mark_quarantined(session: Session, scene_pk: int, error: str, *, now: datetime | None = None) -> None:
    """The scene failed too often; it stays aside with its reason until somebody puts it back."""
    moment = now or datetime.now(UTC)
    set_state(session, scene_pk, SceneState.QUARANTINED, error=error, next_attempt_at=None, processed_at=moment)


def mark_skipped(session: Session, scene_pk: int, reason: str, *, now: datetime | None = None) -> None:
    """There is nothing to do with the scene, for that reason."""
    set_state(
        session,
        scene_pk,
        SceneState.SKIPPED,
        error=reason,
        next_attempt_at=None,
        processed_at=now or datetime.now(UTC),
    )


def mark_superseded(session: Session, scene_pks: Iterable[int]) -> None:
    """A newer product of the same acquisition took their place."""
    for scene_pk in scene_pks:
        set_state(session, scene_pk, SceneState.SUPERSEDED, next_attempt_at=None)


def mark_discovered(session: Session, scene_pk: int) -> None:
    """Back into the queue, as if it had just been found."""
    set_state(session, scene_pk, SceneState.DISCOVERED, error=None, attempts=0, next_attempt_at=None)


def try_again(session: Session, scene_pk: int) -> SceneRow:
    """Somebody wants another attempt: the scene in the queue again; SceneStateError where that makes no sense."""
    scene = get_scene(session, scene_pk)
    if scene.state not in RETRYABLE:
        raise SceneStateError(f"scene {scene.scene_id} is {scene.state}; there is nothing to try again")
    mark_discovered(session, scene_pk)
    return get_scene(session, scene_pk)


def superseded_by(session: Session, scene_pk: int) -> list[SceneRow]:
    """The older products of the same acquisition that are done, whose place this one takes."""
    this = get_scene(session, scene_pk)
    query = select_scenes().where(
        Scene.monitor_id == this.monitor_id,
        Scene.scene_id == this.scene_id,
        Scene.id < scene_pk,
        Scene.state == SceneState.DONE,
    )
    return [SceneRow.from_row(row) for row in session.execute(query.order_by(Scene.id))]


def set_state(session: Session, scene_pk: int, state: SceneState, **values: Any) -> None:
    """Change a scene's state; a lease ends unless a new one is given."""
    columns = {"lease_owner": None, "lease_until": None, **values, "state": state}
    done = session.execute(update(Scene).where(Scene.id == scene_pk).values(**columns).returning(Scene.id))
    if done.one_or_none() is None:
        raise NotFoundError(f"no scene has the number {scene_pk} in the database")
