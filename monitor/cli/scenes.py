"""`monitor scenes`: what is known of every scene."""

from dataclasses import asdict
from typing import Annotated

import typer

from monitor.cli.context import of
from monitor.cli.output import Format, show_rows
from monitor.store.history import metrics_of_many
from monitor.store.scenes import list_scenes

app = typer.Typer(help="Scenes and what became of them.", no_args_is_help=True)

METRICS = ("cloud_fraction", "shadow_fraction", "anomaly_fraction")
COLUMNS = ("monitor", "scene_id", "datetime", "platform", "state", *METRICS, "error")
INTERNAL = ("pk", "monitor_id", "lease_owner", "lease_until")


@app.command("list")
def list_command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Monitor; default: all.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """List the scenes by date, with their state and how much of them is cloud, shadow and anomaly."""
    if name:
        of(context).settings.monitor(name)
    with of(context).store.session(read_only=True) as session:
        scenes = list_scenes(session, monitor=name)
        metrics = metrics_of_many(session, [scene.pk for scene in scenes])
    rows = []
    for scene in scenes:
        of_scene = metrics.get(scene.pk, {})
        row = {key: value for key, value in asdict(scene).items() if key not in INTERNAL}
        rows.append(row | {key: of_scene.get(key) for key in METRICS} | {"metrics": of_scene})
    show_rows(rows, COLUMNS, form, "no scenes yet; `monitor scan` looks for them")
