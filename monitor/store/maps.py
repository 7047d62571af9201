"""Label maps read back: a whole one, or the history of one pixel."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError, StoreError
from monitor.store.codec import CODECS, TILE, Tile, decode, decode_pixel
from monitor.store.tables import LabelMap, LabelTile, Scene, SceneState


@dataclass(frozen=True, eq=False)
class StoredMap:
    """A label map: `labels` uint8 (rows, columns), `centroids` float32 (k, bands) or None for flags."""

    kind: str
    labels: NDArray[np.uint8]
    centroids: NDArray[np.float32] | None
    reference_version: int | None


@dataclass(frozen=True)
class PixelLook:
    """What one map says about one pixel; `label` is 255 where it says nothing."""

    scene_pk: int
    scene_id: str
    datetime: datetime
    label: int


def read_map(session: Session, scene_pk: int, kind: str) -> NDArray[np.uint8]:
    """Labels uint8 (rows, columns) of a scene's map; NotFoundError when it has none of that kind."""
    return load_map(session, scene_pk, kind).labels


def load_map(session: Session, scene_pk: int, kind: str) -> StoredMap:
    """A scene's map with its centroids; NotFoundError when it has none of that kind."""
    found = session.scalar(select(LabelMap).where(LabelMap.scene_id == scene_pk, LabelMap.kind == kind))
    if found is None:
        raise NotFoundError(f"the scene has no {kind} map in the database; process it first (`monitor scan`)")
    require_codec(found.codec)
    tiles = session.execute(select(LabelTile.row, LabelTile.col, LabelTile.data).where(LabelTile.map_id == found.id))
    labels = decode((Tile(*row) for row in tiles), (found.height, found.width), found.codec)
    centroids = None if found.centroids is None else np.array(found.centroids, np.float32)
    return StoredMap(kind, labels, centroids, found.reference_version)


def pixel_history(
    session: Session,
    monitor_id: int,
    kind: str,
    row: int,
    col: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[PixelLook]:
    """What the maps of all done scenes say about one pixel of the monitor's grid, by date, one tile a scene.

    Maps of another shape, from before the grid was changed, are included; a pixel outside them is 255.
    """
    tile = and_(LabelTile.map_id == LabelMap.id, LabelTile.row == row // TILE, LabelTile.col == col // TILE)
    columns = (Scene.id, Scene.scene_id, Scene.datetime, LabelMap.codec, LabelMap.height, LabelMap.width)
    query = (
        select(*columns, LabelTile.data)
        .join(LabelMap, LabelMap.scene_id == Scene.id)
        .outerjoin(LabelTile, tile)
        .where(Scene.monitor_id == monitor_id, Scene.state == SceneState.DONE, LabelMap.kind == kind)
        .order_by(Scene.datetime, Scene.id)
    )
    if since is not None:
        query = query.where(Scene.datetime >= since)
    if until is not None:
        query = query.where(Scene.datetime < until)
    return [pixel_look(found, row, col) for found in session.execute(query)]


def pixel_look(found: Any, row: int, col: int) -> PixelLook:
    """One row of the history."""
    scene_pk, scene_id, moment, codec, height, width, data = found
    require_codec(codec)
    label = 255
    if data is not None and 0 <= row < height and 0 <= col < width:
        label = decode_pixel(Tile(row // TILE, col // TILE, data), (height, width), row, col, codec)
    return PixelLook(scene_pk, scene_id, moment, label)


def require_codec(codec: str) -> None:
    """StoreError for tiles that a newer version wrote."""
    if codec not in CODECS:
        raise StoreError(f"label tiles are encoded as {codec!r}, which this version cannot read; install a newer one")
