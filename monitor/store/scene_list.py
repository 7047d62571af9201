"""Long lists of scenes: filtered, counted, page by page."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from monitor.catalog.item import BBox
from monitor.store.geometry import overlaps
from monitor.store.paging import Cursor, Page, after, ordered
from monitor.store.scenes import SceneRow, select_scenes
from monitor.store.tables import Monitor, Scene, SceneState

ORDER = "newest"
COLUMNS: tuple[Any, ...] = (Scene.datetime, Scene.id)


@dataclass(frozen=True)
class SceneFilter:
    """Which scenes: every condition that is given holds.

    `since` and `until`: acquired at or after, and before. `bbox`: its footprint's box overlaps that box, degrees.
    `max_cloud_cover`: percent, as the catalog says; a scene of which it says nothing passes.
    """

    monitor: str | None = None
    states: tuple[SceneState, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    bbox: BBox | None = None
    max_cloud_cover: float | None = None

    def of(self, query: Select[Any]) -> Select[Any]:
        """The query with the conditions added."""
        conditions: list[ColumnElement[bool]] = []
        if self.monitor is not None:
            conditions.append(Scene.monitor_id.in_(select(Monitor.id).where(Monitor.name == self.monitor)))
        if self.states:
            conditions.append(Scene.state.in_(self.states))
        if self.since is not None:
            conditions.append(Scene.datetime >= self.since)
        if self.until is not None:
            conditions.append(Scene.datetime < self.until)
        if self.bbox is not None:
            conditions.append(overlaps(Scene, self.bbox))
        if self.max_cloud_cover is not None:
            conditions.append(func.coalesce(Scene.cloud_cover, 0) <= self.max_cloud_cover)
        return query.where(*conditions)


EVERY_SCENE = SceneFilter()


def filter_scenes(
    session: Session, wanted: SceneFilter = EVERY_SCENE, *, limit: int | None = None, offset: int = 0
) -> list[SceneRow]:
    """Scenes, the newest acquisition first."""
    query = ordered(wanted.of(select_scenes()), COLUMNS).limit(limit).offset(offset)
    return [SceneRow.from_row(row) for row in session.execute(query)]


def page_of_scenes(
    session: Session, wanted: SceneFilter = EVERY_SCENE, *, limit: int = 100, cursor: str | None = None
) -> Page[SceneRow]:
    """The `limit` scenes that come after a cursor, which an earlier page of the same filter gave, newest first.

    Raises QueryError for a cursor that no page gave.
    """
    query = wanted.of(select_scenes())
    if cursor is not None:
        query = query.where(after(COLUMNS, Cursor.parse(cursor, ORDER, COLUMNS)))
    rows = [SceneRow.from_row(row) for row in session.execute(ordered(query, COLUMNS).limit(limit + 1))]
    if len(rows) <= limit:
        return Page(tuple(rows), None)
    last = rows[limit - 1]
    return Page(tuple(rows[:limit]), str(Cursor(ORDER, (last.datetime, last.pk))))


def count_scenes(session: Session, wanted: SceneFilter = EVERY_SCENE) -> int:
    """How many scenes there are."""
    return session.scalar(wanted.of(select(func.count(Scene.id)))) or 0
