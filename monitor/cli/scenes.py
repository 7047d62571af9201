"""`monitor scenes`: what is known of every scene."""

from dataclasses import asdict, fields
from typing import Annotated, Any

import typer

from monitor.cli.context import of
from monitor.cli.output import Format, show_rows
from monitor.cli.retry import quarantine, retry
from monitor.store.history import metrics_of_many
from monitor.store.rejects import RejectRow, list_rejects
from monitor.store.scenes import SceneRow, list_scenes
from monitor.store.tables import SceneState

app = typer.Typer(help="Scenes and what became of them.", no_args_is_help=True)
app.command("retry")(retry)
app.add_typer(quarantine, name="quarantine")

METRICS = ("cloud_fraction", "shadow_fraction", "anomaly_fraction")
COLUMNS = ("monitor", "scene_id", "datetime", "platform", "state", *METRICS, "error")
TABLE = ("scene_id", "datetime", "state", "cloud %", "shadow %", "anomaly %", "error")
INTERNAL = ("pk", "monitor_id", "lease_owner", "lease_until")


@app.command("list")
def list_command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Monitor; default: all.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """List the scenes by date, with their state and how much of them is cloud, shadow and anomaly.

    Items that are malformed in their catalog come last, as failed.
    """
    if name:
        of(context).settings.monitor(name)
    with of(context).store.session(read_only=True) as session:
        scenes = list_scenes(session, monitor=name)
        metrics = metrics_of_many(session, [scene.pk for scene in scenes])
        rejected = list_rejects(session, name)
    rows = []
    for scene in scenes:
        of_scene = metrics.get(scene.pk, {})
        row = {key: value for key, value in asdict(scene).items() if key not in INTERNAL}
        rows.append(row | {key: of_scene.get(key) for key in METRICS} | {"metrics": of_scene})
    rows += [rejected_row(item) for item in rejected]
    columns: tuple[str, ...] = COLUMNS
    if form is Format.TABLE:
        rows = [row | percentages(row) for row in rows]
        columns = TABLE if len({row["monitor"] for row in rows}) == 1 else ("monitor", *TABLE)
    show_rows(rows, columns, form, "no scenes yet; `monitor scan` looks for them")


def percentages(row: dict[str, Any]) -> dict[str, float | None]:
    """The shares of a scene in percent, by the name of their column."""
    shares = {name: row[name] for name in METRICS}
    return {
        f"{name.removesuffix('_fraction')} %": None if share is None else round(100 * share, 1)
        for name, share in shares.items()
    }


def rejected_row(item: RejectRow) -> dict[str, Any]:
    """A malformed item as a scene of which nothing is known."""
    nothing = {column.name: None for column in fields(SceneRow) if column.name not in INTERNAL}
    known = {"monitor": item.monitor, "scene_id": item.item_id, "catalog": item.catalog, "error": item.error}
    return nothing | dict.fromkeys(METRICS) | known | {"state": SceneState.FAILED, "metrics": {}}
