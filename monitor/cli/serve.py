"""`monitor serve`: pages and APIs over HTTP."""

from typing import Annotated

import typer

from monitor.cli.context import of
from monitor.cli.output import err
from monitor.config import Settings


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: as configured.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; default: as configured.")] = None,
) -> None:
    """Serve the review pages and the APIs, until stopped."""
    # not above: importing a web server takes longer than most commands
    from monitor.web.server import WebServer

    settings = at(of(context).settings, host, port)
    server = WebServer(settings, of(context).writable_store)
    err.print(f"serving on {server.url}", highlight=False, soft_wrap=True)
    server.run()


def at(settings: Settings, host: str | None, port: int | None) -> Settings:
    """The settings with another address."""
    changes = {key: value for key, value in (("host", host), ("port", port)) if value is not None}
    return settings.model_copy(update={"web": settings.web.model_copy(update=changes)})
