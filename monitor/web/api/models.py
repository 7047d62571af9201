"""What the JSON API answers with."""

from datetime import datetime as moment
from typing import Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from monitor.clustering.stats_result import LabelStats as StoredLabelStats
from monitor.detection.result import Kind, Outcome
from monitor.store.alerts import AlertRow
from monitor.store.review import ReviewItem as StoredReviewItem
from monitor.store.review import severity_of
from monitor.store.tables import QUANTILE_COLUMNS, AlertState, SceneState, plain

Row = TypeVar("Row")
Box = tuple[float, float, float, float]


class Answer(BaseModel):
    """Made from the store's dataclasses."""

    model_config = ConfigDict(from_attributes=True)


class Listing(Answer, Generic[Row]):
    """A page of a list; `next` is the cursor of the page after it, null on the last one."""

    items: list[Row]
    next: str | None = None
    total: int | None = None


class Me(Answer):
    """Who asks."""

    name: str
    role: str


class Monitor(Answer):
    """One area under watch: scenes by state, and the reference in use."""

    name: str
    configured: bool
    bbox: Box | None
    scenes: dict[str, int]
    waiting_since: moment | None
    newest_scene: moment | None
    last_done: moment | None
    reference_version: int | None


class Scene(Answer):
    """One acquisition in one processing, and what became of it."""

    pk: int
    monitor: str
    scene_id: str
    product_id: str
    datetime: moment
    platform: str
    collection: str
    catalog: str
    sun_azimuth: float | None
    sun_elevation: float | None
    cloud_cover: float | None
    bbox: Box
    state: SceneState
    error: str | None
    attempts: int
    next_attempt_at: moment | None
    discovered_at: moment
    processed_at: moment | None
    reference_version: int | None


class Finding(Answer):
    """One object of one scene."""

    id: int
    kind: Kind
    geometry: dict[str, Any]
    area_m2: float
    pixels: int
    score: float
    evidence: dict[str, float | None]
    description: str
    alert_id: int | None


class SceneDetail(Scene):
    """A scene with its figures."""

    footprint: dict[str, Any]
    metrics: dict[str, float | None]
    maps: list[str]


class Sweep(Answer):
    """K-means with one k on one scene."""

    k: int
    inertia: float | None
    silhouette: float | None
    chosen: bool
    reason: str | None
    seed: int
    sample_size: int


class LabelStats(Answer):
    """Size of a label, and its reflectance by band: mean, std, quantiles (minimum, q05, …), unique_values."""

    label: int
    pixels: int
    area_m2: float
    bands: dict[str, dict[str, float | None]]

    @classmethod
    def of(cls, stats: StoredLabelStats) -> Self:
        """From the store."""
        columns = {"mean": stats.mean, "std": stats.std, "unique_values": stats.unique}
        columns |= dict(zip(QUANTILE_COLUMNS, zip(*stats.quantiles, strict=True), strict=False))
        by_band = {
            band: {name: plain(values[index]) if values else None for name, values in columns.items()}
            for index, band in enumerate(stats.bands)
        }
        return cls(label=stats.label, pixels=stats.pixels, area_m2=stats.area_m2, bands=by_band)


class Alert(Answer):
    """A finding, or findings of several scenes in one place; `geometry` is GeoJSON in WGS 84."""

    id: int
    monitor: str
    kind: Kind
    state: AlertState
    severity: str
    score: float
    area_m2: float
    bbox: Box
    first_seen: moment
    last_seen: moment
    description: str
    created_at: moment
    updated_at: moment
    scene_ids: list[str]
    geometry: dict[str, Any] | None

    @classmethod
    def of(cls, row: AlertRow, *, geometry: bool = True) -> Self:
        """From the store; without its outline if that is not wanted."""
        values = {name: getattr(row, name) for name in cls.model_fields if name not in ("severity", "geometry")}
        values |= {"severity": severity_of(row).name.lower(), "geometry": row.geometry if geometry else None}
        return cls(**values | {"scene_ids": list(row.scene_ids)})


class Event(Answer):
    """One thing that happened to an alert."""

    time: moment
    author: str
    event: str
    from_state: AlertState | None
    to_state: AlertState | None
    note: str | None


class Look(Answer):
    """What one scene saw in the place of an alert."""

    scene_id: str
    datetime: moment
    outcome: Outcome


class AlertDetail(Alert):
    """An alert with everything that is known about it."""

    events: list[Event]
    looks: list[Look]
    findings: list[Finding]


class PixelLook(Answer):
    """What one scene says about one pixel; null stands for what is not known."""

    scene_id: str
    datetime: moment
    reference_version: int | None
    label: int | None
    reference_label: int | None
    flag: str
    spectrum_distance: float | None


class AreaLook(Answer):
    """How much of an outline had one label and flag in one scene."""

    scene_id: str
    datetime: moment
    reference_version: int | None
    label: int | None
    flag: str
    pixels: int
    area_m2: float
    share: float


class AlertCount(Answer):
    """How many alerts of one kind are in one state."""

    kind: Kind
    state: AlertState
    count: int


class Acted(Answer):
    """What became of one alert; `problem` says why nothing was done."""

    alert_id: int
    state: AlertState | None
    changed: bool
    problem: str | None


class ReviewItem(Answer):
    """The alerts that one scene was the first to show."""

    monitor: str
    scene_id: str
    seen: moment
    severity: str
    alerts: list[Alert]

    @classmethod
    def of(cls, item: StoredReviewItem) -> Self:
        """From the store, without outlines."""
        return cls(
            monitor=item.monitor,
            scene_id=item.scene_id,
            seen=item.seen,
            severity=item.severity.name.lower(),
            alerts=[Alert.of(alert, geometry=False) for alert in item.alerts],
        )


class Reference(Answer):
    """One version of a monitor's reference model."""

    monitor: str
    version: int
    scene_id: str
    k: int
    seed: int
    sha256: str
    metrics: dict[str, Any]
    active: bool
    created_at: moment


class Task(Answer):
    """Something that takes a while; `progress` is 0 to 1, `step` what is being done."""

    id: str
    name: str
    author: str
    state: str
    progress: float
    step: str
    started_at: moment
    ended_at: moment | None
    error: str | None
    result: dict[str, Any] | None
