"""The numbers of an image's bands as their files have them: in memory, or in a temporary file where they are many."""

import os
import tempfile
import weakref
from collections.abc import Sequence
from threading import Lock, RLock
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from monitor.errors import ScratchUnavailable

IN_MEMORY_BYTES = 64_000_000
"""Images up to this size, of 16-bit numbers, stay in memory; of a full scene only the strip at hand does."""
SPARE_FILES = 16
"""Files kept for the next image: to write over what is there takes a fraction of the time of new pages."""
KERNEL_TYPES = ("uint8", "int16", "uint16", "float32")
"""What numbers are handed out as; anything else becomes float32."""


class Numbers(Protocol):
    """Numbers (bands, rows, columns) that come in strips of rows; safe to use from several threads."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, rows, columns."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """What `read` gives."""

    def read(self, top: int, bottom: int) -> NDArray[Any]:
        """Rows `top` to `bottom` of every band in one type, (bands, bottom - top, columns); not to be written to."""

    def read_band(self, band: int, top: int, bottom: int) -> NDArray[Any]:
        """Rows of one band, (bottom - top, columns), as `read` gives them."""

    def piece(self, top: int, bottom: int) -> tuple[NDArray[Any], int]:
        """An array in one piece that holds at least these rows of every band, and which of its rows is row `top`."""


class ArrayNumbers:
    """Numbers in memory, in one piece."""

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = np.ascontiguousarray(array)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Bands, rows, columns."""
        bands, rows, columns = self.array.shape
        return bands, rows, columns

    @property
    def dtype(self) -> np.dtype[Any]:
        """What `read` gives."""
        return self.array.dtype

    def read(self, top: int, bottom: int) -> NDArray[Any]:
        """A view of some rows."""
        return self.array[:, top:bottom]

    def read_band(self, band: int, top: int, bottom: int) -> NDArray[Any]:
        """A view of some rows of one band."""
        return self.array[band, top:bottom]

    def piece(self, top: int, bottom: int) -> tuple[NDArray[Any], int]:
        """All of it."""
        del bottom
        return self.array, top


class Scratch:
    """Temporary files without a name, by the folder they lie in."""

    def __init__(self) -> None:
        self.spare: dict[str, list[int]] = {}
        self.lock = RLock()  # a finalizer may run while its own thread holds it

    def take(self, folder: str) -> int:
        """A file that nobody uses; what it holds is anything."""
        with self.lock:
            if self.spare.get(folder):
                return self.spare[folder].pop()
        with tempfile.TemporaryFile(buffering=0, dir=folder) as file:
            return os.dup(file.fileno())

    def keep(self, folder: str, files: Sequence[int]) -> None:
        """Files that are not used any more."""
        with self.lock:
            spare = self.spare.setdefault(folder, [])
            room = max(SPARE_FILES - len(spare), 0)
            spare.extend(files[:room])
        for file in files[room:]:
            os.close(file)


scratch = Scratch()


