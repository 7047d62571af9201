"""Where jobs run."""

import os

from monitor import engine
from monitor.config import EngineSettings
from monitor.errors import AssetUnavailable, MonitorError


def work(number: int) -> tuple[int, int]:
    if number == 3:
        raise AssetUnavailable("scene 3: no answer")
    if number == 4:
        raise ZeroDivisionError("by zero")
    return number * number, os.getpid()


def test_results_come_in_the_order_of_the_jobs_and_failures_stop_nobody():
    attempts = list(engine.run(work, [5, 3, 4, 1], EngineSettings(workers=2)))
    assert [attempt.job for attempt in attempts] == [5, 3, 4, 1]
    squares = [attempt.result[0] for attempt in attempts if not isinstance(attempt.result, MonitorError)]
    assert squares == [25, 1]
    assert isinstance(attempts[1].result, AssetUnavailable)
    assert "unexpected ZeroDivisionError: by zero" in str(attempts[2].result)


def test_several_jobs_run_beside_this_process_and_a_single_one_inside():
    several = list(engine.run(work, [1, 2], EngineSettings(workers=2)))
    assert os.getpid() not in {attempt.result[1] for attempt in several}
    assert [attempt.result for attempt in engine.run(work, [2], EngineSettings(workers=2))] == [(4, os.getpid())]
