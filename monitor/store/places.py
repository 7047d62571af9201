"""What the maps of all scenes say about one place: a pixel, or the pixels inside an outline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, Select, and_, select
from sqlalchemy.orm import Session

from monitor.clustering.labels import NO_LABEL
from monitor.detection.result import Flag
from monitor.store.codec import TILE, Tile, decode_pixel, decode_tile
from monitor.store.maps import require_codec
from monitor.store.results import FLAGS
from monitor.store.tables import LabelMap, LabelTile, Scene, SceneState

REFERENCE = "reference"
ROWS_AT_ONCE = 40
"""Tiles in memory at a time."""


@dataclass(frozen=True)
class PixelLabels:
    """What one scene says about one pixel: its label by the reference model and its flag; 255 is no answer."""

    scene_pk: int
    scene_id: str
    datetime: datetime
    reference_version: int | None
    label: int
    flag: int


@dataclass(frozen=True)
class AreaLabels:
    """How many pixels of an area one scene gave which label by the reference model and which flag."""

    scene_pk: int
    scene_id: str
    datetime: datetime
    reference_version: int | None
    pixels: dict[tuple[int, int], int]


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a monitor's grid: its first row and column, and bool (rows, columns) of what counts of it."""

    top: int
    left: int
    mask: NDArray[np.bool_]

    @property
    def tiles(self) -> tuple[range, range]:
        """Rows and columns of the tiles that it touches."""
        rows, cols = self.mask.shape
        return (
            range(self.top // TILE, (self.top + rows - 1) // TILE + 1),
            range(self.left // TILE, (self.left + cols - 1) // TILE + 1),
        )


def pixel_labels(
    session: Session,
    monitor_id: int,
    row: int,
    col: int,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[PixelLabels]:
    """What every done scene says about a pixel of the monitor's grid, by date; one tile of each of two maps is read.

    Scenes whose maps are gone are left out. A pixel outside a map, from before the grid was changed, is 255.
    """
    query = select_tiles(monitor_id, range(row // TILE, row // TILE + 1), range(col // TILE, col // TILE + 1))
    for found in by_scene(session, in_time(query, since, until)):
        values = {tile.kind: value_at(tile, row, col) for tile in found}
        yield PixelLabels(*scene_of(found), values.get(REFERENCE, NO_LABEL), values.get(FLAGS, int(Flag.NO_ANSWER)))


def area_labels(
    session: Session,
    monitor_id: int,
    window: Window,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[AreaLabels]:
    """What every done scene says about a part of the monitor's grid, by date; only tiles that it touches are read."""
    query = select_tiles(monitor_id, *window.tiles)
    for found in by_scene(session, in_time(query, since, until)):
        cuts = {kind: cut([tile for tile in found if tile.kind == kind], window) for kind in (REFERENCE, FLAGS)}
        yield AreaLabels(*scene_of(found), counted(cuts[REFERENCE][window.mask], cuts[FLAGS][window.mask]))


def select_tiles(monitor_id: int, rows: Sequence[int], cols: Sequence[int]) -> Select[Any]:
    """Tiles of labels by the reference and of flags, scene by scene."""
    here = and_(
        LabelTile.map_id == LabelMap.id,
        LabelTile.row.between(rows[0], rows[-1]),
        LabelTile.col.between(cols[0], cols[-1]),
    )
    of_scene: tuple[Any, ...] = (Scene.id.label("scene_pk"), Scene.scene_id, Scene.datetime)
    of_map = (LabelMap.reference_version, LabelMap.kind, LabelMap.codec, LabelMap.height, LabelMap.width)
    return (
        select(*of_scene, *of_map, LabelTile.row, LabelTile.col, LabelTile.data)
        .join(LabelMap, LabelMap.scene_id == Scene.id)
        .outerjoin(LabelTile, here)
        .where(Scene.monitor_id == monitor_id, Scene.state == SceneState.DONE, LabelMap.kind.in_((REFERENCE, FLAGS)))
        .order_by(Scene.datetime, Scene.id)
    )


def in_time(query: Select[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
    """The query for scenes acquired at or after, and before."""
    if since is not None:
        query = query.where(Scene.datetime >= since)
    if until is not None:
        query = query.where(Scene.datetime < until)
    return query


def by_scene(session: Session, query: Select[Any]) -> Iterator[list[Row[Any]]]:
    """The tiles of one scene after the other."""
    rows = session.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
    for _, found in groupby(rows, key=lambda row: row.scene_pk):
        yield list(found)


def scene_of(tiles: Sequence[Row[Any]]) -> tuple[int, str, datetime, int | None]:
    """Number, id, time and reference version of the scene that tiles are of."""
    version = next((tile.reference_version for tile in tiles if tile.kind == REFERENCE), None)
    return tiles[0].scene_pk, tiles[0].scene_id, tiles[0].datetime, version


def value_at(tile: Row[Any], row: int, col: int) -> int:
    """The pixel in a tile; 255 where there is none."""
    require_codec(tile.codec)
    if tile.data is None or row >= tile.height or col >= tile.width:
        return NO_LABEL
    return decode_pixel(Tile(tile.row, tile.col, tile.data), (tile.height, tile.width), row, col, tile.codec)


def cut(tiles: Sequence[Row[Any]], window: Window) -> NDArray[np.uint8]:
    """The part of one map that is in the window, 255 where the map says nothing."""
    rows, cols = window.mask.shape
    part = np.full((rows, cols), NO_LABEL, np.uint8)
    for tile in tiles:
        require_codec(tile.codec)
        if tile.data is None:
            continue
        block = decode_tile(Tile(tile.row, tile.col, tile.data), (tile.height, tile.width), tile.codec)
        above, before = tile.row * TILE - window.top, tile.col * TILE - window.left
        inside = part[max(above, 0) : above + block.shape[0], max(before, 0) : before + block.shape[1]]
        first = max(-above, 0), max(-before, 0)
        inside[:] = block[first[0] : first[0] + inside.shape[0], first[1] : first[1] + inside.shape[1]]
    return part


def counted(labels: NDArray[np.uint8], flags: NDArray[np.uint8]) -> dict[tuple[int, int], int]:
    """Pixels by label and flag, of two arrays of one length."""
    both, counts = np.unique(labels.astype(np.uint16) << 8 | flags, return_counts=True)
    return {(int(pair) >> 8, int(pair) & 255): int(n) for pair, n in zip(both, counts, strict=True)}
