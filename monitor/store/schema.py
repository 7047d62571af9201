"""The schema's revision: which one a database has, and bringing it to this version's."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

import monitor
from monitor.errors import StoreError

UPGRADE_LOCK = 0x6C616E64736174


def migrations_folder() -> Path:
    """Where the migrations are: inside the installed package, or beside it in a checkout."""
    package = Path(str(monitor.__file__)).parent
    for folder in (package / "migrations", package.parent / "migrations"):
        if (folder / "env.py").is_file():
            return folder
    raise StoreError(f"the migrations are not beside {package}; install the package again")


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings, over an open connection."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """The revision that this version of the monitor works with."""
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def current_revision(connection: Connection) -> str | None:
    """The revision of a database, None for one that has none."""
    return MigrationContext.configure(connection).get_current_revision()


def has_tables(connection: Connection) -> bool:
    """Whether anything is in the database."""
    return bool(inspect(connection).get_table_names())


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision, in the connection's transaction.

    Raises StoreError when the database was made by a newer version.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
    require_known(current_revision(connection))
    command.upgrade(alembic_config(connection), "head")
    if connection.dialect.name == "sqlite":
        require_whole(connection)


def require_known(revision: str | None) -> None:
    """StoreError for a revision that this version has never heard of."""
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise StoreError(
            f"the database's schema has revision {revision}, which this version does not know; "
            "install the version of the monitor that made it, or a newer one"
        )


def require_whole(connection: Connection) -> None:
    """StoreError when a migration broke a foreign key, which SQLite does not watch meanwhile."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StoreError(f"the upgrade would break {len(broken)} references, first in {broken[0][0]}; nothing was done")
