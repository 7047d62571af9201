"""What a database's own errors mean: wait and try again, or change something."""

import sqlite3

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from monitor.errors import MonitorError, StoreError, StoreUnavailable

SQLITE_WAIT = {
    sqlite3.SQLITE_BUSY: "it stayed locked; another process is writing, try again or stop that one",
    sqlite3.SQLITE_LOCKED: "it stayed locked; another process is writing, try again or stop that one",
    sqlite3.SQLITE_FULL: "the disk is full; free some space, then try again",
    sqlite3.SQLITE_IOERR: "reading or writing the file failed; look at the disk, then try again",
}
SQLITE_CHANGE = {
    sqlite3.SQLITE_READONLY: "it is read-only; make the file and its folder writable for this user",
    sqlite3.SQLITE_NOTADB: "the file is not an SQLite database; name another one under `database`",
    sqlite3.SQLITE_CORRUPT: "the file is damaged; restore a backup",
    sqlite3.SQLITE_CANTOPEN: "the file cannot be opened; check that it exists and that this user may write its folder",
    sqlite3.SQLITE_PERM: "this user may not open the file; change its permissions",
    sqlite3.SQLITE_AUTH: "this user may not open the file; change its permissions",
}
POSTGRES_WAIT = {
    "08": "the connection broke; check that the server is up, then try again",
    "40": "another transaction was in the way; try again",
    "53": "the server is out of disk, memory or connections; free some, then try again",
    "55": "a lock was not given in time; try again",
    "57": "the server is starting or stopping; try again",
}
POSTGRES_CHANGE = {
    "25006": "it is read-only; connect to the primary server",
    "28": "the server refused this user; check user and password",
    "3D": "the server has no database of that name; create it (`createdb`)",
    "42501": "this user lacks a privilege; grant it",
    "42P01": "a table is missing; run `monitor db upgrade`",
    "42703": "a column is missing; run `monitor db upgrade`",
}
LOGIN_REFUSED = ("authentication failed", "does not exist", "no password supplied", "not permitted to log in")


def explained(error: SQLAlchemyError, url: URL) -> MonitorError | None:
    """The monitor's error for one of the database, with a remedy and without a password; None for a bug of ours."""
    if isinstance(error, PoolTimeout):
        return StoreUnavailable(f"{name_of(url)}: no connection became free; try again")
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return explained_sqlite(cause, url)
    return explained_postgres(error, url)


def name_of(url: URL) -> str:
    """The database as messages call it, without its password and options."""
    return f"database {url.set(query={}).render_as_string(hide_password=True)}"


def explained_sqlite(cause: sqlite3.Error, url: URL) -> MonitorError | None:
    """By SQLite's primary result code."""
    code = (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF
    if code in SQLITE_WAIT:
        return StoreUnavailable(f"{name_of(url)}: {SQLITE_WAIT[code]} ({cause})")
    if code in SQLITE_CHANGE:
        return StoreError(f"{name_of(url)}: {SQLITE_CHANGE[code]} ({cause})")
    if str(cause).startswith(("no such table", "no such column")):
        return StoreError(f"{name_of(url)}: {cause}; run `monitor db upgrade`")
    return None


def explained_postgres(error: DBAPIError, url: URL) -> MonitorError | None:
    """By SQLSTATE, or by what the client library says where the server was not reached."""
    state = getattr(error.orig, "sqlstate", None) or ""
    said = " ".join(str(error.orig).split())
    for secret in (url.password, url.query.get("password")):
        said = said.replace(str(secret), "***") if secret else said
    if remedy := POSTGRES_CHANGE.get(state) or POSTGRES_CHANGE.get(state[:2]):
        return StoreError(f"{name_of(url)}: {remedy} ({said})")
    if remedy := POSTGRES_WAIT.get(state[:2]):
        return StoreUnavailable(f"{name_of(url)}: {remedy} ({said})")
    if state or not (error.connection_invalidated or type(error.orig).__name__ == "OperationalError"):
        return None
    if any(phrase in said for phrase in LOGIN_REFUSED):
        return StoreError(f"{name_of(url)}: the server refused; check user, password and database name ({said})")
    return StoreUnavailable(f"{name_of(url)}: the server cannot be reached; check that it is up ({said})")
