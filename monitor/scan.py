"""One pass of one monitor: find scenes, make sure of a reference, analyse what is due, store it."""

import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from monitor import engine, pipeline, training
from monitor.catalog import find_scenes
from monitor.catalog.aoi import load_area
from monitor.config import MonitorSettings, Settings
from monitor.engine import Attempt
from monitor.errors import ConfigError, MonitorError, TooFewPixels
from monitor.pipeline import ModelFile, SceneJob, SceneResult
from monitor.scenes.grid import Grid
from monitor.scenes.layout import make_grid
from monitor.store import Store, queue, rejects
from monitor.store import monitors as monitor_store
from monitor.store import references as reference_store
from monitor.store.scenes import get_scene, item_of, newest_datetime, upsert_items
from monitor.store.tables import SceneState

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 5
"""A scene that failed as often is not tried again by itself."""

Progress = Callable[[str, int, int], None]
"""Told the monitor's name, how many scenes are through and how many there are."""


@dataclass(frozen=True)
class SceneProblem:
    """A scene that failed, or an item that is none, and why."""

    monitor: str
    scene_id: str
    error: str


@dataclass
class Report:
    """What one pass did: scenes found in the catalog, processed, skipped (known or too small), failed."""

    monitor: str
    found: int = 0
    processed: int = 0
    skipped: int = 0
    failed: int = 0
    failures: list[SceneProblem] = field(default_factory=list)

    def fail(self, scene_id: str, error: str) -> None:
        """Count a failure and remember it."""
        self.failed += 1
        self.failures.append(SceneProblem(self.monitor, scene_id, error))


def scan(store: Store, settings: Settings, monitor: MonitorSettings, progress: Progress | None = None) -> Report:
    """One pass. What is wrong with one scene is in the report and does not stop the others.

    Raises MonitorError if nothing could be done at all: no catalog answers, no reference can be had.
    """
    area = load_area(monitor.aoi)
    report = Report(monitor.name)
    monitor_id = discover(store, settings, monitor, area, report)
    with store.session(read_only=True) as session:
        waiting = queue.pending(session, monitor_id)
        items = {scene.pk: item_of(session, scene.pk) for scene in waiting}
    report.skipped = max(report.found - len(waiting), 0)
    if not waiting:
        return report
    model = ensure_reference(store, training.Trainee(settings, monitor, area), monitor_id)
    jobs = [
        SceneJob(scene, items[scene.pk], monitor, settings.catalogs.get(scene.catalog), area, model)
        for scene in waiting
    ]
    for number, attempt in enumerate(engine.run(pipeline.analyse, jobs, settings.engine), start=1):
        settle(store, attempt, report)
        if progress:
            progress(monitor.name, number, len(jobs))
    return report


def discover(
    store: Store, settings: Settings, monitor: MonitorSettings, area: Mapping[str, Any], report: Report
) -> int:
    """Take in what the catalogs list since the look-back; gives the monitor's number in the database.

    The look-back reaches from the newest scene that is known, so that a pause of any length leaves no gap. A
    search that asks something else than the last one did starts over.
    """
    fingerprint = search_fingerprint(monitor, area)
    with store.session() as session:
        monitor_id = monitor_store.ensure_monitor(session, monitor.name)
        check_grid(monitor, area, monitor_store.get_grid(session, monitor_id))
        same = monitor_store.get_fingerprint(session, monitor_id) == fingerprint
        newest = newest_datetime(session, monitor_id) if same else None
    since = monitor.start_time if newest is None else max(monitor.start_time, newest - monitor.lookback)
    found = find_scenes(monitor, settings.catalogs, area, since)
    for name, reason in found.unavailable:
        log.warning("%s: catalog %s did not answer, %s was asked: %s", monitor.name, name, found.catalog, reason)
    with store.session() as session:
        upsert_items(session, monitor_id, found.items)
        errors = {problem.item_id: problem.message for problem in found.problems}
        rejects.keep_rejects(session, monitor_id, found.catalog, errors, [item.item_id for item in found.items])
        if not same:
            monitor_store.set_fingerprint(session, monitor_id, fingerprint)
    report.found = len(found.items) + len(found.problems)
    if not report.found and newest is None:
        log.warning(
            "%s: catalog %s has no scene of %s (platforms: %s) in the AOI since %s; check `aoi`, `collections`, "
            "`platforms` and `start`",
            monitor.name, found.catalog, ", ".join(monitor.collections), ", ".join(monitor.platforms) or "all",
            monitor.start,
        )  # fmt: skip
    for problem in found.problems:
        report.fail(problem.item_id, problem.message)
    return monitor_id


def search_fingerprint(monitor: MonitorSettings, area: Mapping[str, Any]) -> str:
    """Short text that differs when a search would ask something else."""
    asked = [area, monitor.catalogs, monitor.collections, monitor.platforms, monitor.start.isoformat()]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def check_grid(monitor: MonitorSettings, area: Mapping[str, Any], grid: Grid | None) -> None:
    """Raise ConfigError if the AOI is no longer the one that the stored history lies on."""
    if grid is None:
        return
    if make_grid(grid.crs, grid.transform, area, monitor.resolution, monitor.name) != grid:
        raise ConfigError(
            f"monitor {monitor.name}: `aoi` or `resolution` has changed, but its history lies on the old grid of "
            f"{grid.width} x {grid.height} pixels; change them back, or give the new area a monitor of its own"
        )


def ensure_reference(store: Store, trainee: training.Trainee, monitor_id: int) -> ModelFile:
    """The model in use; where there is none yet, it is fitted as the configuration says."""
    with store.session(read_only=True) as session:
        active = reference_store.active_reference(session, monitor_id)
    if active is None:
        wanted = trainee.monitor.reference
        active = training.fit(store, trainee, wanted.scene, wanted.k)
    return training.model_file(trainee.settings, active)


def settle(store: Store, attempt: Attempt[SceneJob, SceneResult], report: Report) -> None:
    """Write what became of one scene, in one transaction, unless another pass was faster."""
    scene = attempt.job.scene
    with store.session() as session:
        if get_scene(session, scene.pk).state is SceneState.DONE:
            report.skipped += 1
        elif isinstance(attempt.result, TooFewPixels):
            queue.mark_skipped(session, scene.pk, str(attempt.result))
            report.skipped += 1
        elif isinstance(attempt.result, MonitorError):
            again = datetime.now(UTC) if scene.attempts + 1 < MAX_ATTEMPTS else None
            queue.mark_failed(session, scene.pk, str(attempt.result), again)
            report.fail(scene.scene_id, str(attempt.result))
        else:
            pipeline.store_result(session, scene, attempt.result)
            report.processed += 1
