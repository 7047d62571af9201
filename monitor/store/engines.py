"""Engines for SQLite and PostgreSQL that keep what the monitor relies on."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from sqlalchemy import URL, Connection, Engine, NullPool, Pool, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from monitor.errors import ConfigError, StoreError
from monitor.store.tables.base import dump

CONNECT_TIMEOUT_S = 10
JSON_TEXT: dict[str, Any] = {"json_serializer": dump, "json_deserializer": orjson.loads}
"""Outlines are most of what is written; a scene can have ten thousand."""


def parse_url(text: str) -> URL:
    """The URL of an SQLite file or a PostgreSQL database (`postgresql://` is psycopg 3); ConfigError otherwise."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise ConfigError("database: not a URL such as sqlite:///monitor.db or postgresql://host/name") from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        if url.database in (None, "", ":memory:") or url.query or url.host:
            raise ConfigError("database: an sqlite URL that is not a plain file; write sqlite:///monitor.db")
        return url.set(drivername="sqlite")
    if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    raise ConfigError(f"database: {url.drivername} is not supported; use sqlite:/// or postgresql://")


def writing_engine(url: URL, busy_timeout: float, *, migrating: bool = False) -> Engine:
    """An engine for transactions that write.

    SQLite takes the write lock at BEGIN, so that two writers queue instead of failing in the middle. While
    migrating, its foreign keys are off, because it alters a table by copying and dropping it.
    """
    if url.get_backend_name() != "sqlite":
        return postgres_engine(url, busy_timeout, **({"poolclass": NullPool} if migrating else {}))
    pragmas = ["journal_mode = WAL", "synchronous = NORMAL", f"foreign_keys = {'OFF' if migrating else 'ON'}"]
    pool = NullPool if migrating else QueuePool
    return sqlite_engine(
        lambda: connect_sqlite(sqlite_file(url), "rwc", busy_timeout, pragmas), "BEGIN IMMEDIATE", pool
    )


def reading_engine(url: URL, busy_timeout: float) -> Engine:
    """An engine whose connections cannot write, for a file or a server that is read-only as well."""
    if url.get_backend_name() != "sqlite":
        engine = postgres_engine(url, busy_timeout)
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return sqlite_engine(lambda: connect_sqlite_reader(sqlite_file(url), busy_timeout), "BEGIN", NullPool)


def sqlite_file(url: URL) -> Path:
    """The database's file; StoreError when its folder is missing."""
    path = Path(str(url.database))
    if not path.absolute().parent.is_dir():
        raise StoreError(f"database {path}: the folder {path.absolute().parent} does not exist; create it")
    return path


def connect_sqlite(path: Path, mode: str, busy_timeout: float, pragmas: list[str]) -> sqlite3.Connection:
    """A connection without the driver's own BEGIN; `mode` is as in SQLite's URI filenames."""
    name = f"file:{quote(str(path.absolute()))}?{mode if '=' in mode else 'mode=' + mode}"
    connection = sqlite3.connect(name, uri=True, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    try:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()
    except BaseException:
        connection.close()
        raise
    return connection


def connect_sqlite_reader(path: Path, busy_timeout: float) -> sqlite3.Connection:
    """A connection that refuses to write, opened anew each time so that it never outlives what it found.

    In a folder that cannot be written SQLite cannot make the shared-memory file that a WAL database needs.
    When there is no log waiting either, the file by itself is the whole database.
    """
    checks = ["query_only = ON", "schema_version"]
    try:
        return connect_sqlite(path, "rw", busy_timeout, checks)
    except sqlite3.OperationalError as error:
        log = path.with_name(path.name + "-wal")
        whole = not log.exists() or log.stat().st_size == 0
        if not path.exists() or not whole or error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise
        return connect_sqlite(path, "immutable=1", busy_timeout, checks)


def sqlite_engine(creator: Callable[[], sqlite3.Connection], begin: str, pool: type[Pool] = QueuePool) -> Engine:
    """An engine over such connections."""
    engine = create_engine("sqlite://", creator=creator, poolclass=pool, hide_parameters=True, **JSON_TEXT)

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def postgres_engine(url: URL, busy_timeout: float, **options: Any) -> Engine:
    """An engine that notices a server that was restarted and does not wait for a lock for ever."""
    query = dict(url.query)
    settings = f"-c lock_timeout={int(busy_timeout * 1000)} -c timezone=UTC"
    arguments: dict[str, Any] = {"options": " ".join(filter(None, [str(query.get("options", "")), settings]))}
    if "connect_timeout" not in query:
        arguments["connect_timeout"] = CONNECT_TIMEOUT_S
    return create_engine(url, connect_args=arguments, pool_pre_ping=True, hide_parameters=True, **JSON_TEXT, **options)
