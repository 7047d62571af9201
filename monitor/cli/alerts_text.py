"""Alerts as GeoJSON, and as words in a table."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from monitor.store.alerts import AlertRow

PROPERTIES = (
    "id", "monitor", "kind", "state", "score", "area_m2", "first_seen", "last_seen", "scene_ids", "description",
)  # fmt: skip


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
