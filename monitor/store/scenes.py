"""Scenes in the database: what is known, and finding one again."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import Row, Select, func, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from monitor.catalog.item import BBox, SceneItem
from monitor.errors import NotFoundError
from monitor.store import tables
from monitor.store.geometry import box_columns
from monitor.store.tables import Scene, SceneState, plain

KEYS_AT_ONCE = 400


@dataclass(frozen=True)
class SceneRow:
    """A scene as lists show it; `pk` is its number in the database."""

    pk: int
    monitor: str
    monitor_id: int
    scene_id: str
    product_id: str
    platform: str
    collection: str
    catalog: str
    sun_azimuth: float | None
    sun_elevation: float | None
    cloud_cover: float | None
    bbox: BBox
    state: SceneState
    error: str | None
    attempts: int
    next_attempt_at: datetime | None
    lease_owner: str | None
    lease_until: datetime | None
    discovered_at: datetime
    processed_at: datetime | None
    reference_version: int | None
    datetime: datetime

    @classmethod
    def from_row(cls, row: Row[Any]) -> Self:
        """From a row of `select_scenes`."""
        values = row._asdict()
        box = tuple(values.pop(side) for side in ("west", "south", "east", "north"))
        return cls(**values, bbox=box)


@dataclass(frozen=True)
class Upserted:
    """How many different scenes were found: `new`, `changed` in the catalog since, or `known` as they are."""

    found: int
    new: int
    changed: int
    known: int


def select_scenes() -> Select[Any]:
    """Every column of a SceneRow; not the items, which are large."""
    left_out = {"id", "footprint", "item"}
    columns = [column for column in Scene.__table__.columns if column.key not in left_out]
    named = (Scene.id.label("pk"), tables.Monitor.name.label("monitor"))
    return select(*named, *columns).join(tables.Monitor, tables.Monitor.id == Scene.monitor_id)


def upsert_items(
    session: Session, monitor_id: int, items: Iterable[SceneItem], *, now: datetime | None = None
) -> Upserted:
    """Take in what a catalog listed. A scene that is known and did not change leaves its row untouched.

    Another product of a known acquisition is a new row; the old one stays until that is done. The first catalog
    that listed a product keeps it: another one's description of it counts only while a retry is waiting. A scene
    that failed for good and was then changed in its catalog gets another chance.
    """
    moment = now or datetime.now(UTC)
    found: dict[tuple[str, str], SceneItem] = {}
    for item in items:
        found.setdefault((item.scene_id, item.product_id), item)
    known = known_scenes(session, monitor_id, list(found))
    new = [columns_of(item) for key, item in found.items() if key not in known]
    if new:
        fresh = {"monitor_id": monitor_id, "state": SceneState.DISCOVERED, "attempts": 0, "discovered_at": moment}
        session.execute(insert(Scene), [columns | fresh for columns in new])
    changed = [row for key, row in known.items() if update_scene(session, row, found[key])]
    return Upserted(len(found), len(new), len(changed), len(known) - len(changed))


def known_scenes(session: Session, monitor_id: int, keys: list[tuple[str, str]]) -> dict[tuple[str, str], Row[Any]]:
    """Rows of the scenes that the database has, by scene id and product id."""
    columns = (Scene.id, Scene.scene_id, Scene.product_id, Scene.catalog, Scene.state, Scene.next_attempt_at)
    known: dict[tuple[str, str], Row[Any]] = {}
    for start in range(0, len(keys), KEYS_AT_ONCE):
        part = keys[start : start + KEYS_AT_ONCE]
        query = select(*columns, Scene.item).where(
            Scene.monitor_id == monitor_id, tuple_(Scene.scene_id, Scene.product_id).in_(part)
        )
        known |= {(row.scene_id, row.product_id): row for row in session.execute(query)}
    return known


def update_scene(session: Session, row: Row[Any], item: SceneItem) -> bool:
    """Write an item over a known scene when that is called for; whether it was."""
    failed = row.state in (SceneState.FAILED, SceneState.QUARANTINED)
    waiting = failed and row.next_attempt_at is not None
    if item.catalog != row.catalog and not waiting:
        return False
    columns = columns_of(item)
    if row.state is SceneState.PROCESSING or columns["item"] == row.item:
        return False
    if failed and not waiting:
        columns |= {"state": SceneState.DISCOVERED, "attempts": 0, "error": None}
    session.execute(update(Scene).where(Scene.id == row.id).values(**columns))
    return True


def columns_of(item: SceneItem) -> dict[str, Any]:
    """The columns that come from the catalog."""
    return {
        "scene_id": item.scene_id,
        "product_id": item.product_id,
        "datetime": item.datetime,
        "platform": item.platform,
        "collection": item.collection,
        "catalog": item.catalog,
        "sun_azimuth": item.sun_azimuth,
        "sun_elevation": item.sun_elevation,
        "cloud_cover": item.cloud_cover,
        "footprint": plain(item.geometry),
        "item": plain(item.to_json()),
        **box_columns(item.bbox),
    }


def newest_datetime(session: Session, monitor_id: int) -> datetime | None:
    """Acquisition time of the newest known scene, None before the first."""
    return session.scalar(select(func.max(Scene.datetime)).where(Scene.monitor_id == monitor_id))


def get_scene(session: Session, scene_pk: int) -> SceneRow:
    """The scene of that number; NotFoundError if there is none."""
    row = session.execute(select_scenes().where(Scene.id == scene_pk)).one_or_none()
    if row is None:
        raise NotFoundError(f"no scene has the number {scene_pk} in the database")
    return SceneRow.from_row(row)


def item_of(session: Session, scene_pk: int) -> SceneItem:
    """The scene's item as its catalog described it, with unsigned hrefs; NotFoundError if there is none."""
    data = session.scalar(select(Scene.item).where(Scene.id == scene_pk))
    if data is None:
        raise NotFoundError(f"no scene has the number {scene_pk} in the database")
    return SceneItem.from_json(data)


