"""Stored maps as rasters for others: values, place, colours and tags."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from monitor.cog import Colours, write_cog
from monitor.detection.result import Flag
from monitor.errors import NotFoundError
from monitor.plots import FLAG_TABLE, label_table
from monitor.scenes.grid import Grid
from monitor.store.history import label_stats_of
from monitor.store.maps import load_map
from monitor.store.monitors import get_grid
from monitor.store.results import FLAGS
from monitor.store.scenes import SceneRow


@dataclass(frozen=True, eq=False)
class Raster:
    """Values uint8 (rows, columns) on a grid, 255 where there is none, with the colour of each."""

    values: NDArray[np.uint8]
    grid: Grid
    colours: Colours
    tags: dict[str, str]

    def write(self, path: Path) -> None:
        """As a COG; raises what rasterio and the system raise."""
        write_cog(path, self.values[None], self.grid.profile, Flag.NO_ANSWER, colours=self.colours, tags=self.tags)


def raster_of(session: Session, row: SceneRow, kind: str) -> Raster:
    """A map of a scene: its flags, or labels by the reference or by its own sweep; NotFoundError if it has none."""
    return flags_raster(session, row) if kind == FLAGS else labels_raster(session, row, kind)


def flags_raster(session: Session, row: SceneRow) -> Raster:
    """The flags of a scene; NotFoundError if it has none."""
    found = load_map(session, row.pk, FLAGS)
    tags = {"scene_id": row.scene_id, "reference_version": str(found.reference_version)}
    tags |= {f"value_{flag.value}": flag.name.lower().replace("_", " ") for flag in Flag}
    return Raster(found.labels, grid_of(session, row), FLAG_TABLE, tags)


def labels_raster(session: Session, row: SceneRow, kind: str) -> Raster:
    """The labels of a scene, by the `reference` or by its own `sweep`; NotFoundError if it has none."""
    found = load_map(session, row.pk, kind)
    k = 0 if found.centroids is None else len(found.centroids)
    spectra, bands = mean_spectra(session, row.pk, kind, k)
    tags = {"scene_id": row.scene_id, "k": str(k), "reference_version": str(found.reference_version)}
    return Raster(found.labels, grid_of(session, row), label_table(k, spectra, bands), tags)


def grid_of(session: Session, row: SceneRow) -> Grid:
    """The grid that a scene's rasters lie on."""
    grid = get_grid(session, row.monitor_id)
    if grid is None:
        raise NotFoundError(f"monitor {row.monitor} has no grid yet; `monitor scan` fits its reference first")
    return grid


def mean_spectra(session: Session, scene_pk: int, kind: str, k: int) -> tuple[NDArray[np.float64] | None, list[str]]:
    """Mean reflectance (k, bands) of every label and the bands; NaN for a label without pixels, None without any."""
    stats = label_stats_of(session, scene_pk, kind)
    if not stats:
        return None, []
    bands = list(stats[0].bands)
    spectra = np.full((k, len(bands)), np.nan)
    for stat in stats:
        spectra[stat.label] = stat.mean
    return spectra, bands
