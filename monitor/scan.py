"""One pass of one monitor: find scenes, make sure of a reference, analyse what is due, store it."""

import hashlib
import json
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor import engine, training
from monitor.catalog import find_scenes
from monitor.catalog.aoi import load_area
from monitor.config import MonitorSettings, Settings
from monitor.errors import ConfigError, ReferenceModelError
from monitor.followup import follow_up
from monitor.owner import owner_name
from monitor.scenes.grid import Grid
from monitor.scenes.layout import make_grid
from monitor.store import Store, queue, rejects
from monitor.store import monitors as monitor_store
from monitor.store import references as reference_store
from monitor.store.scenes import newest_datetime, upsert_items
from monitor.work import Outcome, Settled, Watch, Work, free_what_the_gone_held

log = logging.getLogger(__name__)

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

    Retries that are planned for later are made now. Raises MonitorError if nothing could be done at all: no catalog
    answers, no reference can be had.
    """
    report = search(store, settings, monitor)
    free_what_the_gone_held(store)
    with store.session(read_only=True) as session:
        monitor_id = monitor_store.find_monitor(session, monitor.name)
        waiting = queue.pending(session, monitor_id, early=True)
        active = reference_store.active_reference(session, monitor_id)
    report.skipped = max(report.found - len(waiting), 0)
    if not waiting or active is None:
        return report
    watch = Watch(monitor, load_area(monitor.aoi), training.model_file(settings, active))
    left = deque(scene.pk for scene in waiting)
    with Work(store, settings, owner_name()) as work:
        while left or work.claimed:
            while left and work.has_room:
                report.skipped += not work.start(left.popleft(), watch, early=True)
            for settled in work.step(1.0):
                count(report, settled)
            if progress:
                progress(monitor.name, len(waiting) - len(left) - len(work.claimed), len(waiting))
    follow_up(store, monitor.name)
    return report


def search(store: Store, settings: Settings, monitor: MonitorSettings) -> Report:
    """Take in what the catalogs list, and fit the reference when it is needed and there is none.

    Raises MonitorError as `scan`.
    """
    area = load_area(monitor.aoi)
    report = Report(monitor.name)
    monitor_id = discover(store, settings, monitor, area, report)
    with store.session(read_only=True) as session:
        waiting = queue.pending(session, monitor_id, limit=1, early=True)
        active = reference_store.active_reference(session, monitor_id)
    if waiting and active is None:
        engine.run_one(training.fit_as_configured, training.Trainee(settings, monitor, area), settings.engine)
    return report


def count(report: Report, settled: Settled) -> None:
    """Add one scene to the report. A model that cannot be used ends the pass: raises ReferenceModelError."""
    if settled.outcome is Outcome.NO_MODEL:
        raise ReferenceModelError(str(settled.error))
    if settled.outcome is Outcome.DONE:
        report.processed += 1
    elif settled.outcome in (Outcome.FAILED, Outcome.QUARANTINED):
        report.fail(settled.scene.scene_id, str(settled.error))
    else:
        report.skipped += 1


def discover(
    store: Store, settings: Settings, monitor: MonitorSettings, area: Mapping[str, Any], report: Report
) -> int:
    """Take in what the catalogs list since the look-back; gives the monitor's number in the database.

    The look-back reaches from the newest scene that is known, so that a pause of any length leaves no gap. A
    search that asks something else than the last one did starts over, and so does one after items that could not be
    read: nobody knows their dates.
    """
    fingerprint = search_fingerprint(monitor, area)
    with store.session() as session:
        monitor_id = monitor_store.ensure_monitor(session, monitor.name)
        check_grid(monitor, area, monitor_store.get_grid(session, monitor_id))
        same = monitor_store.get_fingerprint(session, monitor_id) == fingerprint
        whole = not same or rejects.has_rejects(session, monitor_id)
        newest = None if whole else newest_datetime(session, monitor_id)
    since = monitor.start_time if newest is None else max(monitor.start_time, newest - monitor.lookback)
    found = find_scenes(monitor, settings.catalogs, area, since)
    for name, reason in found.unavailable:
        log.warning("%s: catalog %s did not answer, %s was asked: %s", monitor.name, name, found.catalog, reason)
    with store.session() as session:
        upsert_items(session, monitor_id, found.items)
        errors = {problem.item_id: problem.message for problem in found.problems}
        mended = None if newest is None else [item.item_id for item in found.items]
        rejects.keep_rejects(session, monitor_id, found.catalog, errors, mended)
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
