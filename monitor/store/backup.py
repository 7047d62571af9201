"""A copy of an SQLite database while it is in use."""

import sqlite3
from pathlib import Path

from monitor.errors import ConfigError, StoreError
from monitor.store.engines import sqlite_file
from monitor.store.store import Store

PAGES_AT_ONCE = 1000


def backup(store: Store, target: Path) -> None:
    """Copy the database into a new file, as it was at one moment; writers go on meanwhile.

    Raises ConfigError for PostgreSQL and for a file that is there already, StoreError when it cannot be written.
    """
    if store.url.get_backend_name() != "sqlite":
        raise ConfigError("a PostgreSQL database is backed up with its own tool: pg_dump -Fc")
    if target.exists():
        raise ConfigError(f"{target} is there already; name another file")
    part = target.with_name(target.name + ".part")
    try:
        with sqlite3.connect(sqlite_file(store.url)) as source, sqlite3.connect(part) as copy:
            source.backup(copy, pages=PAGES_AT_ONCE)
        source.close()
        copy.close()
        part.rename(target)
    except (sqlite3.Error, OSError) as error:
        part.unlink(missing_ok=True)
        raise StoreError(f"the backup {target} cannot be written: {error}") from error
