"""New bright ground in a clear scene, which a cloud could look like, and clouds that no shadow is seen of."""

import numpy as np
import pytest
from scipy import ndimage

from monitor.clustering.reference import fit_reference
from monitor.detection.result import Flag
from tests.detection.fields import CLOUD, SIZE, SOIL, cloudy, disc, judge, later, model, paint, scene, share, with_sun

CONCRETE = np.array([0.24, 0.27, 0.29, 0.32, 0.34, 0.31])
QUARRY = np.array([0.35, 0.42, 0.47, 0.50, 0.50, 0.44])
ROOF = np.array([0.55, 0.58, 0.58, 0.56, 0.45, 0.35])
SAND = np.array([0.22, 0.29, 0.36, 0.43, 0.50, 0.46])
ALL, VISIBLE_AND_NEAR = 6, 4
"""So many of the first bands."""


@pytest.mark.parametrize("radius", [6, 12, 20])
@pytest.mark.parametrize("bands", [ALL, VISIBLE_AND_NEAR])
@pytest.mark.parametrize("colour", [CONCRETE, QUARRY, ROOF], ids=["concrete", "quarry", "roof"])
def test_what_is_as_wide_and_white_as_a_cloud_and_throws_no_shadow_is_an_anomaly(cube, colour, bands, radius):
    place = disc(100, 70, radius)
    found = judge(scene(paint(later(cube), place, colour)[:bands]), model(cube[:bands]))
    assert share(found.flags, place, Flag.ANOMALY) > 0.9
    assert (found.flags == Flag.CLOUD).mean() < 0.002


def test_sand_is_told_from_cloud_by_its_colour_where_a_shadow_would_lie_beyond_the_edge(cube, reference):
    place = disc(18, 30, 8)
    assert share(judge(scene(paint(later(cube), place, SAND)), reference).flags, place, Flag.ANOMALY) > 0.9


def test_a_cloud_whose_shadow_lies_beyond_the_edge_is_cloud(cube, reference):
    found = judge(scene(later(cloudy(cube, 18, 30, 10, height_m=1500))), reference)
    assert share(found.flags, disc(18, 30, 8), Flag.CLOUD) > 0.9
    assert (found.flags == Flag.ANOMALY).sum() == 0


@pytest.mark.parametrize("colour", [QUARRY, ROOF], ids=["quarry", "roof"])
def test_a_hall_among_few_clouds_lacks_the_shadow_that_they_have(cube, reference, colour):
    hall = disc(118, 40, 10)
    image = cloudy(cloudy(paint(cube, hall, colour), 50, 90, 10), 110, 95, 8)
    flags = judge(scene(later(image)), reference).flags
    assert share(flags, hall, Flag.ANOMALY) > 0.9
    assert share(flags, disc(50, 90, 8) | disc(110, 95, 6), Flag.CLOUD) > 0.95


def test_a_higher_cloud_that_has_its_own_shadow_is_cloud(cube, reference):
    image = cloudy(cloudy(cube, 60, 90, 12), 120, 90, 10, height_m=1800)
    flags = judge(scene(later(image)), reference).flags
    assert share(flags, disc(120, 90, 8), Flag.CLOUD) > 0.95


@pytest.mark.parametrize("elevation", [None, 2.0], ids=["unknown", "on the horizon"])
def test_a_cloud_is_cloud_where_the_sun_is_not_known_to_throw_its_shadow(cube, reference, elevation):
    cloud = disc(100, 70, 12)
    now = with_sun(scene(paint(later(cube), cloud, CLOUD, 0.8)), 135.0, elevation)
    assert share(judge(now, reference).flags, cloud, Flag.CLOUD) > 0.9


@pytest.fixture(scope="module")
def town():
    """Streets that meet in a wide square."""
    town = np.zeros((SIZE, SIZE), bool)
    for street in range(30, 130, 20):
        town[street : street + 5, 30:130] = town[30:130, street : street + 5] = True
    town[62:79, 62:79] = True
    return town


def test_a_town_is_no_cloud_though_its_streets_meet_in_a_wide_square(cube, reference, town):
    found = judge(scene(paint(later(cube), town, CLOUD, 0.25)), reference)
    assert share(found.flags, town, Flag.CLOUD) == 0
    assert share(found.flags, town, Flag.ANOMALY) > 0.8


def test_a_large_town_is_no_cloud_though_one_place_is_wider_than_its_streets(cube, reference):
    town = np.zeros((SIZE, SIZE), bool)
    for street in range(10, 150, 20):
        town[street : street + 6, 10:150] = town[10:150, street : street + 6] = True
    town[60:86, 60:86] = True
    found = judge(scene(paint(later(cube), town, CLOUD, 0.25)), reference)
    assert share(found.flags, town, Flag.CLOUD) == 0
    assert share(found.flags, town, Flag.ANOMALY) > 0.8


def test_a_town_is_no_cloud_on_finer_pixels(cube, town):
    fine, finer_town = ndimage.zoom(cube, (1, 2, 2), order=1), np.kron(town, np.ones((2, 2))) > 0
    clear = scene(fine, pixel_m=15)
    reference = fit_reference(clear, clear.valid, "test", range(3, 6), 4)[0]
    found = judge(scene(paint(later(fine), finer_town, CLOUD, 0.25), pixel_m=15), reference)
    assert share(found.flags, finer_town, Flag.CLOUD) == 0
    assert share(found.flags, finer_town, Flag.ANOMALY) > 0.8


@pytest.mark.parametrize("bands", [ALL, VISIBLE_AND_NEAR])
def test_bare_soil_beside_a_cloud_is_no_fringe_of_it(cube, bands):
    now = cloudy(later(cube), 100, 60, 12)
    soil = disc(100, 78, 4)
    flags = judge(scene(paint(now, soil, SOIL)[:bands]), model(cube[:bands])).flags
    assert share(flags, soil, Flag.ANOMALY) > 0.8
    assert share(flags, disc(100, 60, 11), Flag.CLOUD) > 0.99


def test_a_fringe_of_which_the_correction_of_the_air_took_visible_light_is_cloud(cube, reference):
    now = cloudy(later(cube), 100, 60, 12)
    fringe = disc(100, 75, 4) & ~disc(100, 60, 13)
    yellow = CLOUD * np.array([0.3, 0.4, 0.5, 1, 1, 1])
    flags = judge(scene(paint(now, fringe, yellow, 0.5)), reference).flags
    assert share(flags, fringe, Flag.CLOUD) > 0.9
