"""Worker processes: what a job may do without harm to the others."""

import os
import signal
import time
from datetime import timedelta

import cv2
import numpy as np
import psutil
import pytest
from joblib import effective_n_jobs
from threadpoolctl import threadpool_info

from monitor.config import EngineSettings
from monitor.engine import Pool, run_one
from monitor.errors import AssetUnavailable, MonitorError, WorkerLost
from monitor.work import pause


def work(order: tuple[str, float]) -> tuple[float, int]:
    what, number = order
    if what == "refuse":
        raise AssetUnavailable("scene 3: no answer")
    if what == "bug":
        raise ZeroDivisionError("by zero")
    if what == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "sleep":
        time.sleep(number)
    if what == "grow":
        return float(np.ones(int(number)).sum()), os.getpid()
    if what == "threads":
        return max(pool["num_threads"] for pool in threadpool_info()), max(effective_n_jobs(None), cv2.getNumThreads())
    return number * number, os.getpid()


@pytest.fixture
def pool():
    made = Pool(work, EngineSettings(workers=2, timeout="2m", memory_mb=1500))
    yield made
    made.close()


def run(pool, *orders):
    waiting, ended = list(orders), {}
    while waiting or pool.busy:
        while waiting and pool.has_room:
            pool.start(waiting.pop(0))
        for attempt in pool.finished(5.0):
            ended[attempt.job] = attempt.result
    return ended


def test_failures_stop_nobody_and_jobs_run_beside_this_process(pool):
    ended = run(pool, ("square", 5), ("refuse", 0), ("bug", 0), ("square", 2))
    assert [ended[("square", number)][0] for number in (5, 2)] == [25, 4]
    assert os.getpid() not in {ended[("square", number)][1] for number in (5, 2)}
    assert isinstance(ended[("refuse", 0)], AssetUnavailable)
    assert "unexpected ZeroDivisionError: by zero" in str(ended[("bug", 0)])


def test_a_crash_is_one_failed_job_with_its_reason(pool):
    ended = run(pool, ("crash", 0), ("square", 3), ("square", 4))
    assert isinstance(ended[("crash", 0)], WorkerLost)
    assert "SIGSEGV" in str(ended[("crash", 0)])
    assert [ended[("square", number)][0] for number in (3, 4)] == [9, 16]


def test_a_worker_killed_by_somebody_else_is_replaced(pool):
    pool.start(("sleep", 600))
    os.kill(pool.busy[0].process.pid, signal.SIGKILL)
    (lost,) = pool.finished(60.0)
    assert "ended by SIGKILL" in str(lost.result)
    assert run(pool, ("square", 3))[("square", 3)][0] == 9


def test_a_job_that_hangs_is_stopped_at_its_time_limit(pool):
    run(pool, ("square", 1))
    pool = Pool(work, EngineSettings(workers=1, timeout="20s"))
    started = time.monotonic()
    ended = run(pool, ("sleep", 600), ("square", 3))
    pool.close()
    assert "stopped after 20 s" in str(ended[("sleep", 600)])
    assert ended[("square", 3)][0] == 9
    assert time.monotonic() - started < 300


def test_a_job_that_needs_too_much_memory_is_stopped_by_its_limit(pool):
    ended = run(pool, ("grow", 1e9), ("square", 3))
    assert "engine.memory_mb" in str(ended[("grow", 1e9)])
    assert ended[("square", 3)][0] == 9


def test_all_workers_together_have_as_many_threads_as_there_are_cores():
    for workers in (1, 2 * (os.cpu_count() or 1)):
        threads = max((os.cpu_count() or 1) // workers, 1)
        assert run_one(work, ("threads", 0), EngineSettings(workers=workers)) == (threads, threads)


def test_no_process_is_left_behind(pool):
    run(pool, ("square", 1), ("square", 2), ("crash", 0))
    workers = [psutil.Process(worker.process.pid) for worker in pool.workers]
    pool.close()
    assert all(not worker.is_running() for worker in workers)


def test_a_fork_server_that_was_killed_is_replaced(pool):
    run(pool, ("square", 1))
    (server,) = [child for child in psutil.Process().children() if "forkserver" in " ".join(child.cmdline())]
    server.kill()
    for worker in list(pool.workers):
        pool.remove(worker)
    assert run(pool, ("square", 3))[("square", 3)][0] == 9


def test_a_single_job_raises_its_error():
    assert run_one(work, ("square", 3), EngineSettings())[0] == 9
    with pytest.raises(MonitorError, match="no answer"):
        run_one(work, ("refuse", 0), EngineSettings())


def test_the_pause_before_a_retry_doubles_up_to_its_limit_and_varies():
    settings = EngineSettings(retry="60s", longest_retry="10m")
    for attempts, planned in ((1, 60), (2, 120), (3, 240), (9, 600)):
        pauses = [pause(attempts, settings) for _ in range(50)]
        assert min(pauses) >= timedelta(seconds=planned / 2)
        assert max(pauses) <= timedelta(seconds=planned * 1.5)
        assert len(set(pauses)) > 1
