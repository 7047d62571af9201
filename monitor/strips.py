"""A raster worked on in strips of rows, by as many threads as there are cores."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from monitor.cores import cores, together

STRIP_PX = 120_000
"""Pixels of a strip: its temporary planes stay in the cache."""


@dataclass(frozen=True)
class Strip:
    """Rows `start` to `stop` of a raster, and rows `top` to `bottom` that must be read to work on them."""

    start: int
    stop: int
    top: int
    bottom: int

    @property
    def rows(self) -> slice:
        """The strip itself, in the raster."""
        return slice(self.start, self.stop)

    @property
    def read(self) -> slice:
        """The strip with its halo, in the raster."""
        return slice(self.top, self.bottom)

    @property
    def inner(self) -> slice:
        """The strip itself, in an array of the rows read."""
        return slice(self.start - self.top, self.stop - self.top)


def strips(shape: tuple[int, int], halo: int, strip_px: int | None = None) -> list[Strip]:
    """Strips of at most about `strip_px` pixels that cover a raster, read with `halo` rows on either side.

    They are of one height and as many for every core, unless that makes them too thin for their halo.
    """
    height, width = shape
    turns = ceil(height * width / ((strip_px or STRIP_PX) * cores()))
    size = max(ceil(height / max(turns * cores(), 1)), 4 * halo, 16 if strip_px is None else 1)
    return [
        Strip(start, min(start + size, height), max(start - halo, 0), min(start + size + halo, height))
        for start in range(0, height, size)
    ]


def over_strips(shape: tuple[int, int], halo: int, work: Callable[[Strip], None], strip_px: int | None = None) -> None:
    """Do the work on every strip; strips must not write to one another's rows."""
    together(work, strips(shape, halo, strip_px))
