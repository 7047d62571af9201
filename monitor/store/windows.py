"""A part of a stored map, read from the tiles that it touches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError
from monitor.store.codec import TILE, Tile, decode_tile
from monitor.store.maps import StoredMap, require_codec
from monitor.store.tables import LabelMap, LabelTile

NOTHING = 255


@dataclass(frozen=True)
class Window:
    """Rows and columns of a map, from its upper left corner; it may reach beyond the map."""

    row: int
    column: int
    height: int
    width: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing a map that covers the window."""
        return slice(self.row, self.row + self.height), slice(self.column, self.column + self.width)


def read_part(session: Session, scene_pk: int, kind: str, window: Window) -> StoredMap:
    """Labels uint8 (window.height, window.width) of a scene's map, 255 beyond it; NotFoundError without such a map."""
    found = session.scalar(select(LabelMap).where(LabelMap.scene_id == scene_pk, LabelMap.kind == kind))
    if found is None:
        raise NotFoundError(f"the scene has no {kind} map in the database; it is not processed, or its map is expired")
    require_codec(found.codec)
    rows, columns = tile_range(window.row, window.height), tile_range(window.column, window.width)
    query = select(LabelTile.row, LabelTile.col, LabelTile.data).where(
        LabelTile.map_id == found.id,
        LabelTile.row.between(rows.start, rows.stop - 1),
        LabelTile.col.between(columns.start, columns.stop - 1),
    )
    part = np.full((window.height, window.width), NOTHING, np.uint8)
    for row in session.execute(query):
        place(part, window, Tile(*row), (found.height, found.width))
    centroids = None if found.centroids is None else np.array(found.centroids, np.float32)
    return StoredMap(kind, part, centroids, found.reference_version)


def tile_range(start: int, length: int) -> range:
    """The numbers of the tiles that a span of rows or columns touches."""
    return range(max(start, 0) // TILE, max(start + length - 1, 0) // TILE + 1)


def place(part: NDArray[np.uint8], window: Window, tile: Tile, shape: tuple[int, int]) -> None:
    """Copy what a tile and the window have in common."""
    block = decode_tile(tile, shape)
    top, left = tile.row * TILE - window.row, tile.col * TILE - window.column
    rows = slice(max(top, 0), min(top + block.shape[0], window.height))
    columns = slice(max(left, 0), min(left + block.shape[1], window.width))
    if rows.start < rows.stop and columns.start < columns.stop:
        part[rows, columns] = block[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
