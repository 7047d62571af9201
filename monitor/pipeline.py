"""One scene, end to end: read, laid on the reference, labelled, swept, compared, stored.

`analyse` is pure but for reading files and runs in any process; `store_result` is one transaction.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from joblib import effective_n_jobs, parallel_config
from sqlalchemy.orm import Session

from monitor import alerting
from monitor.catalog import gdal_options, readable_href
from monitor.catalog.item import BandAsset, SceneItem
from monitor.clustering.assign import label_map
from monitor.clustering.files import load_model
from monitor.clustering.labels import LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.clustering.stats import label_stats
from monitor.clustering.stats_result import LabelStats
from monitor.clustering.sweep import sweep
from monitor.clustering.sweep_result import Sweep
from monitor.config import CatalogSettings, MonitorSettings
from monitor.cores import give_back, no_collection, one_thread_each
from monitor.detection import find, flag
from monitor.detection.result import Detection
from monitor.errors import ReferenceModelError, SceneError
from monitor.scenes.grid import Grid
from monitor.scenes.layout import area_mask
from monitor.scenes.normalise import Radiometry, normalise
from monitor.scenes.numbers import FileNumbers
from monitor.scenes.reading import OpenHref, read_scene
from monitor.scenes.scene import Scene
from monitor.stopwatch import Stopwatch
from monitor.store import Store, results
from monitor.store.scenes import SceneRow

SWEEP_SEED = 0


@dataclass(frozen=True)
class ModelFile:
    """Where a reference model lies and the SHA-256 that its card must have."""

    folder: Path
    sha256: str


@dataclass(frozen=True)
class SceneJob:
    """All that analysing one scene takes; no arrays, so that it travels to any process."""

    scene: SceneRow
    item: SceneItem
    monitor: MonitorSettings
    catalog: CatalogSettings | None
    area: Mapping[str, Any]
    model: ModelFile

    @property
    def about(self) -> dict[str, str]:
        """What the log says while it is worked on."""
        return {"monitor": self.scene.monitor, "scene": self.scene.scene_id}


@dataclass(frozen=True, eq=False)
class SceneResult:
    """What one scene gave, ready to be stored; `seconds` is what its stages took."""

    reference_version: int
    grid: Grid
    sweep: Sweep
    maps: Mapping[str, LabelMap]
    stats: Mapping[str, tuple[LabelStats, ...]]
    detection: Detection
    seconds: Mapping[str, float] = field(default_factory=dict)


def process_scene(store: Store, job: SceneJob) -> SceneResult:
    """One scene, end to end, in this process with all its cores, stored in one transaction; raises as `analyse`."""
    with parallel_config("threading", n_jobs=-1):
        result = analyse(job)
    with store.session() as session:
        store_result(session, job.scene, result)
    return result


def analyse(job: SceneJob) -> SceneResult:
    """Read and judge one scene; raises MonitorError for anything wrong with it or with the model."""
    watch = Stopwatch()
    with watch.stage("read"):
        reference = cached_model(job.model)
        scene = read_for(job.monitor, job.item, job.catalog, reference.grid, job.area)
        if isinstance(scene.stack.numbers, FileNumbers):
            give_back()  # some 200 MB that the bands of a full scene took on their way to their files
    return judge_scene(scene, reference, job.monitor, watch)


@one_thread_each()
@no_collection()
def judge_scene(
    scene: Scene, reference: ReferenceModel, monitor: MonitorSettings, watch: Stopwatch | None = None
) -> SceneResult:
    """Compare a scene with the reference; raises SceneError and ReferenceModelError."""
    watch = watch or Stopwatch()
    if scene.bands != reference.bands:
        raise ReferenceModelError(
            f"monitor {monitor.name}: its reference model has bands {', '.join(reference.bands)}, the configuration "
            f"{', '.join(scene.bands)}; fit a new reference with `monitor reference fit {monitor.name}`"
        )
    with watch.stage("normalise"):
        laid = normalise(scene, reference)
        features = reference.feature_stack(laid.scene.stack)
    with watch.stage("label"):
        by_reference = label_map(features, reference.centroids)
    jobs = effective_n_jobs(None)  # joblib's setting holds for this thread alone

    def witness() -> tuple[Sweep, dict[str, LabelMap], dict[str, tuple[LabelStats, ...]]]:
        with watch.stage("sweep"):
            swept = sweep(features, monitor.sweep.range, SWEEP_SEED, jobs)
        maps = {"reference": by_reference, "sweep": label_map(features, swept.chosen.centroids)}
        with watch.stage("statistics"):
            return swept, maps, label_stats(scene, maps)

    with ThreadPoolExecutor(1) as aside:
        second = aside.submit(witness)
        with watch.stage("detect"):
            flagged = [flag(laid.scene, laid.reference, by_reference)]  # handed on whole: its rasters go early
    try:
        swept, maps, stats = second.result()
    except ValueError as error:
        raise SceneError(f"scene {scene.item.scene_id}: {error}; widen `aoi` or lower `sweep.k_min`") from error
    with watch.stage("detect"):
        detection = find(flagged.pop(), maps["sweep"])
    return SceneResult(
        reference_version=reference.version,
        grid=scene.grid,
        sweep=swept,
        maps=maps,
        stats=stats,
        detection=Detection(
            detection.flags, detection.findings, {**detection.metrics, **radiometry_metrics(laid.radiometry, scene)}
        ),
        seconds=watch.seconds,
    )


@no_collection()
def store_result(session: Session, scene: SceneRow, result: SceneResult, *, now: datetime | None = None) -> None:
    """Everything that a scene gave, alerts included, in the session's transaction."""
    now = now or datetime.now(UTC)
    rasters = {kind: (labelled.labels, labelled.centroids) for kind, labelled in result.maps.items()}
    maps = results.encode_maps(rasters, result.detection.flags)
    emptied = alerting.withdraw(session, scene)
    alerts = alerting.raise_alerts(session, scene, result.grid, result.detection, emptied, now)
    results.save_result(
        session,
        scene.pk,
        result.reference_version,
        result.sweep,
        maps,
        result.stats,
        result.detection,
        alerts,
        now=now,
    )


