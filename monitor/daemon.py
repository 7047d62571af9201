"""`monitor run`: looks for scenes by the clock and works off what is due, for as long as it is left alone.

The main thread leads, claims, stores, and answers signals; searches run in the threads of the scheduler, scenes in
worker processes. Of several daemons on one database one leads and the others stand by.
"""

import logging
import shutil
import signal
import threading
import time
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from structlog.contextvars import bound_contextvars

from monitor import notify, scan, systemd
from monitor.catalog.aoi import load_area
from monitor.config import MonitorSettings, Settings
from monitor.config_file import load_settings
from monitor.errors import MonitorError, NotFoundError
from monitor.followup import follow_up
from monitor.health import Meters, serve
from monitor.jobs import Job, Jobs
from monitor.owner import is_gone, owner_name
from monitor.store import Store, queue
from monitor.store import monitors as monitor_store
from monitor.store import references as reference_store
from monitor.store.engines import sqlite_file
from monitor.store.retention import prune
from monitor.store.service import lead, leader, resign
from monitor.training import model_file
from monitor.work import Outcome, Settled, Watch, Work, free_what_the_gone_held

log = logging.getLogger(__name__)

TICK_S = 1.0
"""Between looks at the queue when there is nothing to do, at most: leases are renewed in between."""
NOTIFY_EVERY = "10s"
FOLLOW_UP_EVERY = "1h"
PRUNE_EVERY = "1d"
STUCK_S = 180.0
"""A main thread that is quiet for so long is stuck; waiting for a lock of the database takes less."""
CLOCK_STEP_S = 60.0
"""A change of the machine's clock by more than this starts all schedules anew."""
BLOCKED_S = 300.0
"""A monitor whose reference model cannot be used is left alone for so long."""


