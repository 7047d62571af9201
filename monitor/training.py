"""Fit a monitor's reference model on a clear scene, keep it and put it to use."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from monitor.catalog import fetch_scene
from monitor.catalog.identity import scene_id_of
from monitor.catalog.item import SceneItem
from monitor.clustering.files import model_folder, save_model
from monitor.clustering.reference import fit_reference
from monitor.config import MonitorSettings, Settings
from monitor.errors import MonitorError, NotFoundError, ReferenceModelError
from monitor.pipeline import SWEEP_SEED, ModelFile, opener, read_for
from monitor.scenes.clear import ground
from monitor.scenes.grid import Grid
from monitor.scenes.reading import scene_grid
from monitor.scenes.scene import Scene
from monitor.store import Store, open_store
from monitor.store import monitors as monitor_store
from monitor.store import references as reference_store
from monitor.store.references import ReferenceRow
from monitor.store.scenes import SceneRow, item_of, list_scenes

CANDIDATES = 3
"""With `auto`, so many scenes of the least cloud in their metadata are read and the clearest is kept."""

K = Literal["auto"] | int
Tell = Callable[[float, str], None]
"""Told how far the fit is, 0 to 1, and what is being done."""


@dataclass(frozen=True)
class Trainee:
    """A monitor with what fitting needs to know of it."""

    settings: Settings
    monitor: MonitorSettings
    area: Mapping[str, Any]


def model_file(settings: Settings, row: ReferenceRow) -> ModelFile:
    """Where a version lies on disk and what it must be."""
    return ModelFile(settings.models_dir / row.path, row.sha256)


def silent(progress: float, step: str) -> None:
    """Tells nobody."""


def fit_as_configured(trainee: Trainee, tell: Tell = silent) -> ReferenceRow:
    """Fit the reference that the configuration asks for, in any process; raises as `fit`."""
    wanted = trainee.monitor.reference
    with open_store(trainee.settings.database) as store:
        return fit(store, trainee, wanted.scene, wanted.k, tell)


def fit(store: Store, trainee: Trainee, scene_id: str, k: K, tell: Tell = silent) -> ReferenceRow:
    """Fit the next version on a scene (`auto`: the clearest known one) and activate it.

    Raises NotFoundError if no catalog knows the scene, SceneError if it cannot be used.
    """
    name = trainee.monitor.name
    with store.session() as session:
        monitor_id = monitor_store.ensure_monitor(session, name)
        grid = monitor_store.get_grid(session, monitor_id)
        rows = list_scenes(session, monitor=name)
    tell(0.1, "reading the clearest scenes" if scene_id == "auto" else f"reading {scene_id}")
    scene = clearest(store, trainee, rows, grid) if scene_id == "auto" else chosen(store, trainee, rows, scene_id, grid)
    tell(0.4, f"k-means on {scene.item.scene_id}")
    draft, tried = fit_reference(scene, ground(scene), name, trainee.monitor.sweep.range, k, seed=SWEEP_SEED)
    tell(0.9, "storing the model")
    with store.session() as session:
        version = reference_store.next_version(session, monitor_id)
        model, checksum = save_model(replace(draft, version=version), tried, trainee.settings.models_dir)
        folder = model_folder(Path(), name, version)
        reference_store.add_reference(
            session,
            monitor_id,
            version=version,
            scene_id=scene.item.scene_id,
            k=model.k,
            seed=SWEEP_SEED,
            sha256=checksum,
            path=folder.as_posix(),
            metrics={"sweep": model.card["sweep"], "reason": tried.reason, "known_fraction": float(model.known.mean())},
        )
        reference_store.activate_reference(session, monitor_id, version)
        monitor_store.set_grid(session, monitor_id, scene.grid)
        return reference_store.get_reference(session, monitor_id, version)


def stored_item(store: Store, row: SceneRow) -> SceneItem:
    """The item of a known scene."""
    with store.session(read_only=True) as session:
        return item_of(session, row.pk)


def chosen(store: Store, trainee: Trainee, rows: Sequence[SceneRow], scene_id: str, grid: Grid | None) -> Scene:
    """The scene of that id, from the database or the catalogs."""
    for row in rows:
        if scene_id == row.product_id or scene_id_of(scene_id) == row.scene_id:
            return read(trainee, stored_item(store, row), grid)
    return read(trainee, fetch_scene(trainee.monitor, trainee.settings.catalogs, scene_id), grid)


def clearest(store: Store, trainee: Trainee, rows: Sequence[SceneRow], grid: Grid | None) -> Scene:
    """Of the scenes with the least cloud in their metadata the one with most clear ground inside the AOI."""
    if not rows:
        raise NotFoundError(
            f"monitor {trainee.monitor.name}: no scene is known yet to choose a reference from; "
            "run `monitor scan`, or name one with `--scene`"
        )
    scenes: list[Scene] = []
    problems: list[str] = []
    for row in sorted(rows, key=lambda row: (row.cloud_cover is None, row.cloud_cover, row.datetime)):
        try:
            scenes.append(read(trainee, stored_item(store, row), grid))
        except MonitorError as error:
            problems.append(str(error))
        if len(scenes) == CANDIDATES:
            break
    if not scenes:
        raise ReferenceModelError(
            f"monitor {trainee.monitor.name}: none of {len(rows)} scenes can be the reference: {problems[0]}"
        )
    return max(scenes, key=lambda scene: int(ground(scene).sum()))


def read(trainee: Trainee, item: SceneItem, grid: Grid | None) -> Scene:
    """A scene on the monitor's grid, which its first reference scene lays out."""
    catalog = trainee.settings.catalogs.get(item.catalog)
    if grid is None:
        monitor = trainee.monitor
        grid = scene_grid(item, monitor.bands, trainee.area, monitor.resolution, opener(catalog))
    return read_for(trainee.monitor, item, catalog, grid, trainee.area)
