"""What can be asked for: alerts, and scenes with their footprints."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.catalog.item import BBox
from monitor.detection.result import Kind
from monitor.errors import NotFoundError, RequestError
from monitor.store.alerts import AlertFilter, AlertRow, count_alerts, get_alert, list_alerts
from monitor.store.history import metrics_of_many
from monitor.store.review import severity_of
from monitor.store.scene_list import SceneFilter, count_scenes, filter_scenes
from monitor.store.scenes import SceneRow, get_scene
from monitor.store.tables import Alert, AlertState, Scene, SceneState
from monitor.web.params import LARGEST_ID

Feature = dict[str, Any]
SHARES = ("cloud_fraction", "shadow_fraction", "anomaly_fraction")


@dataclass(frozen=True)
class Asked:
    """Which features of a collection, and which page of them; `equal` are the queryables that are given."""

    bbox: BBox | None
    since: datetime | None
    until: datetime | None
    equal: Mapping[str, str]
    limit: int
    offset: int


@dataclass(frozen=True)
class Found:
    """A page of features, and how many there are on all pages."""

    features: list[Feature]
    matched: int


@dataclass(frozen=True)
class Collection:
    """One collection: words about it, JSON schemas of its queryables, and how its features are read."""

    id: str
    title: str
    description: str
    queryables: Mapping[str, Mapping[str, Any]]
    page: Callable[[Session, Asked], Found]
    one: Callable[[Session, int], Feature]
    extent: Callable[[Session], tuple[BBox | None, datetime | None, datetime | None]]


def choice(kind: Any, text: str | None) -> tuple[Any, ...]:
    """A filter on the values of a StrEnum; RequestError for a value that it does not have."""
    if text is None:
        return ()
    try:
        return (kind(text),)
    except ValueError:
        raise RequestError(f"{text!r} is none of {', '.join(kind)}") from None


def alert_filter(asked: Asked) -> AlertFilter:
    """The store's filter; an alert is there from when it was first seen until it was last seen."""
    equal = asked.equal
    return AlertFilter(
        monitor=equal.get("monitor"),
        kinds=choice(Kind, equal.get("kind")),
        states=choice(AlertState, equal.get("state")),
        since=asked.since,
        until=asked.until,
        bbox=asked.bbox,
    )


def page_of_alerts(session: Session, asked: Asked) -> Found:
    """Alerts, the last seen first."""
    wanted = alert_filter(asked)
    rows = list_alerts(session, wanted, limit=asked.limit, offset=asked.offset)
    return Found([alert_feature(row) for row in rows], count_alerts(session, wanted))


def alert_feature(row: AlertRow) -> Feature:
    """GeoJSON of an alert."""
    properties = {
        "monitor": row.monitor,
        "kind": row.kind,
        "state": row.state,
        "severity": severity_of(row).name.lower(),
        "score": row.score,
        "area_m2": row.area_m2,
        "first_seen": row.first_seen,
        "last_seen": row.last_seen,
        "description": row.description,
        "scene_ids": list(row.scene_ids),
        "updated_at": row.updated_at,
    }
    return {
        "type": "Feature",
        "id": row.id,
        "bbox": list(row.bbox),
        "geometry": row.geometry,
        "properties": properties,
    }


def page_of_scenes(session: Session, asked: Asked) -> Found:
    """Scenes, the newest first."""
    wanted = SceneFilter(
        monitor=asked.equal.get("monitor"),
        states=choice(SceneState, asked.equal.get("state")),
        since=asked.since,
        until=asked.until,
        bbox=asked.bbox,
    )
    rows = filter_scenes(session, wanted, limit=asked.limit, offset=asked.offset)
    return Found(scene_features(session, rows), count_scenes(session, wanted))


def one_scene(session: Session, number: int) -> Feature:
    """One scene; NotFoundError if there is none."""
    return scene_features(session, [get_scene(session, number)])[0]


def scene_features(session: Session, rows: list[SceneRow]) -> list[Feature]:
    """GeoJSON of scenes, in four queries at most for every thousand."""
    numbers = [row.pk for row in rows]
    metrics = metrics_of_many(session, numbers)
    outlines: dict[int, dict[str, Any]] = {}
    for start in range(0, len(numbers), 500):
        query = select(Scene.id, Scene.footprint).where(Scene.id.in_(numbers[start : start + 500]))
        outlines |= {number: outline for number, outline in session.execute(query)}  # noqa: C416
    return [scene_feature(row, outlines[row.pk], metrics[row.pk]) for row in rows]


def scene_feature(row: SceneRow, outline: dict[str, Any], metrics: Mapping[str, float | None]) -> Feature:
    """GeoJSON of a scene."""
    columns = (
        "monitor", "scene_id", "product_id", "datetime", "platform", "collection", "state", "cloud_cover",
        "sun_azimuth", "sun_elevation", "reference_version", "processed_at", "error",
    )  # fmt: skip
    properties = {name: getattr(row, name) for name in columns} | {name: metrics.get(name) for name in SHARES}
    return {"type": "Feature", "id": row.pk, "bbox": list(row.bbox), "geometry": outline, "properties": properties}


def extent_of(table: Any, first: Any, last: Any) -> Callable[[Session], Any]:
    """The box and the times of everything in a table."""

    def read(session: Session) -> tuple[BBox | None, datetime | None, datetime | None]:
        sides = (func.min(table.west), func.min(table.south), func.max(table.east), func.max(table.north))
        *box, begin, end = session.execute(select(*sides, func.min(first), func.max(last))).one()
        return (None if box[0] is None else tuple(box)), begin, end

    return read


def text_of(about: str, *values: str) -> dict[str, Any]:
    """A JSON schema of a text."""
    return {"type": "string", "title": about} | ({"enum": list(values)} if values else {})


COLLECTIONS = {
    collection.id: collection
    for collection in (
        Collection(
            "alerts",
            "Alerts",
            "Clouds, cloud shadows and anomalies, each followed over all scenes that show it.",
            {
                "monitor": text_of("Monitor"),
                "kind": text_of("Kind", *Kind),
                "state": text_of("State of its review", *AlertState),
            },
            page_of_alerts,
            lambda session, number: alert_feature(get_alert(session, number)),
            extent_of(Alert, Alert.first_seen, Alert.last_seen),
        ),
        Collection(
            "scenes",
            "Scenes",
            "Footprints of all known scenes, with what became of them and how much of them was flagged.",
            {"monitor": text_of("Monitor"), "state": text_of("State", *SceneState)},
            page_of_scenes,
            one_scene,
            extent_of(Scene, Scene.datetime, Scene.datetime),
        ),
    )
}


def collection(name: str) -> Collection:
    """The collection of that id; NotFoundError if there is none."""
    if name not in COLLECTIONS:
        raise NotFoundError(f"no collection {name!r}; there are {', '.join(COLLECTIONS)}")
    return COLLECTIONS[name]


def number_of(text: str) -> int:
    """The number that a feature goes by; NotFoundError for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= LARGEST_ID):
        raise NotFoundError(f"no feature {text!r}; features go by numbers")
    return int(text)
