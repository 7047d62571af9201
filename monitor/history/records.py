"""Rows about many scenes at once, as plain dicts; columns have the names that the commands and the frames show."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from monitor.spectrum import wavelength_order
from monitor.store.history import metrics_of_many
from monitor.store.scene_list import SceneFilter
from monitor.store.scenes import SceneRow, select_scenes
from monitor.store.tables import QUANTILE_COLUMNS, LabelBandStat, LabelMap, LabelStat, Monitor, Scene, SweepEntry

Record = dict[str, Any]

SHARES = ("cloud_fraction", "shadow_fraction", "anomaly_fraction")
SCENE_COLUMNS = (
    "monitor", "scene_id", "product_id", "datetime", "platform", "state", "reference_version", "cloud_cover",
    "sun_azimuth", "sun_elevation", *SHARES, "processed_at", "error",
)  # fmt: skip
SWEEP_COLUMNS = (
    "monitor",
    "scene_id",
    "datetime",
    "k",
    "inertia",
    "silhouette",
    "chosen",
    "reason",
    "seed",
    "sample_size",
)
LABEL_COLUMNS = (
    "monitor", "scene_id", "datetime", "map", "label", "band", "pixels", "area_m2", "mean", "std",
    *QUANTILE_COLUMNS, "unique_values",
)  # fmt: skip
METRIC_KEYS = ("monitor", "scene_id", "datetime")


def scene_rows(session: Session, wanted: SceneFilter) -> list[SceneRow]:
    """The scenes themselves, by acquisition."""
    query = wanted.of(select_scenes()).order_by(Scene.datetime, Scene.id)
    return [SceneRow.from_row(row) for row in session.execute(query)]


def scene_records(session: Session, wanted: SceneFilter) -> list[Record]:
    """One row a scene: what is known of it, and its shares of cloud, shadow and anomaly."""
    scenes = scene_rows(session, wanted)
    metrics = metrics_of_many(session, [scene.pk for scene in scenes])
    return [
        {name: getattr(scene, name) for name in SCENE_COLUMNS if name not in SHARES}
        | {name: metrics[scene.pk].get(name) for name in SHARES}
        | {"bbox": scene.bbox}
        for scene in scenes
    ]


def metric_records(session: Session, wanted: SceneFilter, names: Sequence[str] = ()) -> list[Record]:
    """One row a scene with a column for every metric (or the named ones); scenes without any are left out."""
    scenes = scene_rows(session, wanted)
    metrics = metrics_of_many(session, [scene.pk for scene in scenes])
    columns = names or sorted({name for found in metrics.values() for name in found})
    return [
        {key: getattr(scene, key) for key in METRIC_KEYS} | {name: metrics[scene.pk].get(name) for name in columns}
        for scene in scenes
        if metrics[scene.pk]
    ]


def sweep_records(session: Session, wanted: SceneFilter, scene_pk: int | None = None) -> list[Record]:
    """One row a scene and k."""
    entry = SweepEntry
    columns = (entry.k, entry.inertia, entry.silhouette, entry.chosen, entry.reason, entry.seed, entry.sample_size)
    query = of_scene(wanted, scene_pk, *columns).join(entry, entry.scene_id == Scene.id)
    rows = session.execute(query.order_by(Scene.datetime, Scene.id, entry.k))
    return [dict(zip(SWEEP_COLUMNS, row, strict=True)) for row in rows]


def label_records(
    session: Session, wanted: SceneFilter, scene_pk: int | None = None, kind: str = "reference"
) -> list[Record]:
    """One row a scene, label and band of one kind of map: sizes and spectral values."""
    band = LabelBandStat
    columns = (LabelMap.kind, band.label, band.band, LabelStat.pixels, LabelStat.area_m2, band.mean, band.std)
    quantiles = [getattr(band, name) for name in QUANTILE_COLUMNS]
    query = (
        of_scene(wanted, scene_pk, *columns, *quantiles, band.unique_values)
        .join(LabelMap, LabelMap.scene_id == Scene.id)
        .join(LabelStat, LabelStat.map_id == LabelMap.id)
        .join(band, (band.map_id == LabelStat.map_id) & (band.label == LabelStat.label))
        .where(LabelMap.kind == kind)
        .order_by(Scene.datetime, Scene.id, band.label)
    )
    rows = [dict(zip(LABEL_COLUMNS, row, strict=True)) for row in session.execute(query)]
    return sorted(rows, key=lambda row: (row["datetime"], row["scene_id"], row["label"], wavelength_order(row["band"])))


def of_scene(wanted: SceneFilter, scene_pk: int | None, *columns: Any) -> Select[Any]:
    """A query for columns of something that scenes have, after monitor, scene id and time."""
    named: tuple[Any, ...] = (Monitor.name, Scene.scene_id, Scene.datetime)
    query: Select[Any] = select(*named, *columns).select_from(Scene).join(Monitor, Monitor.id == Scene.monitor_id)
    query = wanted.of(query)
    return query if scene_pk is None else query.where(Scene.id == scene_pk)
