"""The daemon as a process: what it does when it is stopped, killed, doubled, or given nonsense."""

import signal
import sqlite3
import time
import uuid

import psutil

from monitor.store.service import leader
from tests.chaos import run
from tests.databases import create_database


def workers_of(process) -> list[psutil.Process]:
    """Processes below the daemon that analyse scenes: children of its fork server."""
    return [
        grandchild
        for child in psutil.Process(process.pid).children()
        if "forkserver" in " ".join(child.cmdline())
        for grandchild in child.children()
    ]


def test_one_round_does_everything_and_ends(make_service, database_url, tiny):
    service = make_service(database_url)
    process = service.start("--once")
    assert process.wait(60) == 0, service.log
    assert service.states() == dict.fromkeys(tiny.scene_ids, "done")
    with service.store as store, store.session(read_only=True) as session:
        assert leader(session) is None


def test_a_stop_drains_within_its_time_and_gives_back_the_rest(make_service, sqlite_url, tiny):
    service = make_service(sqlite_url, daemon={"drain": "2s"})
    process = service.start()
    service.wait(lambda: "processing" in service.states().values() if "leading" in read(service) else False)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert "stopped" in service.log
    assert set(service.states().values()) <= {"done", "discovered"}
    again = service.start("--once")
    assert again.wait(60) == 0
    assert service.states() == dict.fromkeys(tiny.scene_ids, "done")


def read(service) -> str:
    path = service.config.parent / "daemon.log"
    return path.read_text() if path.exists() else ""


def test_of_two_daemons_one_leads_and_the_other_takes_over(make_service, database_url, tiny):
    service = make_service(database_url)
    with service.store as store:
        store.upgrade()
    first = service.start()
    service.wait_for_log("leading")
    service.start()
    time.sleep(3)
    assert service.log.count("leading") == 1
    first.send_signal(signal.SIGKILL)
    service.wait(lambda: service.log.count("leading") == 2)
    service.wait_until_worked_off()
    assert service.states() == dict.fromkeys(tiny.scene_ids, "done")


def test_a_killed_worker_is_one_failed_attempt_and_the_scene_is_done_later(make_service, sqlite_url, tiny):
    service = make_service(sqlite_url)
    process = service.start()
    service.wait(lambda: read(service) and workers_of(process))
    for worker in workers_of(process):
        worker.kill()
    service.wait_for_log("ended by SIGKILL")
    service.wait_until_worked_off()
    assert process.poll() is None
    assert service.states() == dict.fromkeys(tiny.scene_ids, "done")


def test_no_worker_outlives_a_killed_daemon(make_service, sqlite_url):
    service = make_service(sqlite_url)
    process = service.start()
    service.wait(lambda: read(service) and workers_of(process))
    below = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(below, 10)
    assert not alive


def test_a_broken_configuration_is_refused_and_a_good_one_is_taken(make_service, sqlite_url):
    service = make_service(sqlite_url)
    process = service.start()
    service.wait_until_worked_off()
    good = service.config.read_text()
    service.config.write_text(good + "nonsense: 1\n")
    process.send_signal(signal.SIGHUP)
    service.wait_for_log("the new configuration is refused, the old one stays")
    assert "unknown key" in service.log
    service.config.write_text(good)
    service.change(engine={"workers": 1})
    process.send_signal(signal.SIGHUP)
    service.wait(lambda: service.log.count("leading") == 2)
    assert process.poll() is None


def test_a_database_locked_for_long_delays_and_loses_nothing(make_service, sqlite_url, tiny):
    service = make_service(sqlite_url)
    with service.store as store:
        store.upgrade()
    process = service.start()
    service.wait_for_log("leading")
    blocker = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, timeout=20)
    blocker.execute("BEGIN IMMEDIATE")
    time.sleep(34)
    assert process.poll() is None
    blocker.execute("ROLLBACK")
    blocker.close()
    service.wait_until_worked_off(90)
    assert service.states() == dict.fromkeys(tiny.scene_ids, "done")
    assert "locked" in service.log


def test_a_full_disk_stops_the_taking_of_scenes_and_says_so(make_service, sqlite_url):
    service = make_service(sqlite_url, daemon={"min_free_mb": 10**9})
    service.start()
    service.wait_for_log("no scene is taken until there is room")
    time.sleep(2)
    assert set(service.states().values()) <= {"discovered"}


def test_killed_at_random_moments_it_loses_nothing_and_does_nothing_twice_on_sqlite(tmp_path, tiny, receiver):
    figures = run(tmp_path, lambda: f"sqlite:///{tmp_path}/{uuid.uuid4().hex}.db", tiny, 3, 7, receiver)
    assert figures.kills == 3


def test_killed_at_random_moments_it_loses_nothing_and_does_nothing_twice_on_postgresql(
    tmp_path, tiny, receiver, postgresql_server
):
    figures = run(tmp_path, lambda: postgresql_server(create_database(postgresql_server)), tiny, 3, 8, receiver)
    assert figures.kills == 3
