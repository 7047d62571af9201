"""`monitor history`: figures about the past."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from monitor.catalog.aoi import load_area
from monitor.cli.alerts_text import PROPERTIES, seen
from monitor.cli.context import of
from monitor.cli.export import LabelKind
from monitor.cli.history_output import FormatOption, HistoryFormat, OutputOption, SinceOption, UntilOption, give, utc
from monitor.cli.scene_argument import MonitorOption, find
from monitor.detection.result import Kind
from monitor.errors import NotFoundError
from monitor.history.place import Span, area_records, pixel_records
from monitor.history.records import (
    LABEL_COLUMNS,
    METRIC_KEYS,
    SCENE_COLUMNS,
    SWEEP_COLUMNS,
    label_records,
    metric_records,
    scene_records,
    sweep_records,
)
from monitor.store.alerts import AlertFilter, list_alerts
from monitor.store.history import sweeps_of
from monitor.store.scene_list import SceneFilter
from monitor.store.tables import AlertState, SceneState

app = typer.Typer(help="What was found, over time.", no_args_is_help=True)

OF_ONE_SWEEP = ("k", "inertia", "silhouette", "chosen", "reason")
SCENE_TABLE = ("monitor", "scene_id", "datetime", "state", "cloud_fraction", "shadow_fraction", "anomaly_fraction")
SWEEP_TABLE = ("scene_id", "datetime", "k", "inertia", "silhouette", "chosen")
LABEL_TABLE = ("label", "band", "pixels", "mean", "std", "minimum", "q05", "q50", "q95", "maximum", "unique_values")
USUAL_METRICS = (
    "cloud_fraction", "shadow_fraction", "anomaly_fraction", "misalignment_appeared", "misalignment_vanished",
    "label_disagreement", "qa_cloud_agreement",
)  # fmt: skip
ALERT_TABLE = ("id", "monitor", "kind", "state", "score", "hectares", "seen", "description")
PIXEL_COLUMNS = ("scene_id", "datetime", "label", "reference_label", "flag", "spectrum_distance", "reference_version")
AREA_COLUMNS = ("scene_id", "datetime", "label", "flag", "pixels", "area_m2", "share", "reference_version")
AREA_TABLE = ("scene_id", "datetime", "label", "flag", "pixels", "hectares", "share %")

Name = Annotated[str | None, typer.Argument(metavar="[NAME]", help="Monitor; default: all.")]
OneName = Annotated[str, typer.Argument(metavar="NAME", help="Monitor.")]
Scene = Annotated[str | None, typer.Argument(metavar="[SCENE]", help="Scene id; default: every scene.")]


@app.command()
def scenes(
    context: typer.Context,
    name: Name = None,
    state: Annotated[SceneState | None, typer.Option(help="Only in that state.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    form: FormatOption = HistoryFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Scenes by date, with their shares of cloud, shadow and anomaly."""
    wanted = SceneFilter(known(context, name), (state,) if state else (), utc(since), utc(until))
    with of(context).store.session(read_only=True) as session:
        rows = scene_records(session, wanted)
    give(rows, SCENE_COLUMNS, form, output, "no such scenes", SCENE_TABLE)


