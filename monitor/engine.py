"""Worker processes: each analyses one job at a time, and may crash, hang or grow without harm to anything else.

Workers are forked from a small server process that has imported the pipeline and nothing else has happened in, so
that a replacement starts in milliseconds. Every worker has a pipe of its own: one that is killed in the middle of
anything leaves no lock behind.
"""

import logging
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

import cv2
import psutil
from joblib import parallel_config
from threadpoolctl import threadpool_limits

from monitor import logs
from monitor.config import EngineSettings
from monitor.cores import cores, two_heaps
from monitor.errors import MonitorError, WorkerLost
from monitor.logs import Form, ThisProcess
from monitor.retries import retry_context

log = logging.getLogger(__name__)

Job = TypeVar("Job")
Result = TypeVar("Result")

MEMORY_SHARE = 0.8
"""Of the machine's memory, what all workers together may use when nothing else is configured."""
JOBS_PER_WORKER = 100
"""A worker is replaced after so many, so that what libraries leak does not add up over a year."""

context = get_context("forkserver")
context.set_forkserver_preload(["monitor.pipeline"])


@dataclass(frozen=True)
class Attempt(Generic[Job, Result]):
    """A job with its result, or the error that it ended in, and how long it took."""

    job: Job
    result: Result | MonitorError
    seconds: float = 0.0


