"""Findings of successive scenes become alerts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitor.clustering.labels import LabelMap
from monitor.clustering.sweep_result import Sweep, SweepEntry
from monitor.detection.result import Detection, Finding, Flag, Kind
from monitor.pipeline import SceneResult, store_result
from monitor.store.alerts import AlertFilter, AlertRow, list_alerts
from monitor.store.lifecycle import confirm
from monitor.store.monitors import ensure_monitor, set_grid
from monitor.store.scenes import find_scene, upsert_items
from monitor.store.tables import AlertState, SceneState
from monitor.store.tracking import change_state, events_of
from tests import rasters
from tests.store.examples import dump

GRID = rasters.make_grid()
START = datetime(2024, 5, 1, 16, tzinfo=UTC)
PLACE, ELSEWHERE = (slice(10, 20), slice(10, 20)), (slice(30, 40), slice(50, 60))
FLAGS = {Kind.CLOUD: Flag.CLOUD, Kind.SHADOW: Flag.SHADOW, Kind.ANOMALY: Flag.ANOMALY}

Mark = tuple[Kind, tuple[slice, slice]]


class Series:
    """Scenes of one monitor, 16 days apart, processed in the order of the calls."""

    def __init__(self, store, monitor: str = "lake") -> None:
        self.store = store
        self.monitor = monitor

    def add(self, day: int, marks: Sequence[Mark], product: str = "first") -> str:
        """Process the scene of that day with objects at places."""
        scene_id = f"LC08_L2SP_018030_day{day:03d}_02_T1"
        moment = START + timedelta(days=16 * day)
        item = rasters.make_item({}, GRID, scene_id=scene_id, product_id=f"{scene_id}-{product}", datetime=moment)
        with self.store.session() as session:
            monitor_id = ensure_monitor(session, self.monitor)
            set_grid(session, monitor_id, GRID)
            upsert_items(session, monitor_id, [item])
        with self.store.session() as session:
            scene = find_scene(session, item.product_id, self.monitor)
            store_result(session, scene, result(marks))
        return scene_id

    @property
    def alerts(self) -> list[AlertRow]:
        with self.store.session(read_only=True) as session:
            return sorted(list_alerts(session, AlertFilter(self.monitor)), key=lambda alert: alert.id)


def result(marks: Sequence[Mark]) -> SceneResult:
    flags = np.zeros(GRID.shape, np.uint8)
    findings = []
    for kind, (rows, columns) in marks:
        flags[rows, columns] = FLAGS[kind]
        (left, top), (right, bottom) = (
            GRID.transform @ (columns.start, rows.start),
            GRID.transform @ (columns.stop, rows.stop),
        )
        ring = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
        outline = GRID.to_lonlat({"type": "Polygon", "coordinates": [ring]})
        pixels = (rows.stop - rows.start) * (columns.stop - columns.start)
        findings.append(Finding(kind, outline, pixels * 900.0, pixels, 0.8, {"residual": 3.0}, f"a {kind}"))
    centroids = np.zeros((3, 6), np.float32)
    sweep = Sweep((SweepEntry(3, 1.0, 0.5, centroids),), 3, "only one", 0, 100)
    maps = {"reference": LabelMap(np.zeros(GRID.shape, np.uint8), centroids)}
    return SceneResult(1, GRID, sweep, maps, {}, Detection(flags, tuple(findings), {"cloud_fraction": 0.0}))


@pytest.fixture
def series(store) -> Series:
    return Series(store)


MUD, CLOUD = (Kind.ANOMALY, PLACE), (Kind.CLOUD, PLACE)


def test_clouds_of_a_scene_are_one_alert_and_anomalies_one_each(series):
    scene = series.add(1, [CLOUD, (Kind.CLOUD, ELSEWHERE), (Kind.SHADOW, (slice(0, 5), slice(0, 5)))])
    series.add(2, [MUD, (Kind.ANOMALY, ELSEWHERE)])
    assert [alert.kind for alert in series.alerts] == ["cloud", "shadow", "anomaly", "anomaly"]
    cloud = series.alerts[0]
    assert cloud.area_m2 == 200 * 900
    assert cloud.scene_ids == (scene,)
    assert cloud.geometry["type"] == "MultiPolygon"


def test_an_anomaly_seen_twice_is_one_confirmed_alert(series):
    scenes = series.add(1, [MUD]), series.add(2, [MUD])
    (alert,) = series.alerts
    assert alert.state is AlertState.CONFIRMED
    assert alert.scene_ids == scenes
    assert (alert.first_seen, alert.last_seen) == (START + timedelta(days=16), START + timedelta(days=32))


def test_an_anomaly_gone_at_the_next_clear_look_is_closed_with_that_reason(series, store):
    series.add(1, [MUD])
    series.add(2, [])
    (alert,) = series.alerts
    assert alert.state is AlertState.RESOLVED
    with store.session(read_only=True) as session:
        last = events_of(session, alert.id)[-1]
    assert (last.event, last.author, last.note) == ("transient", "system", "gone at the next clear look")


def test_an_anomaly_under_cloud_waits(series):
    series.add(1, [MUD])
    series.add(2, [CLOUD])
    assert series.alerts[0].state is AlertState.NEW


def test_an_anomaly_that_comes_back_reopens_its_alert(series, store):
    for day, marks in enumerate([[MUD], [], [MUD]]):
        series.add(day, marks)
    (alert,) = series.alerts
    assert alert.state is AlertState.CONFIRMED
    with store.session(read_only=True) as session:
        assert [event.event for event in events_of(session, alert.id)] == ["created", "transient", "reopened"]


def test_a_place_that_comes_and_goes_is_closed_for_good(series):
    for day, marks in enumerate([[MUD], [], [MUD], [], [MUD], [], [MUD]]):
        series.add(day, marks)
    (alert,) = series.alerts
    assert alert.state is AlertState.RESOLVED
    assert len(alert.scene_ids) == 4


def test_what_a_person_dismissed_stays_dismissed_and_raises_no_second_alert(series, store):
    series.add(1, [MUD])
    with store.session() as session:
        change_state(session, series.alerts[0].id, AlertState.DISMISSED, author="ann", note="bright roof")
    series.add(2, [MUD])
    (alert,) = series.alerts
    assert alert.state is AlertState.DISMISSED
    assert len(alert.scene_ids) == 2


def test_scenes_that_arrive_late_give_the_same_alerts(series):
    series.add(3, [MUD])
    series.add(1, [MUD])
    series.add(4, [])
    (alert,) = series.alerts
    assert alert.state is AlertState.CONFIRMED
    assert alert.first_seen == START + timedelta(days=16)
    assert alert.last_seen == START + timedelta(days=48)


def test_processing_a_scene_again_doubles_nothing(series, store):
    series.add(1, [MUD, (Kind.CLOUD, ELSEWHERE)])
    before = dump(store)
    series.add(1, [MUD, (Kind.CLOUD, ELSEWHERE)])
    after = dump(store)
    assert {name: len(rows) for name, rows in before.items()} == {name: len(rows) for name, rows in after.items()}
    assert series.alerts[0].state is AlertState.NEW


def test_a_product_processed_again_by_the_catalog_takes_the_place_of_the_old_one(series, store):
    scene = series.add(1, [MUD, (Kind.CLOUD, ELSEWHERE)])
    series.add(1, [MUD], product="second")
    mud, cloud = sorted(series.alerts, key=lambda alert: alert.kind)
    assert mud.scene_ids == (scene,)
    assert (mud.state, cloud.state, cloud.scene_ids) == (AlertState.NEW, AlertState.RESOLVED, ())
    with store.session(read_only=True) as session:
        assert find_scene(session, f"{scene}-first").state is SceneState.SUPERSEDED
        assert find_scene(session, scene).product_id == f"{scene}-second"


def test_what_a_person_confirmed_stays_so_until_it_is_gone(store):
    series = Series(store)
    series.add(0, [])
    series.add(1, [(Kind.ANOMALY, PLACE)])
    (alert,) = series.alerts
    with store.session() as session:
        confirm(session, alert.id, "ann")
    series.add(2, [(Kind.CLOUD, PLACE)])
    assert next(found for found in series.alerts if found.id == alert.id).state is AlertState.CONFIRMED
    series.add(3, [])
    series.add(4, [])
    assert next(found for found in series.alerts if found.id == alert.id).state is AlertState.RESOLVED
