"""The daemon's jobs by the clock: rebuilt from the configuration, one run of each at a time, all in UTC."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, JobEvent
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from monitor.config import DURATION, parse_duration
from monitor.errors import MonitorError
from monitor.store import Store
from monitor.store.service import record_run

log = logging.getLogger(__name__)

THREADS = 4
MISFIRE_GRACE_S = 6 * 3600
"""A run that could not start in time is made up for within so many seconds, several missed ones by one."""


RETRY = timedelta(minutes=5)
"""A job that failed runs again after this time, if its schedule is not sooner."""


@dataclass(frozen=True)
class Job:
    """What to do and how often: `every` is a duration or a cron line."""

    work: Callable[[], None]
    every: str


def trigger_of(every: str) -> BaseTrigger:
    """When a job with that schedule runs."""
    if DURATION.fullmatch(every.strip()):
        interval = parse_duration(every)
        assert isinstance(interval, timedelta)
        return IntervalTrigger(seconds=max(int(interval.total_seconds()), 1), timezone=UTC)
    return CronTrigger.from_crontab(every, timezone=UTC)


class Jobs:
    """Runs jobs by name in threads, first at once and then by their schedules, and keeps how each went."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.scheduler: BackgroundScheduler | None = None
        self.unfinished: set[str] = set()
        """Jobs that have not run to their end yet since the start."""
        self.running: set[str] = set()
        self.failed: dict[str, str] = {}

    def start(self, jobs: Mapping[str, Job]) -> None:
        """Run these from now on, in place of those that ran before."""
        self.stop()
        scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": MISFIRE_GRACE_S},
        )
        scheduler.add_listener(say_what_did_not_run, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES)
        self.unfinished, self.failed = set(jobs), {}
        for name, job in jobs.items():
            scheduler.add_job(
                self.run, trigger_of(job.every), (name, job.work), id=name, next_run_time=datetime.now(UTC)
            )
        scheduler.start()
        self.scheduler = scheduler

    def stop(self) -> None:
        """Start no further run."""
        if self.scheduler is not None:
            self.scheduler.shutdown(wait=False)
            self.scheduler = None

    def run(self, name: str, work: Callable[[], None]) -> None:
        """One run; its failure is logged and kept, and ends nothing else."""
        started, clock, error = datetime.now(UTC), time.monotonic(), None
        self.running.add(name)
        with structlog.contextvars.bound_contextvars(job=name):
            try:
                work()
            except MonitorError as problem:
                error = str(problem)
                log.error("job failed: %s", error)  # noqa: TRY400 - one line, the message says it all
            except Exception as problem:  # the rim: one run never ends the daemon
                error = f"unexpected {type(problem).__name__}: {problem}; please report it"
                log.exception("job failed unexpectedly")
            try:
                with self.store.session() as session:
                    record_run(session, name, started, time.monotonic() - clock, error)
            except MonitorError as problem:
                log.warning("how the job went cannot be kept: %s", problem)
        if error is None:
            self.failed.pop(name, None)
        else:
            self.failed[name] = error
            self.bring_forward(name)
        self.unfinished.discard(name)
        self.running.discard(name)

    def bring_forward(self, name: str) -> None:
        """Have a job that failed run again soon."""
        job = self.scheduler.get_job(name) if self.scheduler is not None else None
        soon = datetime.now(UTC) + RETRY
        if job is not None and job.next_run_time > soon:
            job.modify(next_run_time=soon)


def say_what_did_not_run(event: JobEvent) -> None:
    """Log a run that was skipped."""
    reason = "the last run is still going" if event.code == EVENT_JOB_MAX_INSTANCES else "it is too late for it"
    log.warning("a run of %s was skipped: %s", event.job_id, reason)
