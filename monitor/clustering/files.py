"""A reference model on disk: numbers, pictures and a card, nothing that can run code.

<models_dir>/<monitor>/<version>/
    card.json             what, when, from which scene, with which versions; SHA-256 of the files below
    centroids.npz         center, scale, centroids, spread, radius
    reflectance.tif       the clear scene, one band per band (COG)
    labels.tif            its label map (COG)
    border_strength.tif   its borders (COG)
"""

import hashlib
import json
import platform
import shutil
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from monitor.clustering.labels import NO_LABEL
from monitor.clustering.model import ReferenceModel, encode_reflectance, remembered_stack
from monitor.clustering.sweep_result import Sweep
from monitor.cog import CACHE_BYTES, write_cog
from monitor.errors import ReferenceModelError
from monitor.scenes.grid import Grid
from monitor.scenes.numbers import sink_for
from monitor.scenes.stack import Stack

CARD = "card.json"
TABLES = "centroids.npz"
REFLECTANCE, LABELS, STRENGTH = "reflectance.tif", "labels.tif", "border_strength.tif"
ROWS_AT_ONCE = 512
"""Height of the blocks that `write_cog` writes."""
ARRAYS = ("center", "scale", "centroids", "spread", "radius")


def model_folder(models_dir: Path, monitor: str, version: int) -> Path:
    """Where a version of a monitor's reference lies."""
    return models_dir / monitor / str(version)


def save_model(model: ReferenceModel, tried: Sweep, models_dir: Path) -> tuple[ReferenceModel, str]:
    """Write a model; returns it with its card, and the SHA-256 of the card.

    The folder appears whole or not at all. Raises ReferenceModelError if it cannot be written.
    """
    folder = model_folder(models_dir, model.monitor, model.version)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{model.version}-", dir=folder.parent))
        try:
            card = write_files(model, tried, partial)
            if folder.exists():
                shutil.rmtree(folder)
            partial.chmod(0o755)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise ReferenceModelError(
            f"reference model of {model.monitor}: {folder} cannot be written ({error.strerror}); check `models_dir`"
        ) from error
    return replace(model, card=card), sha256(folder / CARD)


def write_files(model: ReferenceModel, tried: Sweep, folder: Path) -> dict[str, Any]:
    """Every file of a model into a folder; returns the card."""
    np.savez(folder / TABLES, **{name: getattr(model, name) for name in ARRAYS})
    write_cog(folder / REFLECTANCE, encode_reflectance(model.reflectance), model.grid.profile, nodata=0)
    write_cog(folder / LABELS, model.labels[None], model.grid.profile, nodata=NO_LABEL)
    write_cog(folder / STRENGTH, model.label_map.border_strength[None], model.grid.profile, nodata=None)
    card = {
        "monitor": model.monitor,
        "version": model.version,
        "scene_id": model.scene_id,
        "bands": list(model.bands),
        "grid": model.grid.to_json(),
        "k": model.k,
        "seed": tried.seed,
        "sample_size": tried.sample_size,
        "reason": tried.reason,
        "sweep": [{"k": e.k, "inertia": e.inertia, "silhouette": e.silhouette} for e in tried.entries],
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in ("landsat-monitor", "scikit-learn", "numpy", "rasterio")}
        | {"python": platform.python_version()},
        "sha256": {path.name: sha256(path) for path in sorted(folder.iterdir())},
    }
    (folder / CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")
    return card


def load_model(folder: Path, expected_sha256: str) -> ReferenceModel:
    """The model in a folder, as it was when `save_model` returned that checksum.

    Raises ReferenceModelError if a file is missing or differs from what was saved.
    """
    remedy = "restore the folder, activate another version or fit a new one with `monitor reference fit`"
    try:
        check(folder / CARD, expected_sha256)
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        for name, checksum in card["sha256"].items():
            check(folder / name, checksum)
        with np.load(folder / TABLES, allow_pickle=False) as tables:
            arrays = {name: tables[name] for name in ARRAYS}
        with rasterio.open(folder / LABELS) as src:
            labels = src.read(1)
        stack = read_stack(folder / REFLECTANCE, labels != NO_LABEL)
    except (OSError, ValueError, KeyError, RasterioError) as error:
        raise ReferenceModelError(f"reference model {folder}: {error}; {remedy}") from error
    return ReferenceModel(
        monitor=card["monitor"],
        version=card["version"],
        scene_id=card["scene_id"],
        bands=tuple(card["bands"]),
        grid=Grid.from_json(card["grid"]),
        stack=stack,
        labels=labels,
        card=card,
        **arrays,
    )


def read_stack(path: Path, seen: NDArray[np.bool_]) -> Stack:
    """The clear scene of a model, in parts that the file's own blocks end with."""
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), rasterio.open(path, num_threads=2) as src:
        sink = sink_for((src.count, src.height, src.width))
        for top in range(0, src.height, ROWS_AT_ONCE):
            rows = min(ROWS_AT_ONCE, src.height - top)
            for band, numbers in enumerate(src.read(window=Window(0, top, src.width, rows))):
                sink.write(band, top, numbers)
    return remembered_stack(sink.done(), seen)


def check(path: Path, expected: str) -> None:
    """Raise ValueError if a file is not what it was."""
    if sha256(path) != expected:
        raise ValueError(f"{path.name} has changed since it was saved (SHA-256 differs)")


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
