"""`monitor demo`: the whole job on simulated scenes, with the truth at hand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from shapely.geometry import shape

from monitor import training
from monitor.catalog.aoi import load_area
from monitor.cli.alerts_text import feature_collection
from monitor.cli.charts import write_alert, write_signatures, write_timeline
from monitor.cli.output import out, plain, progress, table
from monitor.cli.pictures import write_composite, write_labels, write_overview, write_sweep
from monitor.cli.scan import as_table, scan_monitors
from monitor.config import Settings
from monitor.config_file import load_settings
from monitor.detection.result import Kind
from monitor.errors import ConfigError
from monitor.simulate import SimulatedCatalog, SimulatedChange, write_catalog
from monitor.store import Store, open_store
from monitor.store.alerts import AlertFilter, AlertOrder, AlertRow, list_alerts
from monitor.store.history import metrics_of_many
from monitor.store.scenes import SceneRow, find_scene, list_scenes
from monitor.store.tables import OPEN_STATES

NAME = "lakeshore"
SHARES = ("cloud_fraction", "shadow_fraction", "anomaly_fraction")


def demo(
    dates: Annotated[int, typer.Option(min=2, max=60, help="Scenes to simulate, 16 days apart.")] = 8,
    folder: Annotated[Path, typer.Option("--dir", help="Where everything goes.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Other seeds are other places and clouds.")] = 1,
) -> None:
    """Simulate scenes with known changes, fit, scan, and show what was found."""
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"{folder} is not empty; remove it or name another folder with --dir")
    with progress() as bar:
        task = bar.add_task("simulating scenes", total=dates)
        made = write_catalog(
            folder / "catalog", dates, seed, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
    settings = load_settings(write_config(folder, made))
    with open_store(settings.database) as store:
        store.upgrade()
        failed = watch(store, settings, made, folder)
    if failed:
        raise typer.Exit(1)


def watch(store: Store, settings: Settings, made: SimulatedCatalog, folder: Path) -> int:
    """Fit, scan and show; gives how many scenes failed and changes were missed."""
    monitor = settings.monitor(NAME)
    trainee = training.Trainee(settings, monitor, load_area(monitor.aoi))
    row = training.fit(store, trainee, made.reference_id, "auto")
    out.print(f"Reference: {row.scene_id}, k = {row.k} ({row.metrics['reason']})\n", soft_wrap=True)
    (report,) = scan_monitors(store, settings, [monitor])
    out.print(as_table([report]))
    with store.session(read_only=True) as session:
        scenes = list_scenes(session, monitor=NAME)
        shares = metrics_of_many(session, [scene.pk for scene in scenes])
        alerts = list_alerts(session)
    show_scenes(scenes, [shares.get(scene.pk, {}) for scene in scenes])
    missed = show_changes(made.changes, alerts)
    geojson = json.dumps(feature_collection(alerts), indent=1, default=plain)
    (folder / "alerts.geojson").write_text(geojson, encoding="utf-8")
    show_places(folder, settings, write_pictures(store, settings, made, folder / "pictures"))
    return report.failed + missed


def write_config(folder: Path, made: SimulatedCatalog) -> Path:
    """A configuration for the simulated catalog; gives its path."""
    monitor = {
        "name": NAME,
        "catalogs": ["simulated"],
        "aoi": [round(value, 5) for value in made.bbox],
        "bands": ["coastal", "blue", "green", "red", "nir08", "swir16", "swir22"],
        "start": made.start,
        "reference": {"scene": made.reference_id, "k": "auto"},
    }
    settings = {
        "database": "sqlite:///monitor.db",
        "models_dir": "models",
        "catalogs": {"simulated": {"url": "catalog/catalog.json"}},
        "monitors": [monitor],
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return path


def show_scenes(scenes: Sequence[SceneRow], metrics: Sequence[dict[str, float | None]]) -> None:
    """What every scene is covered with, in percent."""
    rows = [
        {"scene": scene.scene_id, "state": str(scene.state)}
        | {name.removesuffix("_fraction") + " %": 100 * (of_scene.get(name) or 0.0) for name in SHARES}
        for scene, of_scene in zip(scenes, metrics, strict=True)
    ]
    out.print(table(rows, tuple(rows[0])))


def show_changes(changes: Sequence[SimulatedChange], alerts: Sequence[AlertRow]) -> int:
    """Every injected change with the alert at its place; gives how many have none though they could be seen."""
    clouds = [alert for alert in alerts if alert.kind is Kind.CLOUD]
    out.print(f"\nAlerts: {len(clouds)} of clouds, {sum(a.kind is Kind.SHADOW for a in alerts)} of cloud shadows, "
              f"{sum(a.kind is Kind.ANOMALY for a in alerts)} of anomalies")  # fmt: skip
    rows: list[dict[str, Any]] = []
    missed = 0
    for change in changes:
        alert = alert_at(change, alerts)
        missed += alert is None and bool(change.visible_items)
        said: dict[str, Any] = {"alert": "none", "state": "", "score": None, "what it says": ""}
        if alert:
            said = {"alert": alert.id, "state": alert.state, "score": alert.score, "what it says": alert.description}
        rows.append({"change": change.kind, "hectares": change.area_m2 / 1e4, **said})
    out.print(table(rows, tuple(rows[0])))
    return missed


def alert_at(change: SimulatedChange, alerts: Sequence[AlertRow]) -> AlertRow | None:
    """The anomaly alert with most of the change under it."""
    place = shape(change.geometry)
    common = [(shape(alert.geometry).intersection(place).area, alert) for alert in alerts if alert.kind is Kind.ANOMALY]
    best = max(common, key=lambda pair: pair[0], default=(0.0, None))
    return best[1] if best[0] > 0 else None


def write_pictures(store: Store, settings: Settings, made: SimulatedCatalog, folder: Path) -> list[Path]:
    """Pictures of the scene on which most changes are in sight."""
    folder.mkdir()
    in_sight = [item for change in made.changes for item in change.visible_items]
    busiest = max(made.scene_ids, key=lambda scene_id: (in_sight.count(scene_id), scene_id))
    with store.session(read_only=True) as session:
        scene = find_scene(session, busiest, NAME)
        names = ("overview", "composite", "labels", "sweep")
        paths = [folder / f"{name}.png" for name in names]
        write_overview(session, settings, scene, paths[0])
        write_composite(session, settings, scene, ("swir22", "nir08", "red"), paths[1])
        write_labels(session, scene, paths[2])
        write_sweep(session, scene, paths[3])
        paths += [folder / f"{name}.png" for name in ("timeline", "signatures")]
        write_timeline(session, NAME, paths[4])
        write_signatures(session, scene, paths[5])
        anomalies = AlertFilter(NAME, (Kind.ANOMALY,), OPEN_STATES)
        for alert in list_alerts(session, anomalies, order=AlertOrder.AREA, limit=1):
            paths.append(folder / "alert.png")
            write_alert(session, settings, alert.id, paths[-1])
    return paths


def show_places(folder: Path, settings: Settings, pictures: Sequence[Path]) -> None:
    """Where everything is, and what to try next."""
    places = {
        "scenes and truth": folder / "catalog",
        "configuration": folder / "config.yaml",
        "database": settings.database,
        "reference model": settings.models_dir / NAME / "1",
        "alerts": folder / "alerts.geojson",
        "pictures": ", ".join(str(path) for path in pictures),
    }
    out.print()
    for name, place in places.items():
        out.print(f"{name:17} {place}", soft_wrap=True, highlight=False)
    out.print(f"\nNext: monitor --config {folder / 'config.yaml'} alerts list --kind anomaly", soft_wrap=True)
