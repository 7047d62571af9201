"""`monitor reference`: fit, list and activate reference models."""

from dataclasses import asdict
from typing import Annotated

import typer

from monitor import training
from monitor.catalog.aoi import load_area
from monitor.cli.context import of
from monitor.cli.output import Format, err, out, show_rows
from monitor.store import monitors as monitor_store
from monitor.store import references as reference_store

app = typer.Typer(help="Reference models, fitted on a clear scene.", no_args_is_help=True)

COLUMNS = ("monitor", "version", "active", "scene_id", "k", "created_at")


@app.command()
def fit(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Monitor.")],
    scene: Annotated[str | None, typer.Option(help="Scene id, or auto; default: as configured.")] = None,
    k: Annotated[int | None, typer.Option(min=2, max=64, help="Number of clusters; default: as configured.")] = None,
) -> None:
    """Fit the next version and activate it."""
    settings = of(context).settings
    monitor = settings.monitor(name)
    trainee = training.Trainee(settings, monitor, load_area(monitor.aoi))
    with err.status(f"fitting the reference of {name}"):
        row = training.fit(
            of(context).writable_store, trainee, scene or monitor.reference.scene, k or monitor.reference.k
        )
    out.print(f"{name}: version {row.version} fitted on {row.scene_id} with k = {row.k}, active", soft_wrap=True)
    out.print(row.metrics["reason"], soft_wrap=True)


@app.command("list")
def list_versions(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Monitor; default: all.")] = None,
    form: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """List the versions; the active one is what scenes are compared with."""
    if name:
        of(context).settings.monitor(name)
    with of(context).store.session(read_only=True) as session:
        rows = [asdict(row) for row in reference_store.list_references(session, name)]
    show_rows(rows, COLUMNS, form, "no reference model yet; `monitor reference fit NAME` makes one")


@app.command()
def activate(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Monitor.")],
    version: Annotated[int, typer.Argument(help="Version.")],
) -> None:
    """Compare scenes with that version from now on."""
    of(context).settings.monitor(name)
    with of(context).store.session() as session:
        monitor_id = monitor_store.find_monitor(session, name)
        reference_store.activate_reference(session, monitor_id, version)
    out.print(f"{name}: version {version} is active")
