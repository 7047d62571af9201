"""Scenes that are hard to read through the air: level 1, haze, snow beside clouds, units that are no reflectance."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from monitor.clustering.reference import fit_reference
from monitor.detection.known import colours, known_of
from monitor.detection.result import Flag
from tests.detection.fields import (
    CLOUD,
    FOREST,
    SIZE,
    WATER,
    cloudy,
    disc,
    even,
    ground,
    judge,
    later,
    paint,
    scene,
    share,
)

SNOW = np.array([0.86, 0.85, 0.84, 0.75, 0.12, 0.08])
CIRRUS = np.array([0.60, 0.62, 0.64, 0.66, 0.38, 0.26])
AIR = np.array([0.14, 0.10, 0.06, 0.03, 0.006, 0.002])
"""Light of the air at level 1, as the sun of 35 degrees gives it."""


def at_level_1(cube, air=AIR):
    now = scene(cube + air[:, None, None])
    return replace(now, item=replace(now.item, needs_sun_correction=True))


def fitted(clear):
    return fit_reference(clear, clear.valid, "test", range(3, 6), 4)[0]


def soft(mask, pixels=2.0):
    return ndimage.gaussian_filter(mask.astype(float), pixels)


def test_clouds_beside_more_snow_are_clouds_and_have_shadows(cube):
    now = cube
    for row, column in ((40, 40), (70, 95), (130, 60)):
        now = paint(now, disc(row - 21, column - 21, 5), np.zeros(6), 0.55)
        now = paint(now, disc(row, column, 5), CLOUD)
    for row, column in ((25, 80), (100, 30), (135, 95)):
        now = paint(now, disc(row, column, 13), SNOW)
    flags = judge(scene(later(now)), fitted(scene(cube))).flags
    assert share(flags, disc(70, 95, 4) | disc(40, 40, 4), Flag.CLOUD) > 0.9
    assert share(flags, disc(49, 74, 4) | disc(19, 19, 4), Flag.SHADOW) > 0.9


def test_thin_cloud_over_dark_water_is_no_snow_at_level_1():
    sea = np.where(np.arange(SIZE) < 60, ground(), WATER[:, None, None])
    veil = 0.2 * soft(disc(80, 110, 30), 6)
    veiled = sea * (1 - veil) + CIRRUS[:, None, None] * veil
    flags = judge(at_level_1(later(veiled)), fitted(at_level_1(sea))).flags
    assert share(flags, veil > 0.15, Flag.CLOUD) > 0.95
    assert (flags == Flag.ANOMALY).mean() < 0.002


def test_the_light_of_the_air_is_that_of_dark_water_and_not_of_forest_where_there_is_none(cube):
    beside_water, forest = at_level_1(cube), at_level_1(even(FOREST, 0.05))
    air = colours(beside_water, known_of(fitted(beside_water))).air
    np.testing.assert_allclose(air[3:], (AIR + WATER)[3:], atol=0.01)
    infrared = colours(forest, known_of(fitted(forest))).air[3:]
    assert (infrared < 0.3 * FOREST[3:] + 0.02).all()


def town(cube):
    """Bright ground, a third as bright as cloud, and a roof that outshines it by far."""
    bright = 0.05 + 0.9 * cube
    bright[:, 100:104, 20:24] = 0.45
    return bright


def test_thin_cloud_over_ground_in_the_shade_of_another_is_cloud(cube):
    now = town(cube)
    for row, column, radius in ((60, 50, 14), (110, 90, 16), (140, 30, 10)):
        now = cloudy(now, row, column, radius)
    veil = 0.25 * soft(disc(88, 68, 9), 2)
    veiled = at_level_1(later(now * (1 - veil) + CIRRUS[:, None, None] * veil), 3 * AIR)
    flags = judge(veiled, fitted(at_level_1(town(cube), 3 * AIR))).flags
    assert share(flags, (veil > 0.15) & disc(89, 69, 9), Flag.ANOMALY) < 0.05


@pytest.mark.parametrize("row", [30, 40, 50])
def test_a_veil_too_thin_for_a_cloud_over_the_shadow_of_another_is_no_change(cube, row):
    image = cloudy(cube, 80, 75, 14)
    veil = 0.09 * soft(disc(row, 50, 20), 5)
    image = image * (1 - veil) + CLOUD[:, None, None] * veil
    flags = judge(scene(later(image)), fitted(scene(cube))).flags
    assert not (flags == Flag.ANOMALY).any()
    assert (flags == Flag.SHADOW).sum() > 200


def test_thin_cloud_is_known_where_the_light_of_the_air_is_strong(cube):
    """Numbers of 8 bits at level 1, say: 1.5 times the brightest ground is far brighter than any cloud."""
    now = town(cube)
    for row, column, radius in ((50, 50, 14), (120, 60, 16), (125, 110, 12)):
        now = cloudy(now, row, column, radius)
    veil = 0.2 * soft(disc(60, 110, 24), 5)
    veiled = at_level_1(later(now * (1 - veil) + CIRRUS[:, None, None] * veil), 3 * AIR)
    flags = judge(veiled, fitted(at_level_1(town(cube), 3 * AIR))).flags
    assert share(flags, (veil > 0.15) & (flags != Flag.SHADOW), Flag.CLOUD) > 0.9


@pytest.mark.parametrize("clouds", [(), ((30, 30, 12), (130, 40, 14))], ids=["cloudless", "beside clouds"])
def test_where_haze_over_water_is_thin_nothing_has_changed(clouds):
    sea = np.where(np.arange(SIZE) < 50, ground(), WATER[:, None, None])
    uneven = ndimage.gaussian_filter(np.random.default_rng(5).standard_normal((SIZE, SIZE)), 16)
    haze = np.clip(0.04 + 0.02 * uneven / uneven.std(), 0, 0.12)
    blue = np.array([1.0, 0.75, 0.55, 0.25, 0.08, 0.04])[:, None, None]
    now = sea
    for row, column, radius in clouds:
        now = cloudy(now, row, column, radius)
    flags = judge(scene(later(now + haze * blue * (CLOUD[:, None, None] - now))), fitted(scene(sea))).flags
    open_sea = (np.arange(SIZE) > 80) & np.ones((SIZE, 1), bool)
    assert share(flags, open_sea, Flag.CLEAR) > 0.97
