"""Charts of the history, for `monitor plot` and the demo."""

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from monitor import plots
from monitor.alert_picture import alert_picture
from monitor.cli.pictures import save
from monitor.config import Settings
from monitor.detection.result import Kind
from monitor.errors import NotFoundError
from monitor.history.records import scene_rows
from monitor.plots import TimelineAlert, TimelineScene
from monitor.store.alerts import AlertFilter, list_alerts
from monitor.store.history import label_stats_of, metrics_of_many
from monitor.store.scene_list import SceneFilter
from monitor.store.scenes import SceneRow
from monitor.store.tables import SceneState


def write_timeline(
    session: Session, monitor: str, path: Path, since: datetime | None = None, until: datetime | None = None
) -> None:
    """Cover, misalignment, anomalies and anomaly alerts of a monitor over time; NotFoundError without any scene."""
    rows = scene_rows(session, SceneFilter(monitor, (SceneState.DONE,), since, until))
    if not rows:
        raise NotFoundError(f"monitor {monitor} has no processed scene in that time; `monitor scan` processes them")
    metrics = metrics_of_many(session, [row.pk for row in rows])
    scenes = [
        TimelineScene(
            row.datetime,
            metrics[row.pk].get("cloud_fraction"),
            metrics[row.pk].get("shadow_fraction"),
            metrics[row.pk].get("anomaly_fraction"),
            metrics[row.pk].get("misalignment_appeared"),
        )
        for row in rows
    ]
    found = list_alerts(session, AlertFilter(monitor, (Kind.ANOMALY,), since=since, until=until))
    alerts = [TimelineAlert(a.id, str(a.state), a.area_m2, a.first_seen, a.last_seen) for a in found]
    days = f"{rows[0].datetime:%Y-%m-%d} to {rows[-1].datetime:%Y-%m-%d}"
    save(
        plots.timeline(
            scenes, alerts, monitor, f"{len(rows)} scenes, {days}; {len(alerts)} anomaly alerts; hollow: mostly covered"
        ),
        path,
    )


def write_signatures(session: Session, row: SceneRow, path: Path, kind: str = "reference") -> None:
    """Spectra of every label of a scene's map; NotFoundError without labels."""
    stats = label_stats_of(session, row.pk, kind)
    if not stats or not stats[0].bands:
        raise NotFoundError(f"scene {row.scene_id} has no labels: it is {row.state}; `monitor scan` processes it")
    by = "the scene's own sweep" if kind == "sweep" else f"reference version {row.reference_version}"
    band = "line: mean; dark band: one standard deviation; light band: 5 to 95 %"
    said = f"{row.datetime:%Y-%m-%d}, labels by {by}; {band}"
    save(plots.signatures(stats, row.scene_id, said), path)


def write_alert(session: Session, settings: Settings, alert_id: int, path: Path) -> None:
    """Before and after, spectra, words and looks of one alert."""
    save(alert_picture(session, settings, alert_id), path)
