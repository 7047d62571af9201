"""Before and after: a stored scene beside its reference, with the outlines of what was found."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from monitor import plots
from monitor.catalog.aoi import load_area
from monitor.clustering.files import load_model
from monitor.config import Settings
from monitor.detection.result import Flag
from monitor.errors import ConfigError, NotFoundError
from monitor.pipeline import read_for
from monitor.scenes.scene import Scene
from monitor.store import open_store
from monitor.store.maps import load_map
from monitor.store.monitors import get_grid
from monitor.store.references import get_reference
from monitor.store.results import FLAGS
from monitor.store.scenes import SceneRow, get_scene, item_of
from monitor.training import model_file

PREFERRED = (
    ("swir22", "nir08", "red"),
    ("swir16", "nir08", "red"),
    ("nir08", "red", "green"),
    ("red", "green", "blue"),
)
"""Composites that show most, in order: haze is thin in the short-wave infrared, and burns and mud stand out."""


@dataclass(frozen=True)
class PictureOrder:
    """A picture to draw, in any process."""

    settings: Settings
    scene_pk: int


def draw(order: PictureOrder) -> bytes:
    """The overview of a scene as PNG; raises MonitorError as `overview`."""
    with open_store(order.settings.database) as store, store.session(read_only=True) as session:
        figure = overview(session, order.settings, get_scene(session, order.scene_pk))
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=100)
    return content.getvalue()


def overview(session: Session, settings: Settings, row: SceneRow) -> Figure:
    """The reference, the scene and its flags side by side; raises NotFoundError for a scene that is not done."""
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
    return plots.overview(
        (before, reference.known),
        (scene.reflectance, scene.valid),
        flags,
        scene.grid,
        ("Reference", f"{row.datetime:%Y-%m-%d}"),
        (stored.scene_id, row.scene_id, ", ".join(shares)),
    )


def read_again(session: Session, settings: Settings, row: SceneRow, bands: Sequence[str]) -> Scene:
    """The scene from its catalog, in three of its bands."""
    if len(bands) != 3:
        raise ConfigError(f"a composite has three bands, not {len(bands)}: {', '.join(bands)}")
    grid = get_grid(session, row.monitor_id)
    if grid is None:
        raise NotFoundError(f"monitor {row.monitor} has no grid yet; `monitor scan` fits its reference first")
    item, monitor = item_of(session, row.pk), settings.monitor(row.monitor)
    wanted = monitor.model_copy(update={"bands": list(bands)})
    return read_for(wanted, item, settings.catalogs.get(row.catalog), grid, load_area(monitor.aoi))
