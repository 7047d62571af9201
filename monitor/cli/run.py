"""`monitor run`: the daemon."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from monitor import logs
from monitor.cli.context import of
from monitor.config import Settings
from monitor.daemon import Daemon
from monitor.store import Store

log = logging.getLogger(__name__)


def run(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Do everything once and stop, for cron.")] = False,
) -> None:
    """Look for scenes by the clock and process them, until stopped (SIGTERM). SIGHUP reads the configuration again."""
    settings = of(context).settings
    logs.configure(settings.daemon.log_format, verbose=False)
    store = of(context).writable_store
    daemon = Daemon(of(context).config_path, store, settings, once=once)
    daemon.listen()
    with serving(settings, store, once=once):
        well = daemon.run()
    store.close()
    if daemon.jobs.running:
        # a search that waits for a slow catalog would keep the process for minutes; it stores nothing in halves
        logging.shutdown()
        os._exit(0 if well else 1)
    if once and not well:
        raise typer.Exit(1)


@contextmanager
def serving(settings: Settings, store: Store, *, once: bool) -> Iterator[None]:
    """The pages and APIs meanwhile, in threads of this process, if `web.enabled` says so."""
    if once or not settings.web.enabled:
        yield
        return
    # not above: importing a web server takes longer than most commands
    from monitor.web.server import WebServer

    server = WebServer(settings, store)
    server.start()
    log.info("serving on %s", server.url)
    try:
        yield
    finally:
        server.stop()
