"""What was found about one scene, read back as figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from monitor.clustering.stats_result import LabelStats
from monitor.detection.result import Kind
from monitor.spectrum import wavelength_order
from monitor.store.tables import (
    QUANTILE_COLUMNS,
    Finding,
    LabelBandStat,
    LabelMap,
    LabelStat,
    SceneMetric,
    SweepEntry,
)


@dataclass(frozen=True)
class SweepRow:
    """K-means with one k on one scene; `reason` is of the chosen one.

    `silhouette` is of a sample, `simplified_silhouette` of all valid pixels; None where it was not taken yet.
    """

    k: int
    inertia: float | None
    silhouette: float | None
    chosen: bool
    reason: str | None
    seed: int
    sample_size: int
    simplified_silhouette: float | None = None


@dataclass(frozen=True)
class FindingRow:
    """One object of one scene; `geometry` is GeoJSON in WGS 84."""

    id: int
    scene_pk: int
    kind: Kind
    geometry: dict[str, Any]
    area_m2: float
    pixels: int
    score: float
    evidence: dict[str, float | None]
    description: str
    alert_id: int | None


def sweeps_of(session: Session, scene_pk: int) -> list[SweepRow]:
    """The scene's sweep in order of k; empty when it was not processed."""
    entry = SweepEntry
    columns = (entry.k, entry.inertia, entry.silhouette, entry.chosen, entry.reason, entry.seed, entry.sample_size)
    query = select(*columns, entry.simplified_silhouette).where(entry.scene_id == scene_pk).order_by(entry.k)
    return [SweepRow(*row) for row in session.execute(query)]


def metrics_of(session: Session, scene_pk: int) -> dict[str, float | None]:
    """The scene's metrics by name."""
    query = select(SceneMetric.name, SceneMetric.value).where(SceneMetric.scene_id == scene_pk)
    return {name: value for name, value in session.execute(query.order_by(SceneMetric.name))}  # noqa: C416


def metrics_of_many(session: Session, scene_pks: Iterable[int]) -> dict[int, dict[str, float | None]]:
    """The metrics of many scenes by scene and name, in one query for every 500 scenes."""
    wanted = list(scene_pks)
    metrics: dict[int, dict[str, float | None]] = {scene_pk: {} for scene_pk in wanted}
    for start in range(0, len(wanted), 500):
        query = select(SceneMetric.scene_id, SceneMetric.name, SceneMetric.value)
        for scene_pk, name, value in session.execute(
            query.where(SceneMetric.scene_id.in_(wanted[start : start + 500])).order_by(SceneMetric.name)
        ):
            metrics[scene_pk][name] = value
    return metrics


def label_stats_of(session: Session, scene_pk: int, kind: str) -> list[LabelStats]:
    """Size and spectral values of every label of one of the scene's maps, bands by wavelength."""
    of_map = (LabelMap.scene_id == scene_pk, LabelMap.kind == kind)
    sizes = select(LabelStat.label, LabelStat.pixels, LabelStat.area_m2).join(LabelMap).where(*of_map)
    quantiles = [getattr(LabelBandStat, name) for name in QUANTILE_COLUMNS]
    columns = (LabelBandStat.label, LabelBandStat.band, LabelBandStat.mean, LabelBandStat.std)
    spectra = (
        select(*columns, LabelBandStat.unique_values, *quantiles)
        .join(LabelMap, LabelMap.id == LabelBandStat.map_id)
        .where(*of_map)
    )
    by_label: dict[int, list[Row[Any]]] = {}
    for row in sorted(session.execute(spectra), key=lambda row: wavelength_order(row.band)):
        by_label.setdefault(row.label, []).append(row)
    return [
        label_stats_from(label, pixels, area_m2, by_label.get(label, ()))
        for label, pixels, area_m2 in session.execute(sizes.order_by(LabelStat.label))
    ]


def label_stats_from(label: int, pixels: int, area_m2: float, bands: Sequence[Row[Any]]) -> LabelStats:
    """One label from its rows, one a band."""
    counted = all(row.unique_values is not None for row in bands)
    return LabelStats(
        label=label,
        pixels=pixels,
        area_m2=area_m2,
        mean=tuple(as_float(row.mean) for row in bands),
        std=tuple(as_float(row.std) for row in bands),
        bands=tuple(row.band for row in bands),
        quantiles=tuple(tuple(as_float(getattr(row, name)) for name in QUANTILE_COLUMNS) for row in bands if counted),
        unique=tuple(row.unique_values for row in bands if counted),
    )


def as_float(value: float | None) -> float:
    """NaN for what the database keeps as NULL."""
    return float("nan") if value is None else value


def findings_of(session: Session, scene_pk: int) -> list[FindingRow]:
    """The scene's findings in the order they were written."""
    finding = Finding
    columns = (finding.id, finding.scene_id, finding.kind, finding.geometry, finding.area_m2, finding.pixels)
    query = select(*columns, finding.score, finding.evidence, finding.description, finding.alert_id)
    rows = session.execute(query.where(finding.scene_id == scene_pk).order_by(finding.id))
    return [FindingRow(*row) for row in rows]
