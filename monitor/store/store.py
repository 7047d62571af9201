"""The database behind one URL: its schema and its transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Self

from sqlalchemy import URL, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.engines import parse_url, reading_engine, sqlite_file, writing_engine
from monitor.store.failures import explained, name_of

BUSY_TIMEOUT_S = 30.0


def open_store(url: str, *, busy_timeout: float = BUSY_TIMEOUT_S) -> "Store":
    """The store behind a database URL; nothing is created and no connection opened yet.

    `busy_timeout` is how many seconds a transaction waits for another one's lock. Raises ConfigError for a URL
    that cannot be used, StoreError when the folder of an SQLite file does not exist.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        sqlite_file(parsed)
    return Store(parsed, busy_timeout)


class Store:
    """A database. Errors of the database come out as StoreUnavailable or StoreError, never with a password."""

    def __init__(self, url: URL, busy_timeout: float) -> None:
        self.url = url
        self.busy_timeout = busy_timeout
        self.is_current = False

    def __repr__(self) -> str:
        return f"<Store of {name_of(self.url)}>"

    @cached_property
    def writer(self) -> Engine:
        """Engine of the transactions that write."""
        return writing_engine(self.url, self.busy_timeout)

    @cached_property
    def reader(self) -> Engine:
        """Engine of the transactions that only read."""
        return reading_engine(self.url, self.busy_timeout)

    def upgrade(self) -> None:
        """Bring the schema to this version's, creating everything in an untouched database.

        A database that is up to date is not written to, so that a read-only one passes.
        """
        if self.current() == schema.newest_revision():
            return
        engine = writing_engine(self.url, self.busy_timeout, migrating=True)
        with self.explaining(), engine.begin() as connection:
            schema.upgrade(connection)

    def current(self) -> str | None:
        """The schema's revision, None when there is none yet."""
        if self.is_missing:
            return None
        with self.explaining(), self.reader.connect() as connection:
            return schema.current_revision(connection)

    def is_empty(self) -> bool:
        """Whether there is nothing at all in the database yet."""
        if self.is_missing:
            return True
        with self.explaining(), self.reader.connect() as connection:
            return not schema.has_tables(connection)

    @property
    def is_missing(self) -> bool:
        """Whether an SQLite file is yet to be made."""
        return self.url.get_backend_name() == "sqlite" and not sqlite_file(self.url).exists()

    @contextmanager
    def session(self, *, read_only: bool = False) -> Iterator[Session]:
        """One transaction: committed at the end of the block, rolled back when an error leaves it.

        A read-only one sees one state of the database throughout, and works where the database cannot be written.
        """
        with self.explaining():
            self.require_schema()
            with Session(self.reader if read_only else self.writer) as session, session.begin():
                yield session

    def require_schema(self) -> None:
        """StoreError unless the schema is this version's."""
        if self.is_current:
            return
        current, newest = self.current(), schema.newest_revision()
        if current != newest:
            schema.require_known(current)
            found = f"has schema revision {current}" if current else "has no tables yet"
            raise StoreError(f"{name_of(self.url)} {found}, {newest} is needed; run `monitor db upgrade`")
        self.is_current = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back every connection; the store can be used again."""
        for engine in ("writer", "reader"):
            if engine in self.__dict__:
                self.__dict__[engine].dispose()

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Turn errors of the database into the monitor's; what is a bug of ours stays what it is."""
        try:
            yield
        except SQLAlchemyError as error:
            explanation = explained(error, self.url)
            if explanation is None:
                raise
            raise explanation from error
