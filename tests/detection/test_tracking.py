"""Objects over time."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detection.result import Finding, Flag, Kind, Outcome
from monitor.detection.tracking import Track, Verdict, look, match, verdict
from tests import rasters

S, G, H = Outcome.SEEN, Outcome.GONE, Outcome.HIDDEN


@pytest.mark.parametrize(
    ("looks", "said"),
    [
        ([S], Verdict.NEW),
        ([S, H, H], Verdict.NEW),
        ([S, G], Verdict.TRANSIENT),
        ([S, H, G], Verdict.TRANSIENT),
        ([S, S], Verdict.CONFIRMED),
        ([S, G, S], Verdict.CONFIRMED),
        ([S, G, G, S], Verdict.CONFIRMED),
        ([S, G, G, G, S], Verdict.NEW),
        ([S, S, G], Verdict.CONFIRMED),
        ([S, S, G, H, G], Verdict.ENDED),
        ([S, S, G, G, S], Verdict.CONFIRMED),
        ([S, G, S, H, G, S], Verdict.RECURRING),
        ([S, G, S, G, S, S, S], Verdict.RECURRING),
    ],
)
def test_two_of_four_clear_looks_confirm_and_two_misses_end(looks, said):
    assert verdict(looks) is said


@given(st.lists(st.sampled_from([S, G]), min_size=1, max_size=8), st.data())
def test_looks_under_cloud_change_nothing(looks, data):
    hidden = data.draw(st.lists(st.integers(0, len(looks)), max_size=4))
    clouded = list(looks)
    for place in sorted(hidden, reverse=True):
        clouded.insert(place, H)
    assert verdict(clouded) is verdict(looks)


def outline(grid, rows, columns):
    (left, top), (right, bottom) = (
        grid.transform @ (c, r) for c, r in itertools.chain(zip(columns, rows, strict=True))
    )
    ring = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return grid.to_lonlat({"type": "Polygon", "coordinates": [ring]})


def finding(geometry):
    return Finding(Kind.ANOMALY, geometry, 900.0, 1, 0.5, {}, "")


def test_a_finding_continues_the_track_that_it_overlaps_most():
    grid = rasters.make_grid()
    tracks = [Track(1, outline(grid, (10, 20), (10, 20))), Track(2, outline(grid, (10, 20), (20, 40)))]
    mostly_second = finding(outline(grid, (10, 20), (18, 32)))
    elsewhere = finding(outline(grid, (40, 50), (10, 20)))
    touching = finding(outline(grid, (20, 30), (10, 20)))
    assert match([mostly_second, elsewhere, touching], tracks) == [1, None, None]
    assert match([elsewhere], []) == [None]


def test_a_small_part_of_a_grown_object_is_still_that_object():
    grid = rasters.make_grid()
    tracks = [Track(7, outline(grid, (10, 13), (10, 13)))]
    assert match([finding(outline(grid, (5, 40), (5, 40)))], tracks) == [0]


def test_a_place_is_seen_gone_or_hidden_by_what_the_flags_say_inside_it():
    grid = rasters.make_grid()
    place = outline(grid, (10, 20), (10, 20))
    flags = np.zeros(grid.shape, np.uint8)
    assert look(place, flags, grid) is G
    flags[10:20, 10:14] = Flag.ANOMALY
    assert look(place, flags, grid) is S
    flags[10:16, 10:20] = Flag.CLOUD
    assert look(place, flags, grid) is H
    flags[10:16, 10:20] = Flag.NO_ANSWER
    assert look(place, flags, grid) is H


def test_a_place_outside_the_grid_is_hidden():
    grid = rasters.make_grid()
    far = outline(rasters.make_grid(left=700000.0), (10, 20), (10, 20))
    assert look(far, np.zeros(grid.shape, np.uint8), grid) is H
