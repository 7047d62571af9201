"""`monitor alerts`: what was found, and what people do with it."""

from dataclasses import asdict
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from monitor.cli import review
from monitor.cli.alerts_export import export
from monitor.cli.alerts_text import PROPERTIES, feature_collection, seen
from monitor.cli.context import of
from monitor.cli.output import Format, show_json, show_rows
from monitor.detection.result import Kind
from monitor.store.alerts import AlertFilter, list_alerts
from monitor.store.tables import AlertState

app = typer.Typer(help="Alerts: clouds, cloud shadows and anomalies.", no_args_is_help=True)

COLUMNS = ("id", "kind", "state", "score", "hectares", "seen", "description")


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


for command in (review.show, review.ack, review.confirm, review.dismiss, review.reopen, review.comment, export):
    app.command()(command)
