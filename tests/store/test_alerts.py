from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event
from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.errors import NotFoundError
from monitor.store import Store
from monitor.store.alerts import AlertFilter, count_alerts, get_alert, list_alerts
from monitor.store.appearances import closed_alerts, open_alerts
from monitor.store.monitors import ensure_monitor
from monitor.store.tables import Alert, AlertState, Outcome
from monitor.store.tracking import (
    add_event,
    add_looks,
    change_state,
    events_of,
    looks_of,
)
from tests.store.examples import NOON, add_scene, counts, create_alert, extend_alert, finding, item, save, square

DAY = timedelta(days=1)


def alert(session: Session, monitor: str = "toronto", **changes: Any) -> int:
    values = {
        "kind": Kind.ANOMALY,
        "score": 0.8,
        "area_m2": 900.0,
        "geometry": square(-79.0, 44.0),
        "seen": NOON,
        "description": "forest became bare soil",
        "now": NOON + DAY,
    }
    return create_alert(session, ensure_monitor(session, monitor), **{**values, **changes})


def scene(session: Session, name: str, day: int) -> tuple[int, tuple[int, ...]]:
    """A scene of that day with two findings: its number and theirs."""
    scene_pk = add_scene(session, item(name, name, datetime=NOON + day * DAY))
    return scene_pk, save(session, scene_pk, finding(), finding())


def test_an_alert_names_the_scenes_that_contributed_findings_by_date(store: Store) -> None:
    with store.session() as session:
        late, early = scene(session, "A_late", 5), scene(session, "B_early", 1)
        number = alert(session, seen=NOON + 5 * DAY, finding_ids=late[1])
        extend_alert(session, number, seen=NOON + DAY, finding_ids=early[1])
        found = get_alert(session, number)
    assert found.scene_ids == ("B_early", "A_late")
    assert (found.first_seen, found.last_seen) == (NOON + DAY, NOON + 5 * DAY)
    assert (found.monitor, found.state, found.bbox) == ("toronto", AlertState.NEW, (-79.0, 44.0, -78.9, 44.1))


def test_an_alert_takes_area_outline_and_words_from_the_latest_scene_and_the_highest_score(store: Store) -> None:
    with store.session() as session:
        number = alert(session)
        later = {"geometry": square(-80, 43, 1), "area_m2": 1800, "score": 0.7, "description": "a quarry"}
        extend_alert(session, number, seen=NOON + 2 * DAY, now=NOON + 3 * DAY, **later)
        extend_alert(session, number, seen=NOON + DAY, now=NOON + 4 * DAY, score=0.9)
        found = get_alert(session, number)
    assert (found.bbox, found.area_m2, found.score) == ((-80.0, 43.0, -79.0, 44.0), 1800.0, 0.9)
    assert found.geometry["coordinates"][0][0] == [-80, 43]
    assert (found.description, found.updated_at) == ("a quarry", NOON + 4 * DAY)
    assert (found.first_seen, found.last_seen) == (NOON, NOON + 2 * DAY)


def test_closed_alerts_are_found_by_boxes_that_they_overlap_or_touch(store: Store) -> None:
    with store.session() as session:
        monitor_id = ensure_monitor(session, "toronto")
        one, _, other = (
            alert(session, geometry=square(west, 44.0), state=AlertState.RESOLVED) for west in (-79.0, -78.0, -77.0)
        )
        alert(session), alert(session, monitor="brumadinho", state=AlertState.DISMISSED)
        boxes = [(-77.5, 43.9, -77.0, 44.0), (-78.95, 44.05, -78.94, 44.06)]
        found = closed_alerts(session, monitor_id, Kind.ANOMALY, boxes)
        assert closed_alerts(session, monitor_id, Kind.CLOUD, boxes) == []
        assert closed_alerts(session, monitor_id, Kind.ANOMALY, []) == []
    assert found == [one, other]


def test_every_change_of_state_is_an_event_and_none_is_none(store: Store) -> None:
    with store.session() as session:
        number = alert(session)
        change_state(session, number, AlertState.CONFIRMED, note="seen in 2 of 4", now=NOON + 2 * DAY)
        change_state(session, number, AlertState.CONFIRMED, now=NOON + 3 * DAY)
        add_event(session, number, "comment", author="eve", note="a quarry", now=NOON + 4 * DAY)
        events = events_of(session, number)
        assert get_alert(session, number).state is AlertState.CONFIRMED
    assert [(e.event, e.author, e.from_state, e.to_state, e.note) for e in events] == [
        ("created", "system", None, AlertState.NEW, None),
        ("confirmed", "system", AlertState.NEW, AlertState.CONFIRMED, "seen in 2 of 4"),
        ("comment", "eve", None, None, "a quarry"),
    ]
    assert [e.time for e in events] == [NOON + DAY, NOON + 2 * DAY, NOON + 4 * DAY]


