"""`monitor run`: the daemon."""

import logging
import os
from typing import Annotated

import typer

from monitor import logs
from monitor.cli.context import of
from monitor.daemon import Daemon


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
    well = daemon.run()
    store.close()
    if daemon.jobs.running:
        # a search that waits for a slow catalog would keep the process for minutes; it stores nothing in halves
        logging.shutdown()
        os._exit(0 if well else 1)
    if once and not well:
        raise typer.Exit(1)
