"""Everything that processing one scene gives, written and removed as one."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from monitor.clustering.stats_result import LabelStats
from monitor.clustering.sweep_result import Sweep
from monitor.cores import cores
from monitor.detection.result import Detection, Finding
from monitor.errors import NotFoundError
from monitor.store import tables
from monitor.store.codec import CODEC, Tile, encode
from monitor.store.geometry import box_columns, boxes_of
from monitor.store.tables import SceneState

FLAGS = "flags"
"""The map kind of the flags raster; label maps are `reference` and `sweep`."""

MapData = tuple[NDArray[np.uint8], NDArray[np.float32] | None]
"""Labels uint8 (rows, columns) and the centroids (k, bands) that they are numbers of."""


@dataclass(frozen=True, eq=False)
class Encoded:
    """A raster on its way into the database: rows and columns, the centroids of its labels, its tiles."""

    shape: tuple[int, int]
    centroids: NDArray[np.float32] | None
    tiles: Iterator[Tile]


def encode_maps(maps: Mapping[str, MapData], flags: NDArray[np.uint8]) -> dict[str, Encoded]:
    """Label maps and the flags raster by map kind; threads encode them while others go on."""
    pool = ThreadPoolExecutor(cores())
    rasters: dict[str, MapData] = {**maps, FLAGS: (flags, None)}
    encoded = {
        kind: Encoded((labels.shape[0], labels.shape[1]), centroids, encode(labels, pool.map))
        for kind, (labels, centroids) in rasters.items()
    }
    pool.shutdown(wait=False)
    return encoded


def save_result(
    session: Session,
    scene_pk: int,
    reference_version: int,
    sweep: Sweep,
    maps: Mapping[str, Encoded],
    label_stats: Mapping[str, Sequence[LabelStats]],
    detection: Detection,
    alerts: Sequence[int] | None = None,
    *,
    now: datetime | None = None,
) -> tuple[int, ...]:
    """Write the result of a scene that has none (any more: see `clear_result`) and set it done.

    `maps` and `label_stats` go by map kind, `alerts` are those that the findings belong to. Gives the ids of the
    findings, in the detection's order.
    """
    save_sweep(session, scene_pk, sweep)
    save_metrics(session, scene_pk, detection.metrics)
    findings = save_findings(session, scene_pk, detection.findings, alerts)
    for kind, encoded in maps.items():
        map_id = save_map(session, scene_pk, kind, encoded, reference_version)
        save_label_stats(session, map_id, label_stats.get(kind, ()))
    done = (
        update(tables.Scene)
        .where(tables.Scene.id == scene_pk)
        .values(
            state=SceneState.DONE,
            error=None,
            next_attempt_at=None,
            lease_owner=None,
            lease_until=None,
            processed_at=now or datetime.now(UTC),
            reference_version=reference_version,
        )
    )
    session.execute(done)
    return findings


def clear_result(session: Session, scene_pk: int) -> tuple[int, ...]:
    """Remove a scene's result, the looks it gave included; gives the ids of the alerts that lost a finding.

    Raises NotFoundError when there is no such scene.
    """
    held = select(tables.Scene.id).where(tables.Scene.id == scene_pk).with_for_update()
    if session.scalar(held) is None:
        raise NotFoundError(f"no scene has the number {scene_pk} in the database")
    finding = tables.Finding
    touched = select(finding.alert_id).where(finding.scene_id == scene_pk, finding.alert_id.is_not(None))
    alerts = tuple(alert for alert in session.scalars(touched.distinct()) if alert is not None)
    for table in (finding, tables.AlertLook, tables.SceneMetric, tables.SweepEntry, tables.LabelMap):
        session.execute(delete(table).where(table.scene_id == scene_pk))
    return alerts


def save_sweep(session: Session, scene_pk: int, sweep: Sweep) -> None:
    """One row for every k; the chosen one says why."""
    rows = [
        {
            "scene_id": scene_pk,
            "k": entry.k,
            "inertia": number(entry.inertia),
            "silhouette": number(entry.silhouette),
            "simplified_silhouette": number(entry.simplified_silhouette),
            "chosen": entry.k == sweep.chosen_k,
            "reason": sweep.reason if entry.k == sweep.chosen_k else None,
            "seed": sweep.seed,
            "sample_size": sweep.sample_size,
        }
        for entry in sweep.entries
    ]
    insert_all(session, tables.SweepEntry, rows)


def save_map(session: Session, scene_pk: int, kind: str, encoded: Encoded, reference_version: int) -> int:
    """One raster as tiles; gives the id of its row."""
    row = {
        "scene_id": scene_pk,
        "kind": kind,
        "k": None if encoded.centroids is None else len(encoded.centroids),
        "codec": CODEC,
        "height": encoded.shape[0],
        "width": encoded.shape[1],
        "centroids": encoded.centroids,
        "reference_version": reference_version,
    }
    map_id = session.scalars(insert(tables.LabelMap).returning(tables.LabelMap.id), [row]).one()
    rows = [{"map_id": map_id, "row": tile.row, "col": tile.col, "data": tile.data} for tile in encoded.tiles]
    insert_all(session, tables.LabelTile, rows)
    return map_id


def save_label_stats(session: Session, map_id: int, stats: Sequence[LabelStats]) -> None:
    """Size of every label, and its mean and spread in every band."""
    sizes = [{"map_id": map_id, "label": stat.label, "pixels": stat.pixels, "area_m2": stat.area_m2} for stat in stats]
    insert_all(session, tables.LabelStat, sizes)
    spectra = [
        {"map_id": map_id, "label": stat.label, "band": band, "mean": number(stat.mean[n]), "std": number(stat.std[n])}
        | spread_columns(stat, n)
        for stat in stats
        for n, band in enumerate(stat.bands)
    ]
    insert_all(session, tables.LabelBandStat, spectra)


def spread_columns(stat: LabelStats, band: int) -> dict[str, float | int | None]:
    """Quantiles and number of different values in one band; None where they were not counted."""
    values: Sequence[float | None] = stat.quantiles[band] if stat.quantiles else [None] * len(tables.QUANTILE_COLUMNS)
    columns: dict[str, float | int | None] = {
        name: number(value) for name, value in zip(tables.QUANTILE_COLUMNS, values, strict=True)
    }
    return columns | {"unique_values": stat.unique[band] if stat.unique else None}


def save_metrics(session: Session, scene_pk: int, metrics: Mapping[str, float | None]) -> None:
    """One row for every metric."""
    rows = [{"scene_id": scene_pk, "name": name, "value": number(value)} for name, value in metrics.items()]
    insert_all(session, tables.SceneMetric, rows)


def save_findings(
    session: Session, scene_pk: int, findings: Sequence[Finding], alerts: Sequence[int] | None = None
) -> tuple[int, ...]:
    """One row for every finding of a scene that has none yet; gives their ids, which rise in the order of writing."""
    boxes = boxes_of([finding.geometry for finding in findings])
    belongs: Sequence[int | None] = alerts or [None] * len(findings)
    rows = [
        {
            "scene_id": scene_pk,
            "kind": finding.kind,
            "geometry": finding.geometry,
            "area_m2": float(finding.area_m2),
            "pixels": int(finding.pixels),
            "score": float(finding.score),
            "evidence": finding.evidence,
            "description": finding.description,
            "alert_id": alert,
            **box_columns(box),
        }
        for finding, box, alert in zip(findings, boxes, belongs, strict=True)
    ]
    insert_all(session, tables.Finding, rows)
    of_scene = select(tables.Finding.id).where(tables.Finding.scene_id == scene_pk)
    return tuple(session.scalars(of_scene.order_by(tables.Finding.id)))


def insert_all(session: Session, table: type[tables.Base], rows: list[dict[str, Any]]) -> None:
    """Many rows with the same columns in one statement."""
    if rows:
        session.connection().execute(insert(table), rows)


def number(value: float | None) -> float | None:
    """A Python float; None for NaN and infinity, which the databases disagree about."""
    return None if value is None or not isfinite(value) else float(value)
