"""`monitor scenes retry` and `monitor scenes quarantine`: scenes that failed, and another chance for them."""

from dataclasses import asdict
from typing import Annotated

import typer

from monitor.cli.context import of
from monitor.cli.output import Format, out, show_rows
from monitor.cli.scene_argument import MonitorOption, find
from monitor.errors import ConfigError
from monitor.store import queue
from monitor.store.scenes import list_scenes
from monitor.store.tables import SceneState

quarantine = typer.Typer(help="Scenes that failed too often.", no_args_is_help=True)

COLUMNS = ("monitor", "scene_id", "attempts", "processed_at", "error")


def retry(
    context: typer.Context,
    scene: Annotated[str | None, typer.Argument(metavar="[SCENE]", help="Scene id.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every scene that failed or is in quarantine.")] = False,
    name: MonitorOption = None,
) -> None:
    """Put a scene that failed, was skipped or is in quarantine back into the queue, with all its attempts."""
    if (scene is None) == (not every):
        raise ConfigError("name a scene, or give --all")
    if name:
        of(context).settings.monitor(name)
    with of(context).store.session() as session:
        if scene:
            rows = [find(context, session, scene, name)]
        else:
            rows = list_scenes(session, monitor=name, states=(SceneState.FAILED, SceneState.QUARANTINED))
        for row in rows:
            queue.try_again(session, row.pk)
    out.print(f"{len(rows)} in the queue again; the next pass takes them")


@quarantine.command("list")
def list_command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Monitor; default: all.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """List the scenes that failed too often, each with its last reason."""
    if name:
        of(context).settings.monitor(name)
    with of(context).store.session(read_only=True) as session:
        rows = [asdict(row) for row in list_scenes(session, monitor=name, states=(SceneState.QUARANTINED,))]
    show_rows(rows, COLUMNS, form, "no scene is in quarantine")
