"""Areas of nothing but one kind of ground: open water, forest, snow."""

import numpy as np
import pytest
from scipy import ndimage

from monitor.detection.result import Flag
from tests.detection.fields import (
    CLOUD,
    FOREST,
    SHIP,
    SIZE,
    WATER,
    cloudy,
    disc,
    even,
    judge,
    later,
    model,
    paint,
    scene,
    share,
)

SNOW = np.array([0.92, 0.92, 0.90, 0.82, 0.14, 0.10])
RADIOMETRY = np.array([0.004, -0.003, 0.005, -0.004, 0.003, -0.002])
"""What the bands of another day are off by."""


def another_day(cube, seed=1):
    return (
        later(cube, seed)
        + 0.001 * np.random.default_rng(seed + 50).standard_normal(cube.shape)
        + RADIOMETRY[:, None, None]
    )


@pytest.mark.parametrize("colour", [WATER, FOREST], ids=["water", "forest"])
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_on_even_ground_is_no_change(colour, seed):
    cube = even(colour, 0.03)
    assert (judge(scene(another_day(cube, seed)), model(cube)).flags > 0).mean() < 0.001


def test_ships_and_clouds_are_found_on_open_water():
    cube, cloud = even(WATER, 0.03), disc(100, 100, 10)
    ships = np.zeros((SIZE, SIZE), bool)
    for row, column in ((20, 30), (40, 130), (130, 40)):
        ships[row : row + 2, column : column + 3] = True
    found = judge(scene(another_day(paint(cloudy(cube, 100, 100, 12), ships, SHIP))), model(cube))
    assert share(found.flags, ships, Flag.ANOMALY) > 0.9
    assert share(found.flags, cloud, Flag.CLOUD) > 0.95
    assert not (found.flags == Flag.ANOMALY)[~ndimage.binary_dilation(ships, iterations=2)].any()


@pytest.mark.parametrize("bare_rows", [0, 60], ids=["snow", "snow and forest"])
def test_cloud_is_cloud_over_snow_that_outshines_it(bare_rows):
    cube = even(SNOW, 0.01)
    cube[:, :bare_rows] = even(FOREST, 0.05)[:, :bare_rows]
    flags = judge(scene(another_day(cloudy(cube, 110, 100, 14))), model(cube)).flags
    assert share(flags, disc(110, 100, 11), Flag.CLOUD) > 0.95
    assert share(flags, disc(110, 100, 18), Flag.CLOUD) > 0.95  # down to its fringes
    assert (flags == Flag.ANOMALY).sum() == 0


VEIL = np.array([0.60, 0.62, 0.64, 0.66, 0.36, 0.25])
"""Cloud of ice, which takes more light from the short-wave infrared than one of drops."""


def test_small_clouds_beside_a_veil_of_ice_are_no_ships():
    cube = even(WATER, 0.03)
    cube[:, :, 90:] = even(FOREST, 0.05)[:, :, 90:]
    image = cloudy(cloudy(cube, 60, 140, 9), 130, 140, 9)
    for row, column in ((80, 20), (90, 70), (110, 40), (120, 75), (140, 20), (145, 60)):
        image = paint(image, disc(row, column, 1.5), CLOUD, 0.23)
    veil = 0.35 * np.exp(-(((np.arange(SIZE) - 20) / 15) ** 2))[:, None]
    image = image * (1 - veil) + VEIL[:, None, None] * veil
    assert (judge(scene(another_day(image)), model(cube)).flags == Flag.ANOMALY).sum() == 0


def test_a_cloud_whose_shadow_lies_under_a_veil_is_cloud():
    cube, lone = even(WATER, 0.03), disc(120, 120, 12)
    image = cube
    for row, column, radius in ((120, 120, 12), (120, 40, 9), (60, 140, 9)):
        image = cloudy(image, row, column, radius, height_m=2800)
    veil = 0.12 * np.clip(ndimage.gaussian_filter(disc(54, 54, 20).astype(float), 3), 0, 1)
    image = image * (1 - veil) + CLOUD[:, None, None] * veil
    flags = judge(scene(another_day(image)), model(cube)).flags
    assert share(flags, lone, Flag.CLOUD) > 0.95
    assert (flags == Flag.ANOMALY).sum() == 0
