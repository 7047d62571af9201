import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from monitor.errors import ConfigError, StoreError, StoreUnavailable
from monitor.store import Store, open_store
from monitor.store.monitors import ensure_monitor, monitor_names
from monitor.store.results import clear_result
from monitor.store.scenes import list_scenes
from tests.store.examples import add_scene, counts

NOBODY = 65534

WRITER = """
import sys, time
from monitor.store import open_store
from monitor.store.monitors import ensure_monitor
with open_store(sys.argv[1]) as store:
    for number in range(10):
        with store.session() as session:
            ensure_monitor(session, f"{sys.argv[2]}-{number}")
            time.sleep(0.01)
"""


@contextmanager
def without_privileges() -> Iterator[None]:
    """Inside the block, file permissions count for this process even if it is root's."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user can reach, which tmp_path is not."""
    path = Path(tempfile.mkdtemp(prefix="monitor-store-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


@pytest.fixture
def file_store(sqlite_url: str) -> Iterator[Store]:
    """An SQLite store that does not wait long for a lock."""
    with open_store(sqlite_url, busy_timeout=0.2) as store:
        store.upgrade()
        yield store


def fail_after_writing(session: Session) -> None:
    ensure_monitor(session, "lost")
    raise KeyError


def fill(session: Session) -> None:
    session.execute(text("PRAGMA max_page_count = 1"))
    for number in range(1000):
        ensure_monitor(session, f"monitor-{number}")


def sqlite_path(store: Store) -> Path:
    return Path(str(store.url.database))


def test_a_block_that_ends_well_is_kept_and_one_that_fails_leaves_nothing(store: Store) -> None:
    with store.session() as session:
        ensure_monitor(session, "kept")
    with pytest.raises(KeyError), store.session() as session:
        fail_after_writing(session)
    with store.session(read_only=True) as session:
        assert monitor_names(session) == ["kept"]


def test_a_read_only_session_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="read-only"), store.session(read_only=True) as session:
        ensure_monitor(session, "toronto")


def test_a_read_only_session_sees_one_state_throughout(store: Store) -> None:
    with store.session(read_only=True) as reading:
        assert monitor_names(reading) == []
        with store.session() as writing:
            ensure_monitor(writing, "toronto")
        assert monitor_names(reading) == []
    with store.session(read_only=True) as reading:
        assert monitor_names(reading) == ["toronto"]


def test_foreign_keys_are_held(store: Store) -> None:
    insert = "INSERT INTO scene_metrics (scene_id, name, value) VALUES (12345, 'cloud_share', 0.5)"
    with pytest.raises(IntegrityError), store.session() as session:
        session.execute(text(insert))


def test_removing_a_monitor_removes_everything_of_it(store: Store) -> None:
    with store.session() as session:
        add_scene(session)
    with store.session() as session:
        session.execute(text("DELETE FROM monitors"))
    assert set(counts(store).values()) == {0}


def test_sqlite_is_in_wal_mode_and_waits_for_locks(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        store.upgrade()
        with store.session() as session:
            pragmas = {
                name: session.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
            }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 30_000, "synchronous": 1}


def test_a_locked_database_is_worth_another_attempt(file_store: Store) -> None:
    with closing(sqlite3.connect(sqlite_path(file_store), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match=r"locked.*try again"), file_store.session() as session:
            ensure_monitor(session, "toronto")
        with file_store.session(read_only=True) as session:
            assert list_scenes(session) == []


def test_a_locked_row_on_postgresql_is_worth_another_attempt(postgresql_url: str) -> None:
    with open_store(postgresql_url, busy_timeout=0.2) as store:
        store.upgrade()
        with store.session() as session:
            scene = add_scene(session)
        with store.session() as first:
            first.execute(text("LOCK TABLE alert_looks"))
            with pytest.raises(StoreUnavailable, match="try again"), store.session() as second:
                clear_result(second, scene)


def test_a_full_disk_is_worth_another_attempt(file_store: Store) -> None:
    with pytest.raises(StoreUnavailable, match=r"disk is full.*free some space"), file_store.session() as session:
        fill(session)
    assert counts(file_store)["monitors"] == 0


@pytest.mark.parametrize("scope", ["file", "folder"])
def test_a_read_only_file_can_be_read_and_says_how_to_make_it_writable(folder: Path, scope: str) -> None:
    path = folder / "monitor.db"
    with open_store(f"sqlite:///{path}") as store:
        store.upgrade()
        with store.session() as session:
            ensure_monitor(session, "toronto")
    path.chmod(0o444)
    if scope == "file":
        folder.chmod(0o777)
    with without_privileges(), open_store(f"sqlite:///{path}") as store:
        store.upgrade()
        with store.session(read_only=True) as session:
            assert monitor_names(session) == ["toronto"]
        with pytest.raises(StoreError, match=r"read-only.*make the file"), store.session() as session:
            ensure_monitor(session, "brumadinho")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("This is not a database at all. " * 100)
    with (
        open_store(f"sqlite:///{path}") as store,
        pytest.raises(StoreError, match=r"notes\.txt.*not an SQLite database"),
    ):
        store.upgrade()
    assert path.read_text().startswith("This is not")


def test_a_missing_folder_is_named_before_anything_happens(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere does not exist; create it"):
        open_store(f"sqlite:///{tmp_path}/nowhere/monitor.db")


def test_reading_a_file_that_does_not_exist_makes_none(sqlite_url: str) -> None:
    with open_store(sqlite_url) as store:
        assert store.is_empty()
        with pytest.raises(StoreError, match="monitor db upgrade"), store.session(read_only=True):
            pass
        assert not sqlite_path(store).exists()


@pytest.mark.parametrize(
    "url", ["monitor.db", "mysql://host/name", "sqlite://", "sqlite:///:memory:", "sqlite:///a.db?mode=ro"]
)
def test_a_url_that_cannot_be_used_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match="sqlite:///"):
        open_store(url)


def unused_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def everything_said(error: BaseException | None) -> str:
    """The messages of an error and of all those it came from."""
    said = ""
    while error is not None:
        said += f"{error!r} {error}\n"
        error = error.__cause__ or error.__context__
    return said


@pytest.mark.parametrize("form", ["postgresql://me:{}@127.0.0.1:{}/db", "postgresql://127.0.0.1:{1}/db?password={0}"])
def test_a_server_that_is_down_is_worth_another_attempt_and_no_password_is_shown(form: str) -> None:
    store = open_store(form.format("s3cr3t-word", unused_port()))
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1.*cannot be reached") as caught:
        store.upgrade()
    assert "s3cr3t-word" not in everything_said(caught.value) + repr(store)


def test_a_wrong_database_name_is_permanent(postgresql_url: str) -> None:
    wrong = postgresql_url.replace("/test_", "/missing_")
    with open_store(wrong) as store, pytest.raises(StoreError, match="database name"):
        store.current()


def test_a_connection_that_broke_is_replaced(postgresql_url: str) -> None:
    with open_store(postgresql_url) as store, open_store(postgresql_url) as other:
        store.upgrade()
        with store.session() as session:
            ensure_monitor(session, "toronto")
        with other.session() as session:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            session.execute(text(f"{others} AND datname = current_database()"))
        with store.session() as session:
            assert monitor_names(session) == ["toronto"]


def test_two_processes_that_write_at_once_both_succeed(database_url: str) -> None:
    with open_store(database_url) as store:
        store.upgrade()
    commands: list[list[Any]] = [[sys.executable, "-c", WRITER, database_url, name] for name in ("a", "b")]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    complaints = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], complaints
    with open_store(database_url) as store, store.session(read_only=True) as session:
        assert len(monitor_names(session)) == 20