def test_a_scene_has_one_look_at_an_alert(store: Store) -> None:
    with store.session() as session:
        first, second = scene(session, "A", 1)[0], scene(session, "B", 2)[0]
        one, other = alert(session), alert(session)
        add_looks(session, second, {one: Outcome.HIDDEN, other: Outcome.SEEN})
        add_looks(session, first, {one: Outcome.SEEN})
        add_looks(session, second, {one: Outcome.GONE})
        add_looks(session, second, {})
        looks = looks_of(session, [one, other, 99])
    assert {number: [(look.scene_id, look.outcome) for look in found] for number, found in looks.items()} == {
        one: [("A", Outcome.SEEN), ("B", Outcome.GONE)],
        other: [("B", Outcome.SEEN)],
        99: [],
    }


def test_only_alerts_that_later_scenes_add_to_are_open(store: Store) -> None:
    with store.session() as session:
        numbers = {state: alert(session, state=state) for state in AlertState}
        alert(session, kind=Kind.CLOUD)
        alert(session, monitor="brumadinho")
        found = open_alerts(session, ensure_monitor(session, "toronto"), Kind.ANOMALY)
    wanted = (AlertState.NEW, AlertState.ACKNOWLEDGED, AlertState.CONFIRMED)
    assert found == [numbers[state] for state in wanted]


def test_alerts_are_filtered_by_every_condition_and_come_newest_first(store: Store) -> None:
    with store.session() as session:
        numbers = {
            "old": alert(session, seen=NOON - 9 * DAY),
            "cloud": alert(session, kind=Kind.CLOUD, seen=NOON + DAY, state=AlertState.RESOLVED),
            "far": alert(session, geometry=square(10, 10), seen=NOON + 2 * DAY, score=0.3),
            "other": alert(session, monitor="brumadinho", seen=NOON + 3 * DAY),
        }
        names = {number: name for name, number in numbers.items()}

        def listed(limit: int | None = None, offset: int = 0, **conditions: Any) -> list[str]:
            wanted = AlertFilter(**conditions)
            found = [names[row.id] for row in list_alerts(session, wanted, limit=limit, offset=offset)]
            if limit is None:
                assert count_alerts(session, wanted) == len(found)
            return found

        assert listed() == ["other", "far", "cloud", "old"]
        assert listed(limit=2, offset=1) == ["far", "cloud"]
        assert listed(monitor="toronto") == ["far", "cloud", "old"]
        assert listed(monitor="nowhere") == []
        assert listed(kinds=(Kind.CLOUD, Kind.SHADOW)) == ["cloud"]
        assert listed(states=(AlertState.NEW,), monitor="toronto") == ["far", "old"]
        assert listed(since=NOON + DAY, until=NOON + 2 * DAY) == ["cloud"]
        assert listed(bbox=(9.0, 9.0, 10.05, 10.05)) == ["far"]
        assert listed(bbox=(9.0, 9.0, 9.9, 9.9)) == []
        assert listed(min_score=0.5, monitor="toronto") == ["cloud", "old"]


def test_a_page_of_alerts_has_the_scenes_of_its_own_alerts(store: Store) -> None:
    with store.session() as session:
        first, second = scene(session, "A", 1)[1], scene(session, "B", 2)[1]
        for number, findings in enumerate((first[:1], first[1:], second[:1], second[1:])):
            alert(session, seen=NOON + number * DAY, finding_ids=findings)
        pages = [list_alerts(session, limit=2), list_alerts(session, limit=2, offset=2)]
    assert [[row.scene_ids for row in page] for page in pages] == [[("B",), ("B",)], [("A",), ("A",)]]


def test_listing_takes_as_many_statements_for_many_alerts_as_for_few(store: Store) -> None:
    with store.session() as session:
        findings = scene(session, "A", 1)[1]
        for number in range(30):
            alert(session, finding_ids=findings if number == 0 else ())
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        try:
            assert len(list_alerts(session)) == 30
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", note)
    assert len(statements) == 2


def test_removing_alerts_keeps_the_findings(store: Store) -> None:
    with store.session() as session:
        scene_pk, findings = scene(session, "A", 1)
        number = alert(session, finding_ids=findings)
        add_looks(session, scene_pk, {number: Outcome.SEEN})
        session.execute(delete(Alert).where(Alert.id == number))
    left = counts(store)
    assert (left["alerts"], left["alert_events"], left["alert_looks"], left["findings"]) == (0, 0, 0, 2)


def test_an_alert_that_is_not_there_is_named(store: Store) -> None:
    with store.session() as session:
        with pytest.raises(NotFoundError, match="no alert 7"):
            get_alert(session, 7)
        with pytest.raises(NotFoundError, match="no alert 7"):
            change_state(session, 7, AlertState.CONFIRMED)
