"""The argument SCENE of several commands."""

from typing import Annotated

import typer
from sqlalchemy.orm import Session

from monitor.cli.context import of
from monitor.store.scenes import SceneRow, find_scene

SceneArgument = Annotated[str, typer.Argument(metavar="SCENE", help="Scene id.")]
MonitorOption = Annotated[
    str | None, typer.Option("--monitor", help="Whose scene, where several monitors look at the same one.")
]


def find(context: typer.Context, session: Session, scene: str, monitor: str | None) -> SceneRow:
    """The stored scene that a command line means; raises NotFoundError."""
    if monitor:
        of(context).settings.monitor(monitor)
    return find_scene(session, scene, monitor)
