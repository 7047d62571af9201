"""`monitor notify`: whether messages arrive."""

from typing import Annotated

import typer

from monitor.cli.context import of
from monitor.cli.output import err, out
from monitor.errors import ConfigError, MonitorError
from monitor.notify import send_test

app = typer.Typer(help="Messages about new alerts.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Messages about new alerts."""


@app.command("test")
def send(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Monitor; default: all.")] = None,
) -> None:
    """Send a test message to every channel of the monitors."""
    settings = of(context).settings
    monitors = [settings.monitor(name)] if name else settings.monitors
    pairs = [(monitor, channel) for monitor in monitors for channel in monitor.notify]
    if not pairs:
        raise ConfigError("no monitor has a channel; name some under `channels`, and in the monitors' `notify`")
    failed = False
    for monitor, channel in pairs:
        try:
            send_test(settings, monitor, channel)
            out.print(f"{monitor.name}: {channel}: sent")
        except MonitorError as error:
            failed = True
            err.print(f"failed: {monitor.name}: {channel}: {error}", style="red", markup=False, highlight=False)
    if failed:
        raise typer.Exit(1)
