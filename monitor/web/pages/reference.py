"""A reference model's clear scene in part: only the window that a picture shows is read."""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow

from monitor.clustering.files import ARRAYS, CARD, LABELS, REFLECTANCE, TABLES, check
from monitor.clustering.model import decode_reflectance
from monitor.errors import ReferenceModelError
from monitor.pipeline import ModelFile
from monitor.web.pages.places import Place


@dataclass(frozen=True, eq=False)
class Reference:
    """A model without its rasters: bands, and what label each k is in reflectance, (k, bands)."""

    folder: Path
    scene_id: str
    bands: tuple[str, ...]
    spectra: NDArray[np.float32]
    centroids: NDArray[np.float32]


def open_reference(model: ModelFile) -> Reference:
    """The model in a folder, checked against its SHA-256 as often as one of its files is written.

    Raises ReferenceModelError when a file is missing or has changed.
    """
    try:
        written = tuple(path.stat().st_mtime_ns for path in sorted(model.folder.iterdir()))
    except OSError as error:
        raise ReferenceModelError(f"reference model {model.folder} cannot be read ({error.strerror})") from error
    return checked(model, written)


@lru_cache(maxsize=16)
def checked(model: ModelFile, written: tuple[int, ...]) -> Reference:
    """As `open_reference`, once for every state of the files."""
    try:
        check(model.folder / CARD, model.sha256)
        card: dict[str, Any] = json.loads((model.folder / CARD).read_text(encoding="utf-8"))
        for name, checksum in card["sha256"].items():
            check(model.folder / name, checksum)
        with np.load(model.folder / TABLES, allow_pickle=False) as tables:
            arrays = {name: tables[name] for name in ARRAYS}
    except (OSError, ValueError, KeyError) as error:
        raise ReferenceModelError(f"reference model {model.folder}: {error}; activate or fit another one") from error
    spectra = arrays["centroids"] * arrays["scale"] + arrays["center"]
    return Reference(model.folder, card["scene_id"], tuple(card["bands"]), spectra, arrays["centroids"])


def reflectance(reference: Reference, place: Place, bands: tuple[str, ...]) -> NDArray[np.float32]:
    """The clear scene in some bands on the drawn grid, float32 (bands, rows, columns), NaN without data."""
    numbers = [reference.bands.index(band) + 1 for band in bands]
    return decode_reflectance(read(reference, REFLECTANCE, place.drawn.shape, place, numbers, Resampling.average))


def labels(reference: Reference, place: Place) -> NDArray[np.uint8]:
    """The clear scene's labels in the window, uint8 (rows, columns) in the monitor's pixels."""
    shape = (place.window.height, place.window.width)
    found: NDArray[np.uint8] = read(reference, LABELS, shape, place, [1], Resampling.nearest)[0]
    return found


def read(
    reference: Reference, name: str, shape: tuple[int, int], place: Place, bands: list[int], how: Resampling
) -> NDArray[Any]:
    """A window of one of the model's rasters in that shape; ReferenceModelError when it cannot be read."""
    window = place.window
    try:
        with rasterio.open(reference.folder / name) as src:
            found: NDArray[Any] = src.read(
                bands,
                window=RasterWindow(window.column, window.row, window.width, window.height),
                out_shape=(len(bands), *shape),
                resampling=how,
            )
    except RasterioError as error:
        raise ReferenceModelError(
            f"reference model {reference.folder}: {error}; activate or fit another one"
        ) from error
    return found
