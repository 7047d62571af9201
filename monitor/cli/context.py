"""What every command needs: the configuration and the store, opened when first asked for."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import typer

from monitor.config import Settings
from monitor.config_file import load_settings
from monitor.errors import StoreError
from monitor.store import Store, open_store


@dataclass
class Context:
    """The configuration file of this run."""

    config_path: Path

    @cached_property
    def settings(self) -> Settings:
        """The settings; raises ConfigError."""
        return load_settings(self.config_path)

    @cached_property
    def bare_store(self) -> Store:
        """The database, whatever is in it."""
        return open_store(self.settings.database)

    @cached_property
    def store(self) -> Store:
        """The database with this version's schema; raises StoreError if it has none or another."""
        if self.bare_store.is_empty():
            raise StoreError("nothing is stored yet; `monitor scan` fills the database")
        self.bare_store.require_schema()
        return self.bare_store

    def close(self) -> None:
        """Give back the connections to the database, if there are any."""
        if "bare_store" in vars(self):
            self.bare_store.close()

    @cached_property
    def writable_store(self) -> Store:
        """The database to fill: an empty one is given its schema first."""
        if self.bare_store.is_empty():
            self.bare_store.upgrade()
        return self.store


def of(context: typer.Context) -> Context:
    """The context that the callback of the app made."""
    found = context.find_object(Context)
    assert found is not None
    return found
