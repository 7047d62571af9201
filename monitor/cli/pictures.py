"""Pictures of stored scenes, for `monitor plot` and the demo."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from sqlalchemy.orm import Session

from monitor import plots
from monitor.clustering.labels import LabelMap
from monitor.clustering.sweep_result import Sweep, SweepEntry
from monitor.config import Settings
from monitor.errors import ConfigError, NotFoundError
from monitor.rasters import grid_of, mean_spectra
from monitor.snapshot import overview, read_again
from monitor.store.history import sweeps_of
from monitor.store.maps import load_map
from monitor.store.results import FLAGS
from monitor.store.scenes import SceneRow
from monitor.store.tables import SceneState

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
    save(overview(session, settings, row), path)


def save(figure: Figure, path: Path) -> None:
    """Write a PNG; raises ConfigError if it cannot be."""
    try:
        plots.write_png(figure, path, max_bytes=MAX_BYTES)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
