from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from monitor.detection.result import Kind, Outcome
from monitor.errors import AlertStateError, NotFoundError
from monitor.store import Store
from monitor.store.alert_history import alert_history
from monitor.store.lifecycle import comment
from monitor.store.monitors import ensure_monitor
from monitor.store.tables import AlertState
from monitor.store.tracking import add_looks, events_of
from tests.store.examples import NOON, add_scene, create_alert, extend_alert, finding, item, save, square

DAY = timedelta(days=1)


def alert(session: Session, **changes: object) -> int:
    values: dict[str, object] = {
        "kind": Kind.ANOMALY, "score": 0.8, "area_m2": 900.0, "geometry": square(-79.0, 44.0), "seen": NOON,
        "description": "forest became bare soil", "now": NOON,
    }  # fmt: skip
    return create_alert(session, ensure_monitor(session, "toronto"), **(values | changes))  # type: ignore[arg-type]


def test_the_history_of_an_alert_has_sightings_looks_events_and_neighbours_by_date(store: Store) -> None:
    with store.session() as session:
        scenes, found = {}, {}
        for day, name in enumerate("ABCD"):
            scenes[name] = add_scene(session, item(name, name, datetime=NOON + day * DAY))
            found[name] = save(session, scenes[name], finding())
        number = alert(session, finding_ids=found["A"])
        extend_alert(session, number, seen=NOON + DAY, finding_ids=found["B"])
        for name, outcome in zip("ABCD", (Outcome.SEEN, Outcome.SEEN, Outcome.HIDDEN, Outcome.GONE), strict=True):
            add_looks(session, scenes[name], {number: outcome})
        comment(session, number, "eve", " a quarry ", now=NOON + DAY)
        touching = alert(session, geometry=square(-78.95, 44.05))
        alert(session, geometry=square(-78.5, 44.0)), alert(session, kind=Kind.CLOUD)
        history = alert_history(session, number)
    assert [seen.scene_id for seen in history.sightings] == ["A", "B"]
    assert [(look.scene_id, look.outcome) for look in history.looks][-1] == ("D", Outcome.GONE)
    assert [(event.event, event.note) for event in history.events] == [("created", None), ("comment", "a quarry")]
    assert [other.id for other in history.others] == [touching]
    assert history.became == "seen in 1 of 2 later clear looks, 1 hidden; new"
    assert history.words == "as before"


def test_an_alert_nobody_looked_at_since_says_so(store: Store) -> None:
    with store.session() as session:
        assert alert_history(session, alert(session)).became == "no later look at its place; new"


def test_a_comment_needs_words_an_author_and_an_alert_and_leaves_the_state(store: Store) -> None:
    with store.session() as session:
        number = alert(session, state=AlertState.DISMISSED)
        comment(session, number, "eve", "still a quarry")
        assert [event.to_state for event in events_of(session, number)] == [AlertState.DISMISSED, None]
        for author, words in (("eve", "  "), ("", "words")):
            with pytest.raises(AlertStateError, match="needs"):
                comment(session, number, author, words)
        with pytest.raises(NotFoundError):
            comment(session, 99, "eve", "words")
