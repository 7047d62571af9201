"""The evidence of a finding piece by piece."""

from monitor.detection.facts import facts


def test_the_weightiest_comes_first_and_what_was_not_measured_is_left_out():
    evidence = {"border_appeared": 2.1, "border_before": 1.0, "d_ndvi": -0.45, "d_nbr": None, "residual": 7.25,
                "d_nir08": -0.21, "d_red": 0.02, "novelty": None, "qa_overlap": None}  # fmt: skip
    found = facts(evidence)
    assert [fact.about for fact in found] == ["Border", "Vegetation", "Reflectance", "Departure"]
    assert found[0].found == "3.1 x as strong as any there before"
    assert found[1].found == "NDVI -0.45"
    assert found[1].meaning == "Less green."
    assert found[2].found == "near infrared -0.21, red +0.02"


def test_without_a_border_it_says_so():
    assert facts({"border_appeared": 0.0, "border_before": 3.0})[0].found == "none that was not there before"


def test_a_border_where_there_was_none_has_a_strength():
    assert facts({"border_appeared": 9.4, "border_before": 0.1})[0].found == "of strength 9.5 where there was none"
