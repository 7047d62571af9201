"""`monitor history`: figures about the past."""

from dataclasses import asdict
from typing import Annotated

import typer

from monitor.cli.context import of
from monitor.cli.output import Format, show_rows
from monitor.cli.scene_argument import MonitorOption, SceneArgument, find
from monitor.errors import NotFoundError
from monitor.store.history import sweeps_of

app = typer.Typer(help="What was found, over time.", no_args_is_help=True)

COLUMNS = ("k", "inertia", "silhouette", "chosen", "reason")


@app.command()
def sweeps(
    context: typer.Context,
    scene: SceneArgument,
    monitor: MonitorOption = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Inertia and silhouette of a scene for every k."""
    with of(context).store.session(read_only=True) as session:
        found = find(context, session, scene, monitor)
        rows = [asdict(row) for row in sweeps_of(session, found.pk)]
    if not rows:
        raise NotFoundError(f"scene {found.scene_id} has no sweep: it is {found.state}; `monitor scan` processes it")
    show_rows(rows, COLUMNS, form, "")