def read_for(
    monitor: MonitorSettings,
    item: SceneItem,
    catalog: CatalogSettings | None,
    grid: Grid,
    area: Mapping[str, Any],
) -> Scene:
    """A scene as a monitor looks at it; raises as `read_scene`."""
    inside = None if isinstance(monitor.aoi, tuple) else area_mask(area, grid)
    return read_scene(
        item,
        grid,
        monitor.bands,
        inside,
        opener(catalog),
        monitor.min_valid,
        use_qa=monitor.detection.use_qa,
    )


def opener(catalog: CatalogSettings | None) -> OpenHref:
    """How the assets of a catalog are opened; of a catalog that is no longer configured, as they are.

    An asset that it has opened before is signed anew.
    """
    opened: set[str] = set()

    def open_href(asset: BandAsset) -> tuple[str, Mapping[str, Any]]:
        if catalog is None:
            return asset.href, {}
        href = readable_href(asset.href, catalog, anew=asset.href in opened)
        opened.add(asset.href)
        return href, gdal_options(asset.href, catalog)

    return open_href


@lru_cache(maxsize=2)
def cached_model(model: ModelFile) -> ReferenceModel:
    """A model read and checked once in every process."""
    return load_model(model.folder, model.sha256)


def radiometry_metrics(radiometry: Radiometry, scene: Scene) -> dict[str, float | None]:
    """How the scene was laid on the reference, by name."""
    metrics: dict[str, float | None] = {
        "shift_rows_px": radiometry.shift[0],
        "shift_columns_px": radiometry.shift[1],
        "normalisation_support": radiometry.support,
    }
    for band, gain, offset in zip(scene.bands, radiometry.gains, radiometry.offsets, strict=True):
        metrics |= {f"gain_{band}": gain, f"offset_{band}": offset}
    return metrics
