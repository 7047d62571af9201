"""Label rasters as compressed tiles."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.errors import StoreError

CODEC = "zlib"
TILE = 512
"""Rows and columns of a tile; the last ones in a row or column are as much smaller as the raster needs."""

LEVEL = 4
"""Within a tenth of the default level's size, in a quarter of its time."""


@dataclass(frozen=True)
class Tile:
    """A block of a raster, by its row and column among the tiles, compressed."""

    row: int
    col: int
    data: bytes


def encode(labels: NDArray[np.uint8]) -> Iterator[Tile]:
    """Tiles of labels uint8 (rows, columns), without those that are `NO_LABEL` everywhere."""
    if labels.dtype != np.uint8 or labels.ndim != 2:
        raise ValueError(f"labels are uint8 (rows, columns), not {labels.dtype} {labels.shape}")
    height, width = labels.shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            block = np.ascontiguousarray(labels[top : top + TILE, left : left + TILE])
            if (block != NO_LABEL).any():
                yield Tile(top // TILE, left // TILE, zlib.compress(block.data, LEVEL))


def decode(tiles: Iterable[Tile], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Labels uint8 of that shape (rows, columns); StoreError when a tile is damaged."""
    labels = np.full(shape, NO_LABEL, np.uint8)
    for tile in tiles:
        top, left = tile.row * TILE, tile.col * TILE
        labels[top : top + TILE, left : left + TILE] = decode_tile(tile, shape)
    return labels


def decode_tile(tile: Tile, shape: tuple[int, int], codec: str = CODEC) -> NDArray[np.uint8]:
    """One tile of a raster of that shape (rows, columns)."""
    size = min(TILE, shape[0] - tile.row * TILE), min(TILE, shape[1] - tile.col * TILE)
    try:
        return np.frombuffer(zlib.decompress(tile.data), np.uint8).reshape(size)
    except (zlib.error, ValueError, IndexError) as error:
        raise damaged(tile, error) from error


def decode_pixel(tile: Tile, shape: tuple[int, int], row: int, col: int, codec: str = CODEC) -> int:
    """The value of one pixel, by row and column of the raster; of its tile only what comes before is decompressed."""
    width = min(TILE, shape[1] - tile.col * TILE)
    place = row % TILE * width + col % TILE
    try:
        return zlib.decompressobj().decompress(tile.data, place + 1)[place]
    except (zlib.error, ValueError, IndexError) as error:
        raise damaged(tile, error) from error


def damaged(tile: Tile, error: Exception) -> StoreError:
    """What to say about a tile that cannot be read."""
    return StoreError(f"label tile {tile.row}, {tile.col} is damaged ({error}); process the scene again")
