"""What routes and pages work with."""

from dataclasses import dataclass

from fastapi import Request

from monitor.config import Settings
from monitor.store import Store


@dataclass(frozen=True)
class Services:
    """The configuration and the database of this server."""

    settings: Settings
    store: Store


def services_of(request: Request) -> Services:
    """The services of the server that the request came to."""
    found: Services = request.app.state.services
    return found
