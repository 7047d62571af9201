"""Where scenes are analysed: this process, or joblib workers beside it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from joblib import Parallel, delayed

from monitor.config import EngineSettings
from monitor.errors import MonitorError

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Attempt(Generic[Job, Result]):
    """A job with its result, or the error that it ended in."""

    job: Job
    result: Result | MonitorError


def run(work: Callable[[Job], Result], jobs: Sequence[Job], settings: EngineSettings) -> Iterator[Attempt[Job, Result]]:
    """Every job with what became of it, in the order of the jobs, as soon as it is there.

    A job that fails does not stop the others. A single job runs in this process.
    """
    workers = min(settings.workers, len(jobs))
    if workers < 2:
        yield from (attempt(work, job) for job in jobs)
        return
    with Parallel(n_jobs=workers, return_as="generator", pre_dispatch=workers + 1) as pool:
        yield from pool(delayed(attempt)(work, job) for job in jobs)


def attempt(work: Callable[[Job], Result], job: Job) -> Attempt[Job, Result]:
    """One job, its errors caught."""
    try:
        return Attempt(job, work(job))
    except MonitorError as error:
        return Attempt(job, error)
    except Exception as error:  # the rim: one scene never ends the pass
        log.exception("a job failed unexpectedly")
        return Attempt(job, MonitorError(f"unexpected {type(error).__name__}: {error}; please report it"))