@dataclass
class Worker(Generic[Job]):
    """A process, this side of its pipe, and what it is at."""

    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    started: float = 0.0
    jobs: int = 0

    def end(self) -> None:
        """Kill the process and forget it."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.process.close()


class Pool(Generic[Job, Result]):
    """Runs `work` (importable by name) on jobs in processes with a time and a memory limit.

    A job that raises gives its MonitorError; one whose worker crashed, hung or needed too much memory gives
    WorkerLost.
    """

    def __init__(self, work: Callable[[Job], Result], settings: EngineSettings) -> None:
        self.work = work
        self.settings = settings
        self.workers: list[Worker[Job]] = []

    @property
    def busy(self) -> list[Worker[Job]]:
        """Workers that have a job."""
        return [worker for worker in self.workers if worker.job is not None]

    @property
    def has_room(self) -> bool:
        """Whether another job can start at once."""
        return len(self.busy) < self.settings.workers

    def start(self, job: Job) -> None:
        """Give a job to an idle worker, or a new one; raises WorkerLost when there is none to be had."""
        idle = [worker for worker in self.workers if worker.job is None]
        for worker in idle:
            if worker.jobs >= JOBS_PER_WORKER or not worker.process.is_alive():
                self.remove(worker)
        ready = [worker for worker in self.workers if worker.job is None]
        worker = ready[0] if ready else self.add()
        worker.job, worker.started, worker.jobs = job, time.monotonic(), worker.jobs + 1
        try:
            worker.pipe.send(job)
        except OSError:
            log.debug("a worker ended before it had its job; `finished` finds it dead")

    def finished(self, timeout_s: float) -> list[Attempt[Job, Result]]:
        """What ended, waiting up to `timeout_s` for the first."""
        left = [worker.started + self.time_limit_s - time.monotonic() for worker in self.busy]
        patience = max(min([timeout_s, *left]), 0.0)
        if not left:
            return []
        ready = connection.wait([worker.pipe for worker in self.busy], patience)
        attempts = []
        for worker in self.busy:
            result: Result | MonitorError | None = None
            if worker.pipe in ready:
                result = self.receive(worker)
            elif time.monotonic() - worker.started >= self.time_limit_s:
                result = WorkerLost(
                    f"stopped after {self.time_limit_s:.0f} s; look at the catalog's speed, or raise `engine.timeout`"
                )
                self.remove(worker)
            if result is not None and worker.job is not None:
                attempts.append(Attempt(worker.job, result, time.monotonic() - worker.started))
                worker.job = None
        return attempts

    def receive(self, worker: Worker[Job]) -> Result | MonitorError:
        """The answer in a worker's pipe, or why there is none."""
        try:
            answer: Result | MonitorError = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()
            reason = describe_exit(worker.process.exitcode)
            self.remove(worker)
            return WorkerLost(f"the process that analysed it {reason}")
        if isinstance(answer, WorkerLost):
            self.remove(worker)
        return answer

    @property
    def time_limit_s(self) -> float:
        """Seconds that one job may take."""
        return self.settings.timeout.total_seconds()

    def add(self) -> Worker[Job]:
        """Start a worker; raises WorkerLost when the system gives no process."""
        ours, theirs = context.Pipe()
        threads = max(cores() // self.settings.workers, 1)
        limit = memory_limit(self.settings)
        process = context.Process(target=serve, args=(theirs, self.work, limit, threads, ThisProcess.form), daemon=True)
        try:
            for attempt in retry_context(on=(OSError, EOFError), attempts=3, timeout=10.0, wait_initial=0.2):
                with attempt:
                    process.start()
        except (OSError, EOFError) as error:
            ours.close()
            raise WorkerLost(f"no worker process can be started: {error}; are there too many?") from error
        finally:
            theirs.close()
        worker: Worker[Job] = Worker(process, ours)
        self.workers.append(worker)
        return worker

    def remove(self, worker: Worker[Job]) -> None:
        """End a worker, whatever it is at."""
        self.workers.remove(worker)
        worker.end()

    def close(self) -> None:
        """End all workers."""
        for worker in list(self.workers):
            self.remove(worker)


def run_one(work: Callable[[Job], Result], job: Job, settings: EngineSettings) -> Result:
    """A single job in a process of its own; raises its MonitorError."""
    pool: Pool[Job, Result] = Pool(work, settings)
    try:
        pool.start(job)
        while not (ended := pool.finished(1.0)):
            pass
    finally:
        pool.close()
    result = ended[0].result
    if isinstance(result, MonitorError):
        raise result
    return result


def memory_limit(settings: EngineSettings) -> int:
    """Bytes that one worker may have."""
    if settings.memory_mb is not None:
        return settings.memory_mb * 1_000_000
    return int(psutil.virtual_memory().total * MEMORY_SHARE / settings.workers)


def describe_exit(code: int | None) -> str:
    """How a process ended."""
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = " (the system may have run out of memory)" if name == "SIGKILL" else ""
        return f"was ended by {name}{hint}"
    return f"ended with exit status {code}"


def serve(pipe: Connection, work: Callable[[Job], Result], memory: int, threads: int, form: Form | None) -> None:
    """Answer jobs until the pipe closes. The process ends with its parent; signals are the parent's business.

    What it logs has the form of its parent's log, and what the job says of itself (`about`) on every line.
    """
    if form is not None:
        logs.configure(form)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    two_heaps()
    threading.Thread(target=end_with_parent, daemon=True).start()
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    cv2.setNumThreads(threads)
    with parallel_config("threading", n_jobs=threads), threadpool_limits(threads):
        while True:
            try:
                job = pipe.recv()
            except (EOFError, ConnectionError):
                return
            ThisProcess.about = getattr(job, "about", {})
            pipe.send(attempt(work, job, memory))


def end_with_parent() -> None:
    """Wait for the end of the process that started this one."""
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def attempt(work: Callable[[Job], Result], job: Job, memory: int) -> Result | MonitorError:
    """One job, its errors caught."""
    try:
        return work(job)
    except MonitorError as error:
        return error
    except MemoryError as error:
        return WorkerLost(
            f"it needs more than the {memory / 1e6:,.0f} MB that a worker may have ({error}); raise "
            "`engine.memory_mb`, or lower `engine.workers`"
        )
    except Exception as error:  # the rim: one scene never ends the pass
        log.exception("a job failed unexpectedly")
        return MonitorError(f"unexpected {type(error).__name__}: {error}; please report it")
