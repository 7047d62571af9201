"""Scenes as a queue of work: what is due, who holds it, how it ended."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from monitor.errors import NotFoundError
from monitor.store.scenes import SceneRow, get_scene, select_scenes
from monitor.store.tables import Scene, SceneState


def due(now: datetime) -> ColumnElement[bool]:
    """A scene that is new, whose retry is due, or whose holder let the lease run out.

    A product that a newer one of the same acquisition has overtaken is not due any more.
    """
    newer = aliased(Scene)
    overtaken = exists().where(
        newer.monitor_id == Scene.monitor_id,
        newer.scene_id == Scene.scene_id,
        newer.id > Scene.id,
        newer.state == SceneState.DONE,
    )
    waiting = or_(
        Scene.state == SceneState.DISCOVERED,
        and_(Scene.state == SceneState.FAILED, Scene.next_attempt_at <= now),
        and_(Scene.state == SceneState.PROCESSING, Scene.lease_until <= now),
    )
    return and_(waiting, ~overtaken)


def pending(session: Session, monitor_id: int, now: datetime | None = None, limit: int | None = None) -> list[SceneRow]:
    """The monitor's scenes that are due, by acquisition time."""
    query = select_scenes().where(Scene.monitor_id == monitor_id, due(now or datetime.now(UTC)))
    rows = session.execute(query.order_by(Scene.datetime, Scene.id).limit(limit))
    return [SceneRow.from_row(row) for row in rows]


def claim_next(
    session: Session, owner: str, lease: timedelta, *, monitor_id: int | None = None, now: datetime | None = None
) -> SceneRow | None:
    """Take the first scene that is due and hold it for the lease; None when there is none.

    Two that claim at once never get the same one.
    """
    moment = now or datetime.now(UTC)
    query = select(Scene.id).where(due(moment)).order_by(Scene.datetime, Scene.id).limit(1)
    if monitor_id is not None:
        query = query.where(Scene.monitor_id == monitor_id)
    scene_pk = session.scalar(query.with_for_update(skip_locked=True, of=Scene))
    if scene_pk is None:
        return None
    mark_processing(session, scene_pk, owner, moment + lease)
    return get_scene(session, scene_pk)


def mark_processing(session: Session, scene_pk: int, owner: str, lease_until: datetime) -> None:
    """Somebody works on the scene until then; counts as one attempt."""
    set_state(
        session,
        scene_pk,
        SceneState.PROCESSING,
        attempts=Scene.attempts + 1,
        lease_owner=owner,
        lease_until=lease_until,
        next_attempt_at=None,
    )


def mark_failed(
    session: Session, scene_pk: int, error: str, retry_at: datetime | None = None, *, now: datetime | None = None
) -> None:
    """The scene failed for that reason; it is tried again at `retry_at`, or not by itself.

    Counts as one attempt, unless `mark_processing` has counted it.
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
