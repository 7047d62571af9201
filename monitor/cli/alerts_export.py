"""`monitor alerts export`: alerts in a file for a map or a spreadsheet."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from shapely.geometry import shape

from monitor.cli.alerts_text import PROPERTIES, feature_collection
from monitor.cli.context import of
from monitor.cli.history_output import SinceOption, UntilOption, utc, write_bytes
from monitor.cli.output import err, plain
from monitor.detection.result import Kind
from monitor.errors import ConfigError
from monitor.history.extra import require
from monitor.history.frames import geo_frame
from monitor.store.alerts import AlertFilter, AlertRow, list_alerts
from monitor.store.tables import AlertState


class ExportFormat(StrEnum):
    """What kind of file."""

    GEOJSON = "geojson"
    GPKG = "gpkg"
    CSV = "csv"
    PARQUET = "parquet"


SUFFIXES = {".json": ExportFormat.GEOJSON, ".geoparquet": ExportFormat.PARQUET}
PURPOSE = "a GeoPackage or GeoParquet file"


def export(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.", dir_okay=False)],
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Monitor; default: all.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only that kind.")] = None,
    state: Annotated[AlertState | None, typer.Option(help="Only in that state.")] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    form: Annotated[ExportFormat | None, typer.Option("--format", help="Default: by the file's ending.")] = None,
) -> None:
    """Alerts as GeoJSON, GeoPackage, CSV (outlines as WKT) or GeoParquet, in WGS 84."""
    chosen = form or by_ending(output)
    if name:
        of(context).settings.monitor(name)
    kinds, states = (kind,) if kind else (), (state,) if state else ()
    with of(context).store.session(read_only=True) as session:
        alerts = list_alerts(session, AlertFilter(name, kinds, states, utc(since), utc(until)))
    write_bytes(output, WRITERS[chosen](alerts))
    err.print(f"{len(alerts)} alerts in {output}", soft_wrap=True)


def by_ending(path: Path) -> ExportFormat:
    """The format that a file's ending calls for; ConfigError for another ending."""
    ending = path.suffix.lower()
    if ending in SUFFIXES:
        return SUFFIXES[ending]
    try:
        return ExportFormat(ending.removeprefix("."))
    except ValueError:
        known = ", ".join(f".{form}" for form in ExportFormat)
        raise ConfigError(f"{path}: no format goes by that ending; use {known}, or say --format") from None


def as_geojson(alerts: Sequence[AlertRow]) -> bytes:
    """A FeatureCollection (RFC 7946)."""
    return json.dumps(feature_collection(alerts), indent=1, default=plain).encode()


def as_csv(alerts: Sequence[AlertRow]) -> bytes:
    """Properties, a point inside, and the outline as WKT."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*PROPERTIES, "lon", "lat", "wkt"])
    for alert in alerts:
        outline, values = shape(alert.geometry), asdict(alert)
        point = outline.representative_point()
        row = [plain(values[name]) for name in PROPERTIES]
        writer.writerow([*row, round(point.x, 6), round(point.y, 6), outline.wkt])
    return text.getvalue().encode()


def as_parquet(alerts: Sequence[AlertRow]) -> bytes:
    """GeoParquet."""
    content = io.BytesIO()
    frame_of(alerts).to_parquet(content, index=False)
    return content.getvalue()


def as_gpkg(alerts: Sequence[AlertRow]) -> bytes:
    """A GeoPackage with one layer `alerts`."""
    content = io.BytesIO()
    frame_of(alerts).to_file(content, driver="GPKG", layer="alerts", engine="pyogrio")
    return content.getvalue()


def frame_of(alerts: Sequence[AlertRow]) -> Any:
    """Alerts as a GeoPandas frame with columns that every format can hold."""
    require("geopandas", PURPOSE)
    require("pyogrio", PURPOSE)
    rows = [asdict(alert) for alert in alerts]
    records = [{name: " ".join(row[name]) if name == "scene_ids" else row[name] for name in PROPERTIES} for row in rows]
    return geo_frame(records, [alert.geometry for alert in alerts])


WRITERS: dict[ExportFormat, Callable[[Sequence[AlertRow]], bytes]] = {
    ExportFormat.GEOJSON: as_geojson,
    ExportFormat.GPKG: as_gpkg,
    ExportFormat.CSV: as_csv,
    ExportFormat.PARQUET: as_parquet,
}
