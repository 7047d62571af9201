"""Areas of nothing but one kind of ground: open water, forest, snow."""

import numpy as np
import pytest
from scipy import ndimage

from monitor.detection.result import Flag
from tests.detection.fields import FOREST, SHIP, SIZE, WATER, cloudy, disc, judge, later, model, paint, scene, share

SNOW = np.array([0.92, 0.92, 0.90, 0.82, 0.14, 0.10])
RADIOMETRY = np.array([0.004, -0.003, 0.005, -0.004, 0.003, -0.002])
"""What the bands of another day are off by."""


def even(colour, texture):
    """One kind of ground of slow and fine texture, (bands, rows, columns), smoother than the sensor's noise."""
    rng = np.random.default_rng(3)
    slow, fine = (ndimage.gaussian_filter(rng.standard_normal((SIZE, SIZE)), sigma) for sigma in (12, 1))
    return colour[:, None, None] * (1 + texture * (slow / slow.std() + 0.3 * fine / fine.std()))


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
    assert (flags == Flag.ANOMALY).sum() == 0
