from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.errors import QueryError
from monitor.store import Store
from monitor.store.alerts import (
    AlertFilter,
    AlertOrder,
    count_by_kind_and_state,
    list_alerts,
    page_of_alerts,
)
from monitor.store.monitors import ensure_monitor
from monitor.store.review import Severity, count_review_items, review_items
from monitor.store.scene_list import SceneFilter, count_scenes, filter_scenes, page_of_scenes
from monitor.store.tables import AlertState, SceneState
from tests.store.examples import NOON, add_scene, create_alert, extend_alert, finding, item, save, square

DAY = timedelta(days=1)


def alert(session: Session, day: int, hectares: float = 0.5, score: float = 0.8, **changes: Any) -> int:
    values = {
        "kind": Kind.ANOMALY,
        "geometry": square(-79.0, 44.0),
        "description": "forest became bare soil",
        "now": NOON,
    }
    return create_alert(
        session, ensure_monitor(session, "toronto"), seen=NOON + day * DAY, area_m2=hectares * 1e4, score=score,
        **{**values, **changes},
    )  # fmt: skip


def walk(session: Session, wanted: AlertFilter, order: AlertOrder, limit: int) -> list[int]:
    """Every id, page by page."""
    found, cursor = [], None
    while True:
        page = page_of_alerts(session, wanted, order=order, limit=limit, cursor=cursor)
        found += [row.id for row in page.rows]
        assert len(page.rows) <= limit
        if page.next is None:
            return found
        cursor = page.next


@pytest.mark.parametrize("order", AlertOrder)
def test_pages_put_together_are_the_whole_list_in_every_order(store: Store, order: AlertOrder) -> None:
    with store.session() as session:
        for number in range(23):
            alert(session, number % 5, hectares=3.0 * (number % 6), score=number % 4 / 3)
        wanted = AlertFilter(states=(AlertState.NEW,))
        whole = [row.id for row in list_alerts(session, wanted, order=order)]
        assert len(whole) == 23
        for limit in (1, 4, 23, 50):
            assert walk(session, wanted, order, limit) == whole


def test_the_severest_alerts_come_first_and_among_them_the_newest(store: Store) -> None:
    with store.session() as session:
        small, large, cloud = alert(session, 9), alert(session, 1, 20), alert(session, 10, 900, kind=Kind.CLOUD)
        newer, middle = alert(session, 2, 20), alert(session, 8, 2)
        severest = [row.id for row in list_alerts(session, order=AlertOrder.SEVEREST)]
        grave = [row.id for row in list_alerts(session, AlertFilter(min_severity=Severity.MEDIUM))]
    assert severest == [newer, large, middle, cloud, small]
    assert grave == [middle, newer, large]


def test_an_alert_that_grows_grows_in_severity(store: Store) -> None:
    with store.session() as session:
        number = alert(session, 0)
        extend_alert(session, number, seen=NOON + DAY, area_m2=5e5)
        assert [row.id for row in list_alerts(session, AlertFilter(min_severity=Severity.HIGH))] == [number]


def test_alerts_that_arrive_while_one_pages_neither_repeat_nor_hide_any(store: Store) -> None:
    with store.session() as session:
        first = [alert(session, day) for day in range(6)]
        page = page_of_alerts(session, limit=3)
        alert(session, 40)
        rest = page_of_alerts(session, limit=10, cursor=page.next)
    assert [row.id for row in (*page.rows, *rest.rows)] == first[::-1]


@pytest.mark.parametrize("cursor", ["", "x", "bm9uZQ", "WyJuZXdlc3QiXQ", "WyJuZXdlc3QiLCAiYSIsIDFd"])
def test_a_made_up_cursor_is_refused(store: Store, cursor: str) -> None:
    with store.session() as session, pytest.raises(QueryError, match="cursor"):
        page_of_alerts(session, cursor=cursor)


def test_a_cursor_of_another_order_is_refused(store: Store) -> None:
    with store.session() as session:
        alert(session, 1), alert(session, 2)
        cursor = page_of_alerts(session, limit=1).next
        with pytest.raises(QueryError, match="by score"):
            page_of_alerts(session, order=AlertOrder.SCORE, cursor=cursor)


def test_a_box_over_the_antimeridian_finds_both_sides_of_it(store: Store) -> None:
    with store.session() as session:
        east = alert(session, 1, geometry=square(-179.9, 10))
        west = alert(session, 2, geometry=square(179.5, 10))
        alert(session, 3)
        found = [row.id for row in list_alerts(session, AlertFilter(bbox=(179.0, 0.0, -179.0, 20.0)))]
    assert found == [west, east]


def test_alerts_of_a_scene_are_those_that_it_contributed_findings_to(store: Store) -> None:
    with store.session() as session:
        numbers = {}
        for day, name in enumerate(("A", "B")):
            scene_pk = add_scene(session, item(name, name, datetime=NOON + day * DAY))
            numbers[name] = alert(session, day, finding_ids=save(session, scene_pk, finding()))
        assert [row.id for row in list_alerts(session, AlertFilter(scene_id="B"))] == [numbers["B"]]
        counted = count_by_kind_and_state(session)
    assert counted == {(Kind.ANOMALY, AlertState.NEW): 2}


def test_review_items_are_paged_gravest_first(store: Store) -> None:
    with store.session() as session:
        for day, (name, hectares) in enumerate((("A", 0.5), ("B", 20.0), ("C", 0.5), ("D", 2.0))):
            scene_pk = add_scene(session, item(name, name, datetime=NOON + day * DAY))
            for number in save(session, scene_pk, finding(), finding()):
                alert(session, day, hectares, finding_ids=[number])
        whole = [found.scene_id for found in review_items(session)]
        pages = [[found.scene_id for found in review_items(session, limit=2, offset=at)] for at in (0, 2, 4)]
        assert all(len(found.alerts) == 2 for found in review_items(session))
        assert (count_review_items(session), count_review_items(session, min_severity=Severity.MEDIUM)) == (4, 2)
    assert whole == ["B", "D", "C", "A"]
    assert pages == [["B", "D"], ["C", "A"], []]


def test_scenes_are_paged_and_counted_by_every_condition(store: Store) -> None:
    with store.session() as session:
        for day in range(7):
            box = (-79.5 + day, 43.5, -78.5 + day, 44.5)
            add_scene(session, item(f"S{day}", f"S{day}", datetime=NOON + day * DAY, bbox=box, cloud_cover=10.0 * day))
        add_scene(session, item("other", "other"), "brumadinho")
        toronto = SceneFilter("toronto")
        whole = [row.scene_id for row in filter_scenes(session, toronto)]
        found, cursor = [], None
        while cursor is not None or not found:
            page = page_of_scenes(session, toronto, limit=3, cursor=cursor)
            found += [row.scene_id for row in page.rows]
            cursor = page.next

        def listed(**conditions: Any) -> list[str]:
            wanted = SceneFilter("toronto", **conditions)
            rows = [row.scene_id for row in filter_scenes(session, wanted)]
            assert count_scenes(session, wanted) == len(rows)
            return rows

        assert found == whole == [f"S{day}" for day in range(6, -1, -1)]
        assert listed(since=NOON + DAY, until=NOON + 3 * DAY) == ["S2", "S1"]
        assert listed(max_cloud_cover=10) == ["S1", "S0"]
        assert listed(bbox=(-79.4, 43.6, -79.3, 43.7)) == ["S0"]
        assert listed(states=(SceneState.DONE,)) == []
