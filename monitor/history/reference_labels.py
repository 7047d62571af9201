"""What the reference model says about a place: its labels there, and how far its labels are from each other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window as RasterWindow
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.clustering.files import LABELS
from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.errors import NotFoundError
from monitor.store import tables
from monitor.store.maps import read_map
from monitor.store.references import get_reference
from monitor.store.scenes import find_scene


@dataclass(frozen=True)
class Box:
    """Rows and columns of the monitor's grid: first ones and how many."""

    top: int
    left: int
    rows: int = 1
    cols: int = 1

    @property
    def slices(self) -> tuple[slice, slice]:
        """For indexing a raster."""
        return slice(self.top, self.top + self.rows), slice(self.left, self.left + self.cols)


def reference_labels(
    session: Session, models_dir: Path | None, monitor_id: int, version: int, box: Box
) -> NDArray[np.uint8] | None:
    """Labels of the clear scene in a box, uint8 (rows, columns), from the model's files.

    Without the files, from the map of the reference's scene where that was labelled by the same version; None
    without either.
    """
    try:
        row = get_reference(session, monitor_id, version)
    except NotFoundError:
        return None
    if models_dir is not None and (labels := from_files(models_dir / row.path / LABELS, box)) is not None:
        return labels
    try:
        scene = find_scene(session, row.scene_id, row.monitor)
        return read_map(session, scene.pk, "reference")[box.slices] if scene.reference_version == version else None
    except NotFoundError:
        return None


def from_files(path: Path, box: Box) -> NDArray[np.uint8] | None:
    """A box of a model's label raster, 255 outside it; None where the model is gone."""
    labels = np.full((box.rows, box.cols), NO_LABEL, np.uint8)
    try:
        with rasterio.open(path) as src:
            rows, cols = min(box.rows, src.height - box.top), min(box.cols, src.width - box.left)
            if rows > 0 and cols > 0:
                labels[:rows, :cols] = src.read(1, window=RasterWindow(box.left, box.top, cols, rows))
    except (RasterioError, OSError):
        return None
    return labels


def label_distances(session: Session, monitor_id: int, version: int) -> NDArray[np.float32] | None:
    """Spectral distance between every two labels of a version (k, k), in its scaled feature space; None if unknown."""
    found = tables.LabelMap
    query = (
        select(found.centroids)
        .join(tables.Scene, tables.Scene.id == found.scene_id)
        .where(tables.Scene.monitor_id == monitor_id, found.kind == "reference")
        .where(found.reference_version == version, found.centroids.is_not(None))
        .limit(1)
    )
    centroids = session.scalar(query)
    if centroids is None:
        return None
    return LabelMap(np.empty((0, 0), np.uint8), np.array(centroids, np.float32)).centroid_distance
