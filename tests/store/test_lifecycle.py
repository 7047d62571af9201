"""What people do with alerts, and what the system leaves alone."""

import pytest

from monitor.detection.result import Kind
from monitor.errors import AlertStateError
from monitor.store import Store
from monitor.store.alerts import get_alert
from monitor.store.lifecycle import Reason, acknowledge, confirm, dismiss, reopen
from monitor.store.monitors import ensure_monitor
from monitor.store.review import Severity, review_items, severity_of
from monitor.store.tables import AlertState
from monitor.store.tracking import change_state, events_of
from tests.store.examples import NOON, add_scene, create_alert, finding, item, save, square


def new_alert(session, *, area_m2=5e4, score=0.6, kind=Kind.ANOMALY, finding_ids=()) -> int:
    return create_alert(
        session,
        ensure_monitor(session, "toronto"),
        kind=kind,
        score=score,
        area_m2=area_m2,
        geometry=square(-79.0, 44.0),
        seen=NOON,
        description="bare soil",
        finding_ids=finding_ids,
        now=NOON,
    )


def test_every_step_of_a_person_is_an_event_with_author_reason_and_time(store: Store) -> None:
    with store.session() as session:
        alert = new_alert(session)
        acknowledge(session, alert, "ann", now=NOON)
        confirm(session, alert, "ann", "seen on site", now=NOON)
        dismiss(session, alert, "bob", Reason.SEASON, "harvest", now=NOON)
        reopen(session, alert, "ann", now=NOON)
        events = [(e.author, e.event, e.from_state, e.to_state, e.note) for e in events_of(session, alert)]
    assert events[1:] == [
        ("ann", "acknowledged", "new", "acknowledged", None),
        ("ann", "confirmed", "acknowledged", "confirmed", "seen on site"),
        ("bob", "dismissed", "confirmed", "dismissed", "season: harvest"),
        ("ann", "reopened", "dismissed", "new", None),
    ]


def test_doing_it_twice_is_doing_it_once(store: Store) -> None:
    with store.session() as session:
        alert = new_alert(session)
        dismiss(session, alert, "ann", Reason.CLOUD)
        dismiss(session, alert, "bob", Reason.WRONG)
        assert [event.author for event in events_of(session, alert)] == ["system", "ann"]


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (AlertState.CONFIRMED, acknowledge),
        (AlertState.DISMISSED, acknowledge),
        (AlertState.RESOLVED, acknowledge),
        (AlertState.DISMISSED, confirm),
        (AlertState.ACKNOWLEDGED, reopen),
        (AlertState.CONFIRMED, reopen),
    ],
)
def test_a_step_that_makes_no_sense_is_refused_and_changes_nothing(store: Store, state, step) -> None:
    with store.session() as session:
        alert = new_alert(session)
        change_state(session, alert, state)
        with pytest.raises(AlertStateError, match=f"is {state}"):
            step(session, alert, "ann")
        assert get_alert(session, alert).state is state


def test_a_step_without_an_author_is_refused(store: Store) -> None:
    with store.session() as session:
        alert = new_alert(session)
        with pytest.raises(AlertStateError, match="author"):
            confirm(session, alert, " ")


@pytest.mark.parametrize(
    ("area_m2", "score", "kind", "severity"),
    [
        (2e5, 0.9, Kind.ANOMALY, Severity.HIGH),
        (2e5, 0.6, Kind.ANOMALY, Severity.MEDIUM),
        (2e4, 0.9, Kind.ANOMALY, Severity.MEDIUM),
        (2e3, 0.9, Kind.ANOMALY, Severity.LOW),
        (2e7, 0.9, Kind.CLOUD, Severity.LOW),
    ],
)
def test_severity_goes_by_size_and_score(store: Store, area_m2, score, kind, severity) -> None:
    with store.session() as session:
        alert = get_alert(session, new_alert(session, area_m2=area_m2, score=score, kind=kind))
        assert severity_of(alert) is severity


def test_one_scene_makes_one_review_item_as_grave_as_its_gravest_alert(store: Store) -> None:
    with store.session() as session:
        first, second = (add_scene(session, item(name, name)) for name in ("A", "B"))
        for scene, sizes in ((first, (2e3, 2e5)), (second, (2e4,))):
            numbers = save(session, scene, *(finding() for _ in sizes))
            for number, size in zip(numbers, sizes, strict=True):
                new_alert(session, area_m2=size, score=0.8, finding_ids=[number])
        items = review_items(session, "toronto")
    assert [(found.scene_id, found.severity, len(found.alerts)) for found in items] == [
        ("A", Severity.HIGH, 2),
        ("B", Severity.MEDIUM, 1),
    ]
