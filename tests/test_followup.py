"""Looks that are missing because scenes were not done by their dates."""

from monitor.detection.result import Outcome
from monitor.followup import follow_up
from monitor.store.tables import AlertState
from monitor.store.tracking import looks_of
from tests.test_alerting import CLOUD, MUD, Series


def looks(series: Series, alert_id: int) -> list[Outcome]:
    with series.store.session(read_only=True) as session:
        return [look.outcome for look in looks_of(session, [alert_id])[alert_id]]


def test_scenes_that_were_done_before_a_late_one_say_what_they_saw_in_the_place_of_its_alert(store):
    series = Series(store)
    series.add(2, [CLOUD])
    series.add(3, [])
    series.add(1, [MUD])
    mud = next(alert for alert in series.alerts if alert.kind == "anomaly")
    assert (mud.state, looks(series, mud.id)) == (AlertState.NEW, [Outcome.SEEN])
    assert follow_up(store, "lake") == 2
    assert looks(series, mud.id) == [Outcome.SEEN, Outcome.HIDDEN, Outcome.GONE]
    assert next(alert for alert in series.alerts if alert.id == mud.id).state is AlertState.RESOLVED
    assert follow_up(store, "lake") == 0


def test_the_order_of_arrival_does_not_change_what_becomes_of_an_alert(store):
    by_date, by_chance = Series(store, "by-date"), Series(store, "by-chance")
    marks = {0: [], 1: [MUD], 2: [CLOUD], 3: [MUD], 4: []}
    for series, days in ((by_date, (0, 1, 2, 3, 4)), (by_chance, (0, 4, 3, 2, 1))):
        for day in days:
            series.add(day, marks[day])
        follow_up(store, series.monitor)
    state, *_ = [alert.state for alert in by_date.alerts if alert.kind == "anomaly"]
    assert [alert.state for alert in by_chance.alerts if alert.kind == "anomaly"] == [state]
    assert state is AlertState.CONFIRMED


def test_scenes_done_in_order_leave_nothing_to_follow_up(store):
    series = Series(store)
    for day, marks in enumerate(([], [MUD], [], [MUD], [CLOUD])):
        series.add(day, marks)
    assert follow_up(store, "lake") == 0
    assert follow_up(store, "unknown") == 0