@app.command()
def metrics(
    context: typer.Context,
    name: Name = None,
    metric: Annotated[list[str] | None, typer.Option(help="Only that one; may be given more than once.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    form: FormatOption = HistoryFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Metrics of every scene by date: one row a scene, one column a metric."""
    wanted = SceneFilter(known(context, name), (), utc(since), utc(until))
    with of(context).store.session(read_only=True) as session:
        rows = metric_records(session, wanted)
    there = [column for column in rows[0] if column not in METRIC_KEYS] if rows else []
    if unknown := set(metric or ()) - set(there) if rows else set():
        raise NotFoundError(f"no metric {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    usual = [column for column in USUAL_METRICS if column in there]
    columns = (*METRIC_KEYS, *(metric or there))
    rows = [{key: row[key] for key in columns} for row in rows]
    give(rows, columns, form, output, "no scene has metrics yet", ("scene_id", "datetime", *(metric or usual)))


@app.command()
def sweeps(
    context: typer.Context,
    scene: Scene = None,
    monitor: MonitorOption = None,
    form: FormatOption = HistoryFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Inertia and silhouette for every k, of a scene or of all."""
    with of(context).store.session(read_only=True) as session:
        if scene is None:
            every = sweep_records(session, SceneFilter(known(context, monitor)))
            give(every, SWEEP_COLUMNS, form, output, "no scene has a sweep yet", SWEEP_TABLE)
            return
        found = find(context, session, scene, monitor)
        rows = [asdict(row) for row in sweeps_of(session, found.pk)]
    if not rows:
        raise NotFoundError(f"scene {found.scene_id} has no sweep: it is {found.state}; `monitor scan` processes it")
    give(rows, OF_ONE_SWEEP, form, output, "")


@app.command()
def labels(
    context: typer.Context,
    scene: Scene = None,
    kind: Annotated[LabelKind, typer.Option(help="By the reference model, or by the scene's own sweep.")] = (
        LabelKind.REFERENCE
    ),
    monitor: MonitorOption = None,
    form: FormatOption = HistoryFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Spectral values per label and band, of a scene or of all: mean, std, quantiles and unique values."""
    with of(context).store.session(read_only=True) as session:
        if scene is None:
            rows = label_records(session, SceneFilter(known(context, monitor)), None, kind)
        else:
            found = find(context, session, scene, monitor)
            rows = label_records(session, SceneFilter(), found.pk, kind)
            if not rows:
                raise NotFoundError(
                    f"scene {found.scene_id} has no labels: it is {found.state}; `monitor scan` processes it"
                )
    several = len({row["scene_id"] for row in rows}) > 1
    give(
        rows,
        LABEL_COLUMNS,
        form,
        output,
        "no scene has labels yet",
        ("scene_id", *LABEL_TABLE) if several else LABEL_TABLE,
    )


@app.command()
def alerts(
    context: typer.Context,
    name: Name = None,
    kind: Annotated[Kind | None, typer.Option(help="Only that kind.")] = None,
    state: Annotated[AlertState | None, typer.Option(help="Only in that state.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    min_score: Annotated[float | None, typer.Option(help="Only with that score or more (0-1).")] = None,
    form: FormatOption = HistoryFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Alerts, the last seen first."""
    wanted = AlertFilter(
        known(context, name),
        (kind,) if kind else (),
        (state,) if state else (),
        utc(since),
        utc(until),
        min_score=min_score,
    )
    with of(context).store.session(read_only=True) as session:
        found = list_alerts(session, wanted)
    rows = [asdict(alert) | {"hectares": alert.area_m2 / 1e4, "seen": seen(alert)} for alert in found]
    give(rows, PROPERTIES, form, output, "no such alerts", ALERT_TABLE)


@app.command()
def pixel(
    context: typer.Context,
    name: OneName,
    lon: Annotated[float, typer.Option(help="Longitude, degrees (WGS 84).")],
    lat: Annotated[float, typer.Option(help="Latitude, degrees (WGS 84).")],
    since: SinceOption = None,
    until: UntilOption = None,
    form: FormatOption = HistoryFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Label, reference label, flag and spectral distance of one pixel in every scene, by date."""
    models = of(context).settings.models_dir
    with of(context).store.session(read_only=True) as session:
        rows = pixel_records(session, models, str(known(context, name)), lon, lat, Span(utc(since), utc(until)))
    give(rows, PIXEL_COLUMNS, form, output, "no scene has label maps yet", PIXEL_COLUMNS[:-1])


@app.command()
def area(
    context: typer.Context,
    name: OneName,
    geojson: Annotated[Path, typer.Option(help="GeoJSON file with a polygon (WGS 84).", dir_okay=False)],
    since: SinceOption = None,
    until: UntilOption = None,
    form: FormatOption = HistoryFormat.TABLE,
    output: OutputOption = None,
) -> None:
    """Area per label and flag inside a polygon in every scene, by date."""
    outline = load_area(geojson)
    with of(context).store.session(read_only=True) as session:
        rows = area_records(session, str(known(context, name)), outline, Span(utc(since), utc(until)))
    if form is HistoryFormat.TABLE:
        rows = [row | {"hectares": row["area_m2"] / 1e4, "share %": round(100 * row["share"], 1)} for row in rows]
    give(rows, AREA_COLUMNS, form, output, "no scene has label maps yet", AREA_TABLE)


def known(context: typer.Context, name: str | None) -> str | None:
    """A monitor's name; raises ConfigError for one that the configuration does not have."""
    if name is not None:
        of(context).settings.monitor(name)
    return name