def footprint_of(session: Session, scene_pk: int) -> dict[str, Any]:
    """The scene's outline, GeoJSON in WGS 84; NotFoundError if there is no such scene."""
    data: dict[str, Any] | None = session.scalar(select(Scene.footprint).where(Scene.id == scene_pk))
    if data is None:
        raise NotFoundError(f"no scene has the number {scene_pk} in the database")
    return data


def list_scenes(
    session: Session,
    *,
    monitor: str | None = None,
    states: Iterable[SceneState] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[SceneRow]:
    """Scenes by acquisition time (from `since`, before `until`)."""
    query = select_scenes()
    if monitor is not None:
        query = query.where(tables.Monitor.name == monitor)
    if states is not None:
        query = query.where(Scene.state.in_(list(states)))
    if since is not None:
        query = query.where(Scene.datetime >= since)
    if until is not None:
        query = query.where(Scene.datetime < until)
    order = (Scene.datetime.desc(), Scene.id.desc()) if newest_first else (Scene.datetime, Scene.id)
    return [SceneRow.from_row(row) for row in session.execute(query.order_by(*order).limit(limit))]


def find_scene(session: Session, scene_id: str, monitor: str | None = None) -> SceneRow:
    """The scene of that scene or product id; of several products the newest done one, else the newest.

    Raises NotFoundError with close matches, or with the monitors that it could be of.
    """
    query = select_scenes().where(or_(Scene.scene_id == scene_id, Scene.product_id == scene_id))
    if monitor is not None:
        query = query.where(tables.Monitor.name == monitor)
    rows = [SceneRow.from_row(row) for row in session.execute(query.order_by(Scene.id))]
    if not rows:
        raise NotFoundError(nothing_found(session, scene_id, monitor))
    monitors = sorted({row.monitor for row in rows})
    if len(monitors) > 1:
        raise NotFoundError(f"scene {scene_id} is known to monitors {', '.join(monitors)}; say which one")
    return max(rows, key=lambda row: (row.state is SceneState.DONE, row.pk))


def nothing_found(session: Session, scene_id: str, monitor: str | None) -> str:
    """What to say about a scene that is not there."""
    query = select(Scene.scene_id).distinct()
    if monitor is not None:
        query = query.join(tables.Monitor).where(tables.Monitor.name == monitor)
    known = list(session.scalars(query))
    where = f" of monitor {monitor}" if monitor else ""
    if not known:
        return f"no scene {scene_id!r}{where}: no scenes are in the database yet; run `monitor scan`"
    close = difflib.get_close_matches(scene_id, known, n=3)
    hint = f"did you mean {', '.join(close)}?" if close else "`monitor scenes list` shows what there is"
    return f"no scene {scene_id!r}{where} in the database; {hint}"
