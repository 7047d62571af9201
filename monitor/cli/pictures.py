"""Pictures of stored scenes, for `monitor plot` and the demo."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from monitor import plots
from monitor.catalog.aoi import load_area
from monitor.cli.export import grid_of
from monitor.cli.spectra import mean_spectra
from monitor.clustering.files import load_model
from monitor.clustering.labels import LabelMap
from monitor.clustering.sweep_result import Sweep, SweepEntry
from monitor.config import Settings
from monitor.detection.result import Flag
from monitor.errors import ConfigError, NotFoundError
from monitor.pipeline import read_for
from monitor.scenes.scene import Scene
from monitor.store.history import sweeps_of
from monitor.store.maps import load_map
from monitor.store.references import get_reference
from monitor.store.results import FLAGS
from monitor.store.scenes import SceneRow, item_of
from monitor.store.tables import SceneState
from monitor.training import model_file

PREFERRED = (
    ("swir22", "nir08", "red"),
    ("swir16", "nir08", "red"),
    ("nir08", "red", "green"),
    ("red", "green", "blue"),
)
"""Composites that show most, in order: haze is thin in the short-wave infrared, and burns and mud stand out."""
MAX_BYTES = 250_000


def write_composite(session: Session, settings: Settings, row: SceneRow, bands: Sequence[str], path: Path) -> None:
    """Three bands as red, green and blue, with the outlines of what was flagged."""
    scene = read_again(session, settings, row, bands)
    flags = load_map(session, row.pk, FLAGS).labels if row.state is SceneState.DONE else None
    figure = plots.composite(
        scene.reflectance, scene.valid, scene.grid, row.scene_id, f"{row.datetime:%Y-%m-%d %H:%M} UTC", bands, flags
    )
    save(figure, path)


def write_labels(session: Session, row: SceneRow, path: Path, kind: str = "reference") -> None:
    """A label map with its legend and the labels' mean spectra."""
    found = load_map(session, row.pk, kind)
    if found.centroids is None:
        raise NotFoundError(f"scene {row.scene_id}: map {kind} has no labels")
    spectra, bands = mean_spectra(session, row.pk, kind, len(found.centroids))
    by = "the scene's own sweep" if kind == "sweep" else f"reference version {found.reference_version}"
    figure = plots.labels(
        LabelMap(found.labels, found.centroids),
        grid_of(session, row),
        row.scene_id,
        f"{row.datetime:%Y-%m-%d %H:%M} UTC, labels by {by}",
        spectra,
        bands,
    )
    save(figure, path)


def write_sweep(session: Session, row: SceneRow, path: Path) -> None:
    """Inertia and silhouette over k."""
    rows = sweeps_of(session, row.pk)
    if not rows:
        raise NotFoundError(f"scene {row.scene_id} has no sweep: it is {row.state}; `monitor scan` processes it")
    nowhere = np.empty((0, 0), np.float32)
    entries = tuple(SweepEntry(found.k, found.inertia or 0.0, found.silhouette or 0.0, nowhere) for found in rows)
    chosen = next(found for found in rows if found.chosen)
    swept = Sweep(entries, chosen.k, chosen.reason or "", chosen.seed, chosen.sample_size)
    save(plots.sweep(swept, row.scene_id, f"{row.datetime:%Y-%m-%d %H:%M} UTC"), path)


def write_overview(session: Session, settings: Settings, row: SceneRow, path: Path) -> None:
    """The reference, the scene and its flags side by side."""
    if row.reference_version is None:
        raise NotFoundError(f"scene {row.scene_id} is {row.state}; `monitor scan` processes it")
    stored = get_reference(session, row.monitor_id, row.reference_version)
    model = model_file(settings, stored)
    reference = load_model(model.folder, model.sha256)
    bands = next((names for names in PREFERRED if set(names) <= set(reference.bands)), reference.bands[:3])
    scene = read_again(session, settings, row, bands)
    before: NDArray[np.float32] = reference.reflectance[[reference.bands.index(band) for band in bands]]
    flags = load_map(session, row.pk, FLAGS).labels
    shares = [f"{name} {(flags == flag).sum() / max((flags != Flag.NO_ANSWER).sum(), 1):.1%}" for name, flag in (
        ("cloud", Flag.CLOUD), ("shadow", Flag.SHADOW), ("anomaly", Flag.ANOMALY))]  # fmt: skip
    figure = plots.overview(
        (before, reference.known),
        (scene.reflectance, scene.valid),
        flags,
        scene.grid,
        ("Reference", f"{row.datetime:%Y-%m-%d}"),
        (stored.scene_id, row.scene_id, ", ".join(shares)),
    )
    save(figure, path)


def read_again(session: Session, settings: Settings, row: SceneRow, bands: Sequence[str]) -> Scene:
    """The scene from its catalog, in three of its bands."""
    if len(bands) != 3:
        raise ConfigError(f"a composite has three bands, not {len(bands)}: {', '.join(bands)}")
    item, monitor = item_of(session, row.pk), settings.monitor(row.monitor)
    wanted = monitor.model_copy(update={"bands": list(bands)})
    return read_for(wanted, item, settings.catalogs.get(row.catalog), grid_of(session, row), load_area(monitor.aoi))


def save(figure: Figure, path: Path) -> None:
    """Write a PNG; raises ConfigError if it cannot be."""
    try:
        plots.write_png(figure, path, max_bytes=MAX_BYTES)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
