"""What routes and pages work with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from monitor.config import Settings
from monitor.store import Store
from monitor.web.access.tries import Tries
from monitor.web.cogs import Cogs
from monitor.web.tasks import Tasks
from monitor.web.tiles.cache import TileCache


@dataclass(frozen=True)
class Services:
    """The configuration and the database of this server, and what it remembers."""

    settings: Settings
    store: Store
    tries: Tries = field(default_factory=Tries)
    tasks: Tasks = field(default_factory=Tasks)
    cogs: Cogs = field(default_factory=Cogs)
    tiles: TileCache = field(default_factory=TileCache)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that only reads."""
        with self.store.session(read_only=True) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction that writes, committed at the end."""
        with self.store.session() as session:
            yield session

    def close(self) -> None:
        """Start nothing more, and remove what was only for this server."""
        self.tasks.close()
        self.cogs.close()


def services_of(request: Request) -> Services:
    """The services of the server that the request came to."""
    found: Services = request.app.state.services
    return found


Served = Annotated[Services, Depends(services_of)]
