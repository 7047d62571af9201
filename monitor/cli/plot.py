"""`monitor plot`: pictures of scenes, alerts and time."""

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.charts import write_alert, write_signatures, write_timeline
from monitor.cli.context import of
from monitor.cli.export import LabelKind
from monitor.cli.history_output import SinceOption, UntilOption, utc
from monitor.cli.pictures import write_composite, write_labels, write_overview, write_sweep
from monitor.cli.scene_argument import MonitorOption, SceneArgument, find

app = typer.Typer(help="Pictures of scenes, alerts and time (PNG).", no_args_is_help=True)

Output = Annotated[Path, typer.Option("--output", "-o", help="PNG file.")]
KindOption = Annotated[LabelKind, typer.Option(help="By the reference model, or by the scene's own sweep.")]


@app.command()
def composite(
    context: typer.Context,
    scene: SceneArgument,
    output: Output,
    bands: Annotated[str, typer.Option(help="Three bands as red, green and blue.")] = "red,green,blue",
    monitor: MonitorOption = None,
) -> None:
    """Three bands as a colour picture, with the outlines of what was flagged."""
    with of(context).store.session(read_only=True) as session:
        row = find(context, session, scene, monitor)
        names = [name.strip() for name in bands.split(",")]
        write_composite(session, of(context).settings, row, names, output)


@app.command()
def labels(
    context: typer.Context,
    scene: SceneArgument,
    output: Output,
    kind: KindOption = LabelKind.REFERENCE,
    monitor: MonitorOption = None,
) -> None:
    """The label map, its legend, and the mean spectrum of every label."""
    with of(context).store.session(read_only=True) as session:
        write_labels(session, find(context, session, scene, monitor), output, kind)


@app.command()
def sweep(
    context: typer.Context,
    scene: SceneArgument,
    output: Output,
    monitor: MonitorOption = None,
) -> None:
    """Inertia and silhouette over k, with the chosen k."""
    with of(context).store.session(read_only=True) as session:
        write_sweep(session, find(context, session, scene, monitor), output)


@app.command()
def overview(
    context: typer.Context,
    scene: SceneArgument,
    output: Output,
    monitor: MonitorOption = None,
) -> None:
    """The reference, the scene, and its flags side by side."""
    with of(context).store.session(read_only=True) as session:
        write_overview(session, of(context).settings, find(context, session, scene, monitor), output)


@app.command()
def timeline(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Monitor.")],
    output: Output,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Cover, misalignment, anomalies and alerts of a monitor over time."""
    of(context).settings.monitor(name)
    with of(context).store.session(read_only=True) as session:
        write_timeline(session, name, output, utc(since), utc(until))


@app.command()
def signatures(
    context: typer.Context,
    scene: SceneArgument,
    output: Output,
    kind: KindOption = LabelKind.REFERENCE,
    monitor: MonitorOption = None,
) -> None:
    """Spectra of every label, with their spread."""
    with of(context).store.session(read_only=True) as session:
        write_signatures(session, find(context, session, scene, monitor), output, kind)


@app.command()
def alert(
    context: typer.Context,
    alert_id: Annotated[int, typer.Argument(metavar="ID", help="Number of the alert.")],
    output: Output,
) -> None:
    """An alert: before and after, spectra, evidence in words, and what became of it."""
    with of(context).store.session(read_only=True) as session:
        write_alert(session, of(context).settings, alert_id, output)
