"""Small items and results for the store's tests."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.catalog.item import BandAsset, SceneItem
from monitor.clustering.stats_result import LabelStats
from monitor.clustering.sweep_result import Sweep, SweepEntry
from monitor.detection.result import Detection, Finding, Kind
from monitor.store import Store
from monitor.store.appearances import Appearance, create_alerts, extend_alerts, standing
from monitor.store.monitors import ensure_monitor
from monitor.store.results import clear_result, encode_maps, save_result
from monitor.store.scenes import find_scene, upsert_items
from monitor.store.tables import AlertState, Base
from monitor.store.tables import Finding as FindingEntry

NOON = datetime(2020, 6, 1, 12, tzinfo=UTC)


def square(west: float, south: float, size: float = 0.1) -> dict[str, Any]:
    """A GeoJSON square, degrees."""
    east, north = west + size, south + size
    ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return {"type": "Polygon", "coordinates": (ring,)}


def item(scene_id: str = "LC08_A", product_id: str = "LC08_A_T1", **changes: Any) -> SceneItem:
    """A scene as a catalog would describe it."""
    found = SceneItem(
        scene_id=scene_id,
        product_id=product_id,
        item_id=f"{scene_id}_SR",
        catalog="earth",
        collection="landsat-c2-l2",
        platform="landsat-8",
        datetime=NOON,
        geometry=square(-79.5, 43.5, 1),
        bbox=(-79.5, 43.5, -78.5, 44.5),
        sun_azimuth=140.5,
        sun_elevation=60.25,
        cloud_cover=12.0,
        needs_sun_correction=False,
        assets={"red": BandAsset("red", "https://example.org/B4.TIF", 2.75e-05, -0.2, 0.0)},
    )
    return replace(found, **changes)


def sweep() -> Sweep:
    """Two values of k, the second one chosen."""
    entries = tuple(SweepEntry(k, 1.0 / k, 0.1 * k, np.ones((k, 2), np.float32), 0.2 * k) for k in (3, 4))
    return Sweep(entries, 4, "elbow", 7, 1000)


def labels() -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A map of 2 x 2 tiles, the first of which has no data."""
    drawn = np.random.default_rng(1).integers(0, 4, (600, 700), np.uint8)
    drawn[:512, :512] = 255
    return drawn


def finding(kind: Kind = Kind.ANOMALY, west: float = -79.0, south: float = 44.0) -> Finding:
    """A square object."""
    return Finding(kind, square(west, south), 900.0, 1, 0.8, {"residual": 3.5, "qa_overlap": None}, "bare soil")


def detection(*findings: Finding) -> Detection:
    """A detection with these findings."""
    flags = np.zeros((600, 700), np.uint8)
    return Detection(flags, findings, {"cloud_share": 0.25, "qa_agreement": None})


def stats() -> tuple[LabelStats, ...]:
    """Two labels, two bands."""
    bands = ("red", "nir08")
    return (
        LabelStats(0, 10, 9000.0, (0.1, 0.2), (0.01, 0.02), bands),
        LabelStats(1, 20, 18000.0, (0.3, 0.4), (0.03, 0.04), bands),
    )


def add_scene(session: Session, found: SceneItem | None = None, monitor: str = "toronto") -> int:
    """Take in one item; gives the scene's number."""
    found = found or item()
    upsert_items(session, ensure_monitor(session, monitor), [found], now=NOON)
    return find_scene(session, found.product_id, monitor).pk


def save(session: Session, scene_pk: int, *findings: Finding) -> tuple[int, ...]:
    """A whole result for a scene."""
    centroids = np.arange(8, dtype=np.float32).reshape(4, 2)
    maps = {"reference": (labels(), centroids), "sweep": (labels()[::-1], centroids)}
    found = detection(*findings)
    clear_result(session, scene_pk)
    encoded = encode_maps(maps, found.flags)
    return save_result(session, scene_pk, 1, sweep(), encoded, {"reference": stats()}, found, now=NOON)


def create_alert(
    session: Session,
    monitor_id: int,
    *,
    seen: datetime,
    finding_ids: Iterable[int] = (),
    state: AlertState = AlertState.NEW,
    now: datetime | None = None,
    **values: Any,
) -> int:
    """A new alert as a scene of that time makes it; gives its number."""
    (number,) = create_alerts(session, monitor_id, [Appearance(**values)], seen, now or datetime.now(UTC), state)
    link_findings(session, number, finding_ids)
    return number


def link_findings(session: Session, alert: int, finding_ids: Iterable[int]) -> None:
    """Make findings part of an alert."""
    session.execute(update(FindingEntry).where(FindingEntry.id.in_(finding_ids)).values(alert_id=alert))


def extend_alert(
    session: Session, number: int, seen: datetime, *, finding_ids: Iterable[int] = (), **values: Any
) -> None:
    """Another scene shows an alert by findings, unchanged but for these values."""
    (alert,) = standing(session, [number])
    same = {"kind": alert.kind, "score": alert.score, "area_m2": alert.area_m2, "description": "as before"}
    now = values.pop("now", None) or datetime.now(UTC)
    found = Appearance(**{**same, "geometry": square(-79.0, 44.0), **values})
    extend_alerts(session, [(alert, found)], seen, now)
    link_findings(session, number, finding_ids)


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with store.session(read_only=True) as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in Base.metadata.sorted_tables
        }


def counts(store: Store) -> dict[str, int]:
    """Number of rows of every table."""
    return {name: len(rows) for name, rows in dump(store).items()}
