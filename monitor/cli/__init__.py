"""The command `monitor`."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor import __version__
from monitor.cli import alerts, db, export, history, notify, plot, reference, scenes, tokens
from monitor.cli.context import Context
from monitor.cli.demo import demo
from monitor.cli.init import init
from monitor.cli.output import err
from monitor.cli.run import run
from monitor.cli.scan import scan_command
from monitor.cli.serve import serve
from monitor.cli.status import status
from monitor.cores import two_heaps
from monitor.errors import ConfigError, MonitorError

FAILED, MISUSED = 1, 2

app = typer.Typer(
    name="monitor",
    help="Watch areas on Landsat 8 for clouds, cloud shadows and anomalies.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("init")(init)
app.add_typer(db.app, name="db")
app.add_typer(reference.app, name="reference")
app.command("scan")(scan_command)
app.command("run")(run)
app.command("serve")(serve)
app.add_typer(tokens.app, name="tokens")
app.command("status")(status)
app.add_typer(scenes.app, name="scenes")
app.add_typer(alerts.app, name="alerts")
app.add_typer(notify.app, name="notify")
app.add_typer(history.app, name="history")
app.add_typer(export.app, name="export")
app.add_typer(plot.app, name="plot")
app.command("demo")(demo)


def show_version(wanted: bool) -> None:
    """Print the version and stop."""
    if wanted:
        typer.echo(f"monitor {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option("--config", envvar="MONITOR_CONFIG", help="Configuration file.", dir_okay=False)
    ] = Path("config.yaml"),
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is being done.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True)] = False,
) -> None:
    """Options of every command."""
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    context.obj = Context(config)
    context.call_on_close(context.obj.close)


def main() -> None:
    """Run a command; an error of the monitor is a line, not a traceback."""
    two_heaps()
    try:
        app()
    except ConfigError as error:
        complain(error)
        sys.exit(MISUSED)
    except MonitorError as error:
        complain(error)
        sys.exit(FAILED)


def complain(error: MonitorError) -> None:
    """Say what went wrong on standard error."""
    err.print(f"error: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