class FileNumbers:
    """Numbers in files without a name, one a band, which are gone with the process.

    Every band keeps the type of its source. Rows that were never written may hold anything.
    """

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.types: list[np.dtype[Any] | None] = [None] * shape[0]
        self.folder = tempfile.gettempdir()
        self.files = [scratch.take(self.folder) for _ in self.types]
        weakref.finalize(self, scratch.keep, self.folder, self.files)

    def write(self, band: int, top: int, block: NDArray[Any]) -> None:
        """Rows from `top` on of one band, always in the same type; ScratchUnavailable when the disk is full."""
        self.types[band] = block.dtype
        data = memoryview(np.ascontiguousarray(block).data).cast("B")
        place = top * self.shape[2] * block.dtype.itemsize
        try:
            while data:
                written = os.pwrite(self.files[band], data, place)
                data, place = data[written:], place + written
        except OSError as error:
            for file in self.files:
                os.ftruncate(file, 0)
            size = int(np.prod(self.shape)) * block.dtype.itemsize / 1e9
            raise ScratchUnavailable(
                f"the bands cannot be kept in {self.folder} ({error.strerror}); {size:.1f} GB are needed there: "
                "free some space, or let TMPDIR name a folder that has it"
            ) from error

    def done(self) -> "FileNumbers":
        """Itself: written is readable."""
        return self

    @property
    def dtype(self) -> np.dtype[Any]:
        """What `read` gives."""
        return common_type([kind for kind in self.types if kind is not None])

    def read(self, top: int, bottom: int) -> NDArray[Any]:
        """Some rows, copied."""
        out = np.empty((self.shape[0], bottom - top, self.shape[2]), self.dtype)
        for band, plane in enumerate(out):
            self.read_into(plane, band, top)
        return out

    def read_band(self, band: int, top: int, bottom: int) -> NDArray[Any]:
        """Some rows of one band, copied."""
        out = np.empty((bottom - top, self.shape[2]), self.dtype)
        self.read_into(out, band, top)
        return out

    def piece(self, top: int, bottom: int) -> tuple[NDArray[Any], int]:
        """These rows, copied."""
        return self.read(top, bottom), 0

    def read_into(self, out: NDArray[Any], band: int, top: int) -> None:
        """Rows of a band from `top` on, in the type of `out`."""
        own = self.types[band]
        if own is None:
            out[:] = 0
        elif own == out.dtype:
            self.fill(out, band, top)
        else:
            block = np.empty(out.shape, own)
            self.fill(block, band, top)
            out[:] = block

    def fill(self, block: NDArray[Any], band: int, top: int) -> None:
        """Read rows of a band in its own type; beyond the end of its file there are zeros."""
        data, place = memoryview(block.data).cast("B"), top * block.strides[0]
        while data:
            got = os.preadv(self.files[band], [data], place)
            if not got:
                data[:] = bytes(len(data))
                return
            data, place = data[got:], place + got


class ArraySink:
    """Numbers that are gathered in memory, every band in the type of its source."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self.shape = shape
        self.bands: list[NDArray[Any] | None] = [None] * shape[0]
        self.whole: NDArray[Any] | None = None
        self.lock = Lock()

    def write(self, band: int, top: int, block: NDArray[Any]) -> None:
        """Rows from `top` on of one band, always in the same type."""
        plane = self.bands[band]
        if plane is None:
            plane = self.bands[band] = self.plane(band, block.dtype)
        plane[top : top + len(block)] = block

    def plane(self, band: int, kind: np.dtype[Any]) -> NDArray[Any]:
        """Where a band is gathered: beside the others if it is of the type of the first."""
        with self.lock:
            if self.whole is None:
                self.whole = np.zeros(self.shape, kind)
        return self.whole[band] if self.whole.dtype == kind else np.zeros(self.shape[1:], kind)

    def done(self) -> ArrayNumbers:
        """All bands in one type."""
        kind = common_type([plane.dtype for plane in self.bands if plane is not None])
        if self.whole is not None and all(plane is None or plane.base is self.whole for plane in self.bands):
            return ArrayNumbers(self.whole.astype(kind, copy=False))
        out = np.zeros(self.shape, kind)
        for band, plane in enumerate(self.bands):
            if plane is not None:
                out[band] = plane
        return ArrayNumbers(out)


def sink_for(shape: tuple[int, int, int], in_memory_bytes: int = IN_MEMORY_BYTES) -> "ArraySink | FileNumbers":
    """Where an image of some size is gathered."""
    small = 2 * int(np.prod(shape)) <= in_memory_bytes
    return ArraySink(shape) if small else FileNumbers(shape)


def common_type(kinds: list[DTypeLike]) -> np.dtype[Any]:
    """One type that holds numbers of all of these types, of those that kernels are compiled for."""
    kind = np.result_type(*kinds) if kinds else np.dtype(np.uint16)
    return kind if kind.name in KERNEL_TYPES else np.dtype(np.float32)
