"""Evidence becomes sentences that a person can check against the numbers."""

import pytest

from monitor.detection.result import Kind
from monitor.detection.words import ground, hectares, in_words

FOREST = {"blue": 0.02, "green": 0.05, "red": 0.03, "nir08": 0.33, "swir16": 0.15, "swir22": 0.07}
SOIL = {"blue": 0.12, "green": 0.18, "red": 0.23, "nir08": 0.32, "swir16": 0.4, "swir22": 0.34}
WATER = {"blue": 0.03, "green": 0.04, "red": 0.02, "nir08": 0.01, "swir16": 0.005, "swir22": 0.003}
BURNT = {"blue": 0.03, "green": 0.045, "red": 0.045, "nir08": 0.14, "swir16": 0.13, "swir22": 0.12}
FLOOD = {"blue": 0.06, "green": 0.09, "red": 0.095, "nir08": 0.117, "swir16": 0.085, "swir22": 0.055}
SNOW = {"blue": 0.8, "green": 0.8, "red": 0.8, "nir08": 0.7, "swir16": 0.1, "swir22": 0.05}


def evidence(was, now, **others):
    spectra = {f"was_{band}": value for band, value in was.items()} | {f"now_{band}": now[band] for band in now}
    return {"border_appeared": 2.1, "border_before": 1.0, **spectra, **others}


def test_a_change_is_a_sentence_of_ground_area_and_border():
    said = in_words(Kind.ANOMALY, 240_000, evidence(FOREST, SOIL))
    assert said == "forest -> bare soil, 24 ha, border 3.1 x as strong as any there before"


@pytest.mark.parametrize(
    ("spectrum", "name"),
    [
        (FOREST, "forest"), (SOIL, "bare soil"), (WATER, "water"), (SNOW, "snow or ice"),
        ({"green": 0.08, "red": 0.05, "nir08": 0.45}, "dense green"),
        ({"green": 0.08, "red": 0.10, "nir08": 0.30}, "grass or crops"),
        ({"green": 0.10, "red": 0.11, "nir08": 0.20}, "sparse vegetation"),
        ({"green": 0.12, "red": 0.15, "nir08": 0.20, "swir16": 0.18}, "bare or built ground"),
        ({"blue": 0.15, "green": 0.25, "red": 0.35, "nir08": 0.40}, "bright bare ground"),
        ({"swir16": 0.1, "swir22": 0.2}, "ground"),
    ],
)  # fmt: skip
def test_ground_is_named_by_its_spectrum(spectrum, name):
    assert ground(spectrum) == name


@pytest.mark.parametrize(("now", "name"), [(BURNT, "burnt ground"), (FLOOD, "flooded ground")])
def test_what_happened_to_vegetation_is_named_where_two_spectra_tell_it(now, name):
    assert in_words(Kind.ANOMALY, 1e5, evidence(FOREST, now)).startswith(f"forest -> {name}, 10 ha")


def test_ground_of_one_name_is_told_apart_by_how_it_differs():
    darker = {band: 0.6 * value for band, value in SOIL.items()}
    said = in_words(Kind.ANOMALY, 1e4, evidence(SOIL, darker, brightness=-0.07))
    assert said.startswith("bare soil, darker, 1 ha")
    assert in_words(Kind.ANOMALY, 1e4, evidence(SOIL, SOIL)).startswith("another kind of bare soil")


def test_borders_are_told_as_new_where_there_was_none_and_as_none_where_none_appeared():
    assert "strength 2.2 where there was none" in in_words(Kind.ANOMALY, 1e4, evidence(FOREST, SOIL, border_before=0.1))
    assert "no border that was not there" in in_words(Kind.ANOMALY, 1e4, evidence(FOREST, SOIL, border_appeared=0.0))


def test_clouds_and_shadows_say_what_they_cover():
    assert in_words(Kind.CLOUD, 2e7, {"opacity": 0.834}) == "cloud over 20 km², takes 83 % of the view"
    assert in_words(Kind.SHADOW, 5e4, {}) == "cloud shadow over 5 ha"


def test_a_finding_without_spectra_says_what_it_said_when_it_was_stored():
    assert in_words(Kind.ANOMALY, 1e4, {"border_appeared": 1.0}, "label 3 -> label 5") == "label 3 -> label 5"


@pytest.mark.parametrize(
    ("square_metres", "said"),
    [(5400, "0.54 ha"), (549_900, "55 ha"), (1_234_000, "123 ha"), (9_996_000, "10 km²"), (81_849_600, "81.8 km²"),
     (999_600_000, "1,000 km²")],
)  # fmt: skip
def test_an_area_is_said_in_three_digits_of_the_unit_that_suits_it(square_metres, said):
    assert hectares(square_metres) == said
