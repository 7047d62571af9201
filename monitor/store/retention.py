"""What is old or too much, and removing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from monitor.config import RetentionSettings
from monitor.store.tables import Alert, AlertState, LabelMap, LabelTile, Notice, NoticeState, Scene, SweepEntry

IDS_AT_ONCE = 500


@dataclass(frozen=True)
class Pruned:
    """How many rows of what were removed, or would be."""

    label_maps: int
    sweeps: int
    closed_alerts: int
    messages: int


def prune(session: Session, keep: RetentionSettings, now: datetime, *, dry_run: bool = False) -> Pruned:
    """Remove what is not kept: label maps by age or size, sweeps, closed alerts and sent messages by age."""
    maps = old_maps(session, keep, now)
    closed = (AlertState.RESOLVED, AlertState.DISMISSED)
    alerts = before(Alert.updated_at, keep.closed_alerts, now)
    messages = before(Notice.created_at, keep.messages, now)
    scenes = before(Scene.datetime, keep.sweeps, now)
    of_old_scene = SweepEntry.scene_id.in_(select(Scene.id).where(scenes)) if scenes is not None else None
    return Pruned(
        label_maps=remove_maps(session, maps, dry_run),
        sweeps=remove(session, SweepEntry, of_old_scene, dry_run),
        closed_alerts=remove(session, Alert, None if alerts is None else alerts & Alert.state.in_(closed), dry_run),
        messages=remove(
            session, Notice, None if messages is None else messages & (Notice.state != NoticeState.WAITING), dry_run
        ),
    )


def before(column: Any, age: timedelta | None, now: datetime) -> ColumnElement[bool] | None:
    """The condition that a row is older; None when its kind is kept for ever."""
    return None if age is None else column < now - age


def old_maps(session: Session, keep: RetentionSettings, now: datetime) -> list[int]:
    """Label maps that are too old, or too much: the newest scenes' maps up to the size are kept."""
    size = func.coalesce(func.sum(func.length(LabelTile.data)), 0)
    query = (
        select(LabelMap.id, Scene.datetime, size)
        .join(Scene, Scene.id == LabelMap.scene_id)
        .outerjoin(LabelTile, LabelTile.map_id == LabelMap.id)
        .group_by(LabelMap.id, Scene.datetime)
        .order_by(Scene.datetime.desc(), LabelMap.id)
    )
    kept, found = 0, []
    for map_id, moment, bytes_ in session.execute(query):
        kept += bytes_
        aged = keep.label_maps is not None and moment < now - keep.label_maps
        if aged or (keep.label_maps_mb is not None and kept > keep.label_maps_mb * 1_000_000):
            found.append(map_id)
    return found


def remove_maps(session: Session, ids: Sequence[int], dry_run: bool) -> int:
    """Delete label maps with their tiles and statistics."""
    for start in range(0, 0 if dry_run else len(ids), IDS_AT_ONCE):
        session.execute(delete(LabelMap).where(LabelMap.id.in_(ids[start : start + IDS_AT_ONCE])))
    return len(ids)


def remove(session: Session, table: Any, condition: ColumnElement[bool] | None, dry_run: bool) -> int:
    """Delete rows, or only count them."""
    if condition is None:
        return 0
    count = session.scalar(select(func.count()).select_from(table).where(condition)) or 0
    if not dry_run and count:
        session.execute(delete(table).where(condition))
    return count
