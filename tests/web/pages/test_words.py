from datetime import UTC, datetime, timedelta

import pytest

from monitor.web.pages import words


@pytest.mark.parametrize(
    ("square_metres", "said"),
    [(5400, "0.54 ha"), (549_900, "55 ha"), (1_234_000, "123 ha"), (81_849_600, "81.8 km²")],
)
def test_an_area_is_said_in_the_unit_that_suits_it(square_metres, said):
    assert words.area(square_metres) == said


def test_evidence_says_the_weightiest_first_and_leaves_out_what_was_not_measured():
    evidence = {"border_appeared": 2.1, "border_before": 1.0, "d_ndvi": -0.45, "d_nbr": None, "residual": 7.25,
                "d_nir08": -0.21, "d_red": 0.02, "novelty": None, "qa_overlap": None}  # fmt: skip
    facts = words.facts(evidence)
    assert [fact.about for fact in facts] == ["Border", "Vegetation", "Reflectance", "Departure"]
    assert facts[0].found == "3.1 × as strong as any there before"
    assert facts[1].found == "NDVI \u22120.45"
    assert facts[2].found == "near infrared \u22120.21, red +0.02"


def test_a_border_where_there_was_none_has_a_strength():
    assert words.border({"border_appeared": 9.4, "border_before": 0.1}).found == "strength 9.5 where there was none"
    assert words.border({"border_appeared": 0.0, "border_before": 3.0}).found == "none that was not there before"


def test_how_long_ago_is_said_in_the_largest_unit():
    now = datetime(2026, 1, 10, tzinfo=UTC)
    spans = (timedelta(seconds=20), timedelta(minutes=5), timedelta(hours=7), timedelta(days=3, hours=2))
    assert [words.ago(now - span, now) for span in spans] == ["just now", "5 min ago", "7 h ago", "3 d ago"]
