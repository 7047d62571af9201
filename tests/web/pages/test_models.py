"""What pages show, without a browser."""

from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.detection.result import Kind, Outcome
from monitor.errors import RequestError
from monitor.store.actions import Action
from monitor.store.inbox import InboxAlert, InboxFilter, InboxGroup
from monitor.store.lifecycle import Reason
from monitor.store.severity import Severity
from monitor.store.tables import AlertState, SceneState
from monitor.store.tracking import Look
from monitor.web.pages import alert_model, inbox_model, reviewing, scenes_model, status_model, tokens
from monitor.web.pages.inbox_model import InboxView
from monitor.web.pages.scenes_model import ScenesView

DAYS = st.dates(datetime(1990, 1, 1).date(), datetime(2090, 1, 1).date()).map(
    lambda day: datetime(day.year, day.month, day.day, tzinfo=UTC)
)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,20}", fullmatch=True)
FILTERS = st.builds(
    InboxFilter,
    monitor=st.none() | NAMES,
    kind=st.none() | st.sampled_from(Kind),
    state=st.none() | st.sampled_from(AlertState),
    severity=st.none() | st.sampled_from([Severity.MEDIUM, Severity.HIGH]),
    since=st.none() | DAYS,
    until=st.none() | DAYS,
)


@settings(deadline=None)
@given(st.builds(InboxView, FILTERS, st.integers(1, 9999)))
def test_an_inbox_survives_its_address(view):
    assert inbox_model.from_query(dict(parse_qsl(inbox_model.to_query(view)))) == view


@settings(deadline=None)
@given(st.builds(ScenesView, st.none() | NAMES, st.none() | st.sampled_from(SceneState), page=st.integers(1, 9999)))
def test_a_list_of_scenes_survives_its_address(view):
    assert scenes_model.from_query(dict(parse_qsl(scenes_model.to_query(view)))) == view


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["kind", "state", "severity", "since", "until", "page"]), st.text(max_size=12)))
def test_an_address_that_makes_no_sense_shows_something(query):
    view = inbox_model.from_query(query)
    assert view.page >= 1
    assert scenes_model.from_query(query).page >= 1


NOON = datetime(2023, 7, 1, 12, tzinfo=UTC)
WORDS = ("water", "vegetation", "vegetation")


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("label 0 -> label 1: nir08 +0.15, 1.08 ha, border of strength 9.5", "Water → vegetation"),
        ("within label 1: nir08 -0.21, 55 ha, border 3.1 x", "Change within vegetation"),
        ("label 1 -> label 2: red +0.1, 2 ha", "Vegetation (label 1) → vegetation (label 2)"),
        ("label 0 -> label 7: red +0.1, 2 ha", "Water → label 7"),
        ("2 anomaly objects, 0.12 km²", "Change in 2 patches"),
        ("something else", "Change"),
    ],
)
def test_labels_of_a_description_become_ground(description, said):
    assert inbox_model.change_words(description, WORDS) == said


def test_the_figures_of_a_description_come_without_the_area():
    said = inbox_model.detail("label 0 -> label 1: nir08 +0.15, NDVI +0.39, 1.08 ha, border of strength 9.5")
    assert said == "nir08 +0.15, NDVI +0.39, border of strength 9.5"


def look(day: int, outcome: Outcome) -> Look:
    return Look(day, f"scene {day}", datetime(2023, 7, day, tzinfo=UTC), outcome)


def test_what_became_of_a_place_is_said_in_a_sentence():
    seen, hidden, gone = look(1, Outcome.SEEN), look(2, Outcome.HIDDEN), look(3, Outcome.GONE)
    for looks in ([], [seen]):
        assert alert_model.afterwards(looks, AlertState.NEW) == "No later scene has looked at this place yet."
    again = look(4, Outcome.SEEN)
    assert alert_model.afterwards([seen, again], AlertState.NEW) == "Seen in 2 scenes. Still there on 2023-07-04."
    said = alert_model.afterwards([seen, hidden, gone], AlertState.RESOLVED)
    assert said == "Seen in 1 scene, gone in 1, hidden in 1. The change was over by 2023-07-03."


@pytest.mark.parametrize(
    "args",
    [
        None,
        {},
        {"action": "delete", "ids": [1]},
        {"action": "confirm", "ids": []},
        {"action": "confirm", "ids": ["x"]},
        {"action": "confirm", "ids": list(range(501))},
        {"action": "dismiss", "ids": [1]},
        {"action": "dismiss", "ids": [1], "reason": "boredom"},
    ],
)
def test_a_review_that_makes_no_sense_is_refused(args):
    with pytest.raises(RequestError):
        reviewing.order_of(args)


def test_a_review_from_the_browser_is_taken_once_for_every_alert():
    order = reviewing.order_of({"action": "dismiss", "ids": [3, 1, 3], "reason": "wrong", "note": "  x  "})
    assert order == reviewing.Order(Action.DISMISS, (3, 1), Reason.WRONG, "x")


def test_addresses_of_catalogs_are_shown_without_what_may_be_secret():
    shown = status_model.without_secrets("https://user:pass@stac.example.org/v1?token=abc")
    assert shown == "https://stac.example.org/v1"
    assert status_model.without_secrets("/data/catalog.json") == "/data/catalog.json"


def luminance(colour: str) -> float:
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [tokens.LIGHT, tokens.DARK], ids=["light", "dark"])
def test_every_text_stands_out_from_its_ground(theme):
    for ground in ("paper", "surface", "sunken"):
        for ink in ("ink", "muted", "accent"):
            assert contrast(theme[ink], theme[ground]) >= 4.5, (ink, ground)
    for ink in ("high", "medium", "low", "good", "bad"):
        assert contrast(theme[ink], theme[f"{ink}-soft"]) >= 4.5, ink
    assert contrast(theme["on-accent"], theme["accent"]) >= 4.5


def test_both_themes_have_the_same_tokens():
    assert tokens.LIGHT.keys() == tokens.DARK.keys()


def test_an_alert_knows_its_neighbours_in_the_list():
    def group(*ids: int) -> InboxGroup:
        alerts = tuple(
            InboxAlert(n, Kind.ANOMALY, AlertState.NEW, Severity.LOW, 0.5, 900.0, NOON, NOON, NOON, "") for n in ids
        )
        return InboxGroup("lake", None, NOON, Severity.LOW, alerts)

    groups = [group(3, 1), group(2)]
    found = [inbox_model.neighbours(groups, alert_id) for alert_id in (3, 1, 2, 9)]
    assert found == [(None, 1), (3, 2), (1, None), (None, None)]
