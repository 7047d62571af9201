"""Label rasters as compressed tiles.

A tile is a check sum, the labels that occur in it, and bands of rows that are coded by themselves (see
`neighbours.py`), so that one pixel is read without the rest of its tile. Databases from before have tiles of zlib.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.clustering.labels import NO_LABEL
from monitor.cores import together
from monitor.errors import StoreError
from monitor.store.neighbours import decode_rows, encode_tiles

CODEC, OLD_CODEC = "neighbours", "zlib"
CODECS = (CODEC, OLD_CODEC)
"""What can be read; `CODEC` is what is written."""
TILE = 512
"""Rows and columns of a tile; the last ones in a row or column are as much smaller as the raster needs."""
FEW_TILES = 4
"""So few are not worth threads."""
BAND_ROWS = 32
"""Rows coded by themselves: half as many to decode for one pixel as with 64, and not three percent larger."""
HEAD, LENGTH = struct.Struct("<IB"), struct.Struct("<I")
"""CRC-32 of all that follows and the number of labels less one; bytes of a band of rows."""


@dataclass(frozen=True)
class Tile:
    """A block of a raster, by its row and column among the tiles, compressed."""

    row: int
    col: int
    data: bytes


def encode(labels: NDArray[np.uint8], over: Callable[..., Iterator["Line"]] = map) -> Iterator[Tile]:
    """Tiles of labels uint8 (rows, columns), without those that are `NO_LABEL` everywhere.

    `over` is how the work is spread, such as a pool's `map`. Rows of tiles are done in one go: a thread that came back
    to Python after every tile would wait there for the one that writes to the database.
    """
    if labels.dtype != np.uint8 or labels.ndim != 2:
        raise ValueError(f"labels are uint8 (rows, columns), not {labels.dtype} {labels.shape}")
    lines = over(Line.of, [labels[top : top + TILE] for top in range(0, labels.shape[0], TILE)])
    return (tile for row, line in enumerate(lines) for tile in line.tiles(row))


@dataclass(frozen=True, eq=False)
class Line:
    """A row of tiles encoded: which labels occur in each, (tiles, 256), and where its bands end in `data`."""

    occurs: NDArray[np.bool_]
    ends: NDArray[np.int64]
    data: bytes

    @classmethod
    def of(cls, labels: NDArray[np.uint8]) -> "Line":
        """Of labels (rows, columns)."""
        rows, columns = labels.shape
        labels = np.ascontiguousarray(labels)
        occurs = np.zeros((-(-columns // TILE), 256), np.bool_)
        ends = np.zeros((len(occurs), -(-rows // BAND_ROWS)), np.int64)
        out = np.empty(3 * labels.size + 8 * ends.size, np.uint8)
        size = encode_tiles(labels, TILE, BAND_ROWS, occurs, ends, out)
        return cls(occurs, ends, out[:size].tobytes())

    def tiles(self, row: int) -> Iterator[Tile]:
        """The tiles, of that row."""
        start = 0
        for col, ends in enumerate(self.ends):
            palette = np.flatnonzero(self.occurs[col]).astype(np.uint8)
            sizes = b""
            if len(palette) > 1:
                sizes = np.diff(ends, prepend=start).astype("<u4").tobytes()
            stop = int(ends[-1]) if sizes else start
            tail = bytes([len(palette) - 1]) + palette.tobytes() + sizes + self.data[start:stop]
            start = stop
            if palette.tolist() != [NO_LABEL]:
                yield Tile(row, col, LENGTH.pack(zlib.crc32(tail)) + tail)


def bits_of(palette: NDArray[np.uint8]) -> int:
    """Bits that tell the labels of a tile apart."""
    return int(len(palette) - 1).bit_length()


def decode(tiles: Iterable[Tile], shape: tuple[int, int], codec: str = CODEC) -> NDArray[np.uint8]:
    """Labels uint8 of that shape (rows, columns); StoreError when a tile is damaged."""
    labels = np.full(shape, NO_LABEL, np.uint8)

    def unpack(tile: Tile) -> None:
        top, left = tile.row * TILE, tile.col * TILE
        labels[top : top + TILE, left : left + TILE] = decode_tile(tile, shape, codec)

    every = list(tiles)
    if len(every) <= FEW_TILES:
        for tile in every:
            unpack(tile)
    else:
        together(unpack, every)
    return labels


def decode_tile(tile: Tile, shape: tuple[int, int], codec: str = CODEC) -> NDArray[np.uint8]:
    """One tile of a raster of that shape (rows, columns)."""
    height, width = size_of(tile, shape)
    try:
        if codec == OLD_CODEC:
            return np.frombuffer(zlib.decompress(tile.data), np.uint8).reshape(height, width)
        coded = Coded.of(tile.data, height)
        return np.concatenate([coded.band(index, height, width) for index in range(-(-height // BAND_ROWS))])
    except (zlib.error, ValueError, struct.error) as error:
        raise damaged(tile, error) from error


def decode_pixel(tile: Tile, shape: tuple[int, int], row: int, col: int, codec: str = CODEC) -> int:
    """The value of one pixel, by row and column of the raster; of its tile only the rows around it are decoded."""
    if codec == OLD_CODEC:
        return int(decode_tile(tile, shape, codec)[row % TILE, col % TILE])
    height, width = size_of(tile, shape)
    index, below = divmod(row % TILE, BAND_ROWS)
    try:
        return int(Coded.of(tile.data, height).band(index, height, width, below)[below, col % TILE])
    except (ValueError, struct.error) as error:
        raise damaged(tile, error) from error


@dataclass(frozen=True, eq=False)
class Coded:
    """A tile taken apart: its labels, and its bands of rows as bytes; none where there is one label only."""

    palette: NDArray[np.uint8]
    bands: tuple[NDArray[np.uint8], ...]

    @classmethod
    def of(cls, data: bytes, height: int) -> "Coded":
        """The parts of a tile of so many rows; ValueError or struct.error when they do not fit together."""
        checksum, last = HEAD.unpack_from(data)
        if zlib.crc32(data[LENGTH.size :]) != checksum:
            raise ValueError("its check sum is wrong")
        start = HEAD.size + last + 1
        palette = np.frombuffer(data[HEAD.size : start], np.uint8)
        if last == 0:
            return cls(palette, ())
        count = -(-height // BAND_ROWS)
        sizes = struct.unpack_from(f"<{count}I", data, start)
        ends = np.cumsum([start + count * LENGTH.size, *sizes])
        if ends[-1] != len(data):
            raise ValueError("it was made for a raster of another shape")
        whole = np.frombuffer(data, np.uint8)
        return cls(palette, tuple(whole[ends[index] : ends[index + 1]] for index in range(count)))

    def band(self, index: int, height: int, width: int, last: int = BAND_ROWS) -> NDArray[np.uint8]:
        """Labels (rows, width) of one band of rows of a tile of that height; right down to row `last`."""
        rows = min(BAND_ROWS, height - index * BAND_ROWS)
        labels = np.zeros((rows, width), np.uint8)
        if self.bands:
            decode_rows(self.bands[index], bits_of(self.palette), labels, min(last, rows - 1))
        return np.take(self.palette, labels, mode="clip")


def size_of(tile: Tile, shape: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of a tile of a raster of that shape."""
    return min(TILE, shape[0] - tile.row * TILE), min(TILE, shape[1] - tile.col * TILE)


def damaged(tile: Tile, error: Exception) -> StoreError:
    """What to say about a tile that cannot be read."""
    return StoreError(f"label tile {tile.row}, {tile.col} is damaged ({error}); process the scene again")
