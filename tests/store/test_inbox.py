from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from monitor.detection.result import Kind
from monitor.store import Store, lifecycle
from monitor.store.actions import Action, act, act_on_many
from monitor.store.inbox import InboxFilter, inbox
from monitor.store.lifecycle import Reason
from monitor.store.monitors import ensure_monitor
from monitor.store.severity import Severity
from monitor.store.tables import AlertState
from monitor.store.tracking import change_state, events_of
from tests.store.examples import NOON, add_scene, create_alert, item, square

DAY = timedelta(days=1)


def alert(session: Session, day: int = 0, hectares: float = 2.0, monitor: str = "toronto", **changes: Any) -> int:
    values = {"kind": Kind.ANOMALY, "geometry": square(-79.0, 44.0), "description": "bare soil", "score": 0.8}
    return create_alert(
        session, ensure_monitor(session, monitor), seen=NOON + day * DAY, area_m2=hectares * 1e4, **(values | changes)
    )


def ids(session: Session, wanted: InboxFilter | None = None, **page: int) -> list[list[int]]:
    return [[one.id for one in group.alerts] for group in inbox(session, wanted or InboxFilter(), **page).groups]


def test_the_gravest_scene_comes_first_then_the_newest_and_clouds_last_in_each(store: Store):
    with store.session() as session:
        old_grave = alert(session, day=0, hectares=30)
        cloud = alert(session, day=2, hectares=900, kind=Kind.CLOUD)
        medium, small = alert(session, day=2), alert(session, day=2, hectares=0.1)
        newer = alert(session, day=3)
        assert ids(session) == [[old_grave], [newer], [medium, small, cloud]]
        assert ids(session, limit=1, offset=1) == [[newer]]
        page = inbox(session, InboxFilter(), limit=1)
        assert (page.all_groups, page.all_alerts, page.groups[0].severity) == (3, 5, Severity.HIGH)


def test_a_group_knows_the_scene_that_showed_it_first_if_that_is_still_there(store: Store):
    with store.session() as session:
        scene = add_scene(session, item(datetime=NOON))
        alert(session, day=0)
        alert(session, day=1)
        gone, there = (group.scene for group in inbox(session, InboxFilter()).groups)
    assert gone is None
    assert there is not None
    assert (there.pk, there.scene_id) == (scene, "LC08_A")


def test_what_only_the_system_confirmed_waits_for_a_person_and_then_does_not(store: Store):
    with store.session() as session:
        one = alert(session)
        change_state(session, one, AlertState.CONFIRMED)
        assert ids(session) == [[one]]
        assert act(session, one, "ana", Action.CONFIRM).changed
        assert ids(session) == []
        assert [(event.author, event.event) for event in events_of(session, one)][-1] == ("ana", "confirmed")
        assert not act(session, one, "ana", Action.CONFIRM).changed


def test_a_decision_that_is_taken_back_waits_again_whatever_state_it_came_from(store: Store):
    with store.session() as session:
        new, confirmed = alert(session), alert(session)
        change_state(session, confirmed, AlertState.CONFIRMED)
        for action in (Action.CONFIRM, Action.DISMISS):
            done = act_on_many(session, [new, confirmed], "ana", action, reason=Reason.SEASON)
            assert [one.changed for one in done] == [True, True]
            assert ids(session) == []
            done = act_on_many(session, [new, confirmed], "ana", Action.UNDO)
            assert [one.state for one in done] == [AlertState.NEW, AlertState.CONFIRMED]
            assert sorted(ids(session)[0]) == [new, confirmed]


def test_every_condition_of_a_filter_holds(store: Store):
    with store.session() as session:
        grave = alert(session, day=0, hectares=30)
        cloud = alert(session, day=1, kind=Kind.CLOUD)
        other = alert(session, day=2, monitor="york")
        dismissed = alert(session, day=3)
        lifecycle.dismiss(session, dismissed, "ana", Reason.WRONG)
        assert ids(session, InboxFilter(monitor="york")) == [[other]]
        assert ids(session, InboxFilter(kind=Kind.CLOUD)) == [[cloud]]
        assert ids(session, InboxFilter(severity=Severity.HIGH)) == [[grave]]
        assert ids(session, InboxFilter(state=AlertState.DISMISSED)) == [[dismissed]]
        assert ids(session, InboxFilter(since=NOON + 2 * DAY)) == [[other]]
        assert ids(session, InboxFilter(until=NOON + DAY)) == [[grave]]
        assert ids(session, InboxFilter(monitor="york", kind=Kind.CLOUD)) == []
