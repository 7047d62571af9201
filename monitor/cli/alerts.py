"""`monitor alerts`: what was found."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from monitor.cli.context import of
from monitor.cli.output import Format, show_json, show_rows
from monitor.detection.result import Kind
from monitor.store.alerts import AlertFilter, AlertRow, list_alerts
from monitor.store.tables import AlertState

app = typer.Typer(help="Alerts: clouds, cloud shadows and anomalies.", no_args_is_help=True)

COLUMNS = ("id", "kind", "state", "score", "hectares", "seen", "description")
PROPERTIES = (
    "id", "monitor", "kind", "state", "score", "area_m2", "first_seen", "last_seen", "scene_ids", "description",
)  # fmt: skip


class AlertFormat(StrEnum):
    """How alerts are printed."""

    TABLE = "table"
    JSON = "json"
    GEOJSON = "geojson"
    CSV = "csv"


@app.command("list")
def list_command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Monitor; default: all.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only that kind.")] = None,
    state: Annotated[AlertState | None, typer.Option(help="Only in that state.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Seen since (UTC).")
    ] = None,
    form: Annotated[AlertFormat, typer.Option("--format")] = AlertFormat.TABLE,
) -> None:
    """List alerts, the last seen first."""
    if name:
        of(context).settings.monitor(name)
    wanted = AlertFilter(
        monitor=name,
        kinds=(kind,) if kind else (),
        states=(state,) if state else (),
        since=since.replace(tzinfo=UTC) if since else None,
    )
    with of(context).store.session(read_only=True) as session:
        alerts = list_alerts(session, wanted)
    if form is AlertFormat.GEOJSON:
        show_json(feature_collection(alerts))
    else:
        rows = [asdict(alert) | {"hectares": alert.area_m2 / 1e4, "seen": seen(alert)} for alert in alerts]
        several = len({alert.monitor for alert in alerts}) > 1
        columns = ("monitor", *COLUMNS) if several else COLUMNS
        show_rows(rows, PROPERTIES if form is AlertFormat.CSV else columns, Format(form), "no alerts")


def seen(alert: AlertRow) -> str:
    """The day, or the days between which it was seen."""
    first, last = f"{alert.first_seen:%Y-%m-%d}", f"{alert.last_seen:%Y-%m-%d}"
    return first if first == last else f"{first} {last}"


def feature_collection(alerts: Sequence[AlertRow]) -> dict[str, Any]:
    """GeoJSON (RFC 7946) of alerts, WGS 84."""
    return {"type": "FeatureCollection", "features": [feature(alert) for alert in alerts]}


def feature(alert: AlertRow) -> dict[str, Any]:
    """One alert as a GeoJSON feature."""
    values = asdict(alert)
    properties = {key: values[key] for key in PROPERTIES} | {"scene_ids": list(alert.scene_ids)}
    return {
        "type": "Feature",
        "id": alert.id,
        "geometry": alert.geometry,
        "bbox": list(alert.bbox),
        "properties": properties,
    }
