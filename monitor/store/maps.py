"""Label maps read back: a whole one, or the history of one pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError, StoreError
from monitor.store.codec import CODECS, Tile, decode
from monitor.store.tables import LabelMap, LabelTile


@dataclass(frozen=True, eq=False)
class StoredMap:
    """A label map: `labels` uint8 (rows, columns), `centroids` float32 (k, bands) or None for flags."""

    kind: str
    labels: NDArray[np.uint8]
    centroids: NDArray[np.float32] | None
    reference_version: int | None


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


def require_codec(codec: str) -> None:
    """StoreError for tiles that a newer version wrote."""
    if codec not in CODECS:
        raise StoreError(f"label tiles are encoded as {codec!r}, which this version cannot read; install a newer one")