class Daemon:
    """The service. `run` returns when it was told to stop, or with `once` when everything was done once."""

    def __init__(self, config: Path, store: Store, settings: Settings, *, once: bool = False) -> None:
        self.config = config
        self.store = store
        self.settings = settings
        self.once = once
        self.owner = owner_name()
        self.jobs = Jobs(store)
        self.work: Work | None = None
        self.waiting: Settings | None = None
        self.stopping = threading.Event()
        self.reloading = threading.Event()
        self.blocked: dict[str, tuple[float, str]] = {}
        self.areas: dict[str, Any] = {}
        self.trouble: str | None = None
        self.failures = 0
        self.turn = 0
        self.clock_offset = time.time() - time.monotonic()
        self.asked = float("-inf")
        self.beat = time.monotonic()
        self.meters = Meters(store)

    def run(self) -> bool:
        """Work until stopped; whether all went well."""
        log.info("started as %s", self.owner)
        port = None if self.once else self.settings.daemon.health_port
        server = serve(port, self.meters, self.alive, self.ready) if port else None
        systemd.notify("READY=1")
        try:
            while not self.stopping.is_set():
                self.beat = time.monotonic()
                systemd.notify("WATCHDOG=1")
                try:
                    self.tick()
                    self.say_trouble("store", None)
                except MonitorError as error:
                    self.say_trouble("store", str(error))
                    self.stopping.wait(TICK_S)
        finally:
            systemd.notify("STOPPING=1")
            self.drain()
            if server is not None:
                server.shutdown()
                server.server_close()
        return self.failures == 0 and not self.jobs.failed

    def alive(self) -> list[str]:
        """Why the process should be started anew."""
        quiet = time.monotonic() - self.beat
        return [f"the main thread has been quiet for {quiet:.0f} s"] if quiet > STUCK_S else []

    def ready(self) -> list[str]:
        """Why scenes are not looked for or processed as they should be."""
        reasons = [self.trouble] if self.trouble else []
        reasons += [f"monitor {name}: {error}" for name, (_, error) in list(self.blocked.items())]
        return [*self.alive(), *reasons, *(f"{name}: {error}" for name, error in list(self.jobs.failed.items()))]

    def tick(self) -> None:
        """One round: keep the lead, take what is due, store what is ready."""
        if self.reloading.is_set():
            self.reloading.clear()
            self.reload()
        if not self.leads():
            self.stand_by()
            return
        self.watch_clock()
        work = self.work or self.take_over()
        if self.waiting is None:
            self.claim(work)
        elif not work.claimed:
            self.switch()
            return
        if work.claimed:
            for settled in work.step(self.pause_s):
                self.say(settled)
        elif self.once and not self.jobs.unfinished:
            self.jobs.stop()
            self.jobs.run("follow-up", self.follow_up)
            self.jobs.run("notify", self.notify)
            self.stopping.set()
        else:
            self.stopping.wait(self.pause_s)

    @property
    def pause_s(self) -> float:
        """How long to wait for something to do."""
        lease = min(self.settings.daemon.lease, self.settings.engine.lease)
        return min(TICK_S, lease.total_seconds() / 4)

    def leads(self) -> bool:
        """Whether this is the daemon that works; asks again in good time before the lease ends.

        A leader that was killed on this machine is not waited for.
        """
        lease = self.settings.daemon.lease
        if self.work is None or time.monotonic() - self.asked > lease.total_seconds() / 3:
            asked = time.monotonic()
            with self.store.session() as session:
                ahead = leader(session)
                if ahead is not None and is_gone(ahead.owner):
                    resign(session, ahead.owner)
                if not lead(session, self.owner, lease):
                    return False
            self.asked = asked
        return True

    def stand_by(self) -> None:
        """Another daemon leads: work on nothing."""
        if self.work is not None:
            log.warning("another daemon has taken the lead; standing by")
            self.jobs.stop()
            self.work.close()
            self.work = None
        if self.once:
            log.warning("another daemon leads; it does the work")
            self.stopping.set()
        self.stopping.wait(self.pause_s)

    def take_over(self) -> Work:
        """Start to lead."""
        log.info("leading")
        free_what_the_gone_held(self.store)
        self.work = Work(self.store, self.settings, self.owner)
        self.jobs.start(self.plan())
        return self.work

    def plan(self) -> dict[str, Job]:
        """The jobs of the configuration."""
        jobs = {
            f"discover:{monitor.name}": Job(partial(self.discover, monitor), monitor.every)
            for monitor in self.settings.monitors
        }
        return jobs | {
            "follow-up": Job(self.follow_up, FOLLOW_UP_EVERY),
            "notify": Job(self.notify, NOTIFY_EVERY),
            "prune": Job(self.prune, PRUNE_EVERY),
        }

    def follow_up(self) -> None:
        """Take the looks that are missing where scenes were not done by their dates."""
        looks = sum(follow_up(self.store, monitor.name) for monitor in self.settings.monitors)
        if looks:
            log.info("%d looks taken that were missing", looks)

    def prune(self) -> None:
        """Remove what is not to be kept."""
        with self.store.session() as session:
            pruned = prune(session, self.settings.retention, datetime.now(UTC))
        log.info("pruned: %s", ", ".join(f"{count} {name}" for name, count in asdict(pruned).items()))

    def notify(self) -> None:
        """Send the messages that wait."""
        sent = notify.send_due(self.store, self.settings, self.owner)
        if sent:
            log.info("%d messages sent", sent)

    def discover(self, monitor: MonitorSettings) -> None:
        """Look for scenes of a monitor, and fit its reference when it has none."""
        with bound_contextvars(monitor=monitor.name):
            report = scan.search(self.store, self.settings, monitor)
            log.info("%s: %d found, %d malformed", monitor.name, report.found, report.failed)

    def claim(self, work: Work) -> None:
        """Take what is due, while there is room for it and on the disk; every monitor is the first one in turn."""
        problem = disk_problem(self.settings, self.store)
        self.say_trouble("disk", problem)
        if problem:
            return
        monitors = self.settings.monitors
        self.turn = (self.turn + 1) % len(monitors)
        for monitor in monitors[self.turn :] + monitors[: self.turn]:
            if not work.has_room:
                return
            until, _ = self.blocked.get(monitor.name, (0.0, ""))
            if time.monotonic() < until:
                continue
            self.blocked.pop(monitor.name, None)
            for scene_pk, watch in self.due(monitor):
                if not work.has_room:
                    return
                work.start(scene_pk, watch)

    def due(self, monitor: MonitorSettings) -> list[tuple[int, Watch]]:
        """The next scenes of a monitor; none before it has a reference."""
        with self.store.session(read_only=True) as session:
            try:
                monitor_id = monitor_store.find_monitor(session, monitor.name)
            except NotFoundError:
                return []
            scenes = queue.pending(session, monitor_id, limit=self.settings.engine.workers)
            active = reference_store.active_reference(session, monitor_id) if scenes else None
        if active is None:
            return []
        if monitor.name not in self.areas:
            self.areas[monitor.name] = load_area(monitor.aoi)
        watch = Watch(monitor, self.areas[monitor.name], model_file(self.settings, active))
        return [(scene.pk, watch) for scene in scenes]

    def say(self, settled: Settled) -> None:
        """Log what became of a scene, and remember what has to be."""
        scene, about = settled.scene, {"monitor": settled.scene.monitor, "scene": settled.scene.scene_id}
        if settled.outcome is Outcome.NO_MODEL:
            self.blocked[scene.monitor] = (time.monotonic() + BLOCKED_S, str(settled.error))
            self.failures += 1
        if settled.outcome in (Outcome.FAILED, Outcome.QUARANTINED):
            self.failures += 1
        self.meters.count(settled)
        level = logging.INFO if settled.outcome in (Outcome.DONE, Outcome.SKIPPED) else logging.WARNING
        reason = f": {settled.error}" if settled.error else ""
        log.log(level, "scene is %s after %.1f s%s", settled.outcome, settled.seconds, reason, extra=about)

    def say_trouble(self, kind: str, problem: str | None) -> None:
        """Log a state of the whole service when it begins and when it ends."""
        said = f"{kind}: {problem}" if problem else None
        if problem and said != self.trouble:
            log.error("waiting: %s", problem)
            self.trouble = said
        elif problem is None and self.trouble and self.trouble.startswith(f"{kind}:"):
            log.info("going on: %s is well again", kind)
            self.trouble = None

    def watch_clock(self) -> None:
        """When the machine's clock was set, schedules start anew: what was planned lies anywhere now."""
        offset = time.time() - time.monotonic()
        if abs(offset - self.clock_offset) > CLOCK_STEP_S:
            log.warning("the clock was set by %+.0f s; all schedules start anew", offset - self.clock_offset)
            self.clock_offset = offset
            if self.work is not None:
                self.jobs.start(self.plan())

    def reload(self) -> None:
        """Read the configuration again; a broken one is refused, and the old one stays."""
        try:
            settings = load_settings(self.config)
        except MonitorError as error:
            log.error("the new configuration is refused, the old one stays: %s", error)  # noqa: TRY400
            return
        if settings.database != self.settings.database:
            log.error("the new configuration is refused: another `database` needs a restart")
            return
        log.info("the configuration was read again; it holds once the scenes in work are through")
        self.waiting = settings
        if self.work is None:
            self.switch()

    def switch(self) -> None:
        """Go on with the new configuration."""
        assert self.waiting is not None
        self.settings, self.waiting = self.waiting, None
        self.areas.clear()
        self.blocked.clear()
        if self.work is not None:
            self.work.close()
            self.take_over()

    def drain(self) -> None:
        """Take nothing more, finish what is in work within the stated time, give back the rest."""
        self.jobs.stop()
        deadline = time.monotonic() + self.settings.daemon.drain.total_seconds()
        work = self.work
        while work is not None and work.claimed and time.monotonic() < deadline:
            try:
                for settled in work.step(min(TICK_S, max(deadline - time.monotonic(), 0))):
                    self.say(settled)
            except MonitorError as error:
                log.warning("while stopping: %s", error)
                time.sleep(TICK_S)
        if work is not None:
            work.close()
            self.work = None
        try:
            with self.store.session() as session:
                resign(session, self.owner)
        except MonitorError as error:
            log.warning("the lead is left to run out: %s", error)
        log.info("stopped")

    def listen(self) -> None:
        """Answer signals: SIGTERM and SIGINT drain, SIGHUP reads the configuration again."""

        def stop(number: int, frame: FrameType | None) -> None:
            self.stopping.set()

        def reload(number: int, frame: FrameType | None) -> None:
            self.reloading.set()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGHUP, reload)


def disk_problem(settings: Settings, store: Store) -> str | None:
    """Why no scene is taken now; None when there is room."""
    folders = [settings.models_dir]
    if store.url.get_backend_name() == "sqlite":
        folders.append(sqlite_file(store.url).parent)
    for folder in folders:
        while not folder.exists():
            folder = folder.parent
        free = shutil.disk_usage(folder).free // 1_000_000
        if free < settings.daemon.min_free_mb:
            return (
                f"{folder} has {free} MB left, less than `daemon.min_free_mb` ({settings.daemon.min_free_mb}); no "
                "scene is taken until there is room: free some, `monitor db prune` helps"
            )
    return None
