"""What of a reference scene without QA_PIXEL is taken for cloud or shadow, and what is not."""

from dataclasses import replace

import numpy as np
import pytest

from monitor.scenes.clear import ground
from monitor.scenes.stack import Stack
from tests.detection import fields
from tests.detection.fields import CLOUD, FOREST, LIGHT_LEFT, SIZE, WATER, disc, later, paint, scene

SUN_DEG = 45.0


@pytest.fixture(scope="module")
def cube():
    return later(fields.ground())


def shaded(cube, mask):
    return np.where(mask, cube * LIGHT_LEFT[:, None, None], cube)


def test_a_cloud_and_the_shadow_that_it_throws_are_left_out(cube):
    cloud, shadow = disc(80, 70, 8), disc(59, 49, 8)
    known = ground(scene(paint(shaded(cube, shadow), cloud, CLOUD)))
    assert not known[cloud].any()
    assert known[shadow].mean() < 0.1
    assert known.mean() > 0.85


def test_in_whatever_order_bands_are_listed_the_same_is_left_out(cube):
    cloud, shadow = disc(80, 70, 8), disc(59, 49, 8)
    now = scene(paint(shaded(cube, shadow), cloud, CLOUD))
    turned = replace(now, bands=now.bands[::-1], stack=Stack.of(now.reflectance[::-1], now.valid))
    np.testing.assert_array_equal(ground(turned), ground(now))


def test_dark_ground_where_only_another_height_would_throw_a_shadow_is_kept(cube):
    cloud, shadow, wood = disc(100, 100, 8), disc(79, 79, 8), disc(40, 40, 6)
    dark = paint(shaded(cube, shadow), wood, 0.4 * FOREST)
    known = ground(scene(paint(dark, cloud, CLOUD)))
    assert known[wood].all()


def test_bright_ground_that_throws_no_shadow_is_kept(cube):
    sand = disc(60, 50, 6)
    assert ground(scene(paint(cube, sand, CLOUD))).all()


def test_without_sun_angles_what_is_bright_is_left_out(cube):
    sand = disc(60, 50, 6)
    known = ground(fields.with_sun(scene(paint(cube, sand, CLOUD)), None, None))
    assert not known[sand].any()
    assert known.mean() > 1 - 400 / SIZE**2


def test_a_white_beach_beside_dark_water_is_no_cloud_and_its_water_no_shadow(cube):
    sea = np.zeros((SIZE, SIZE), bool)
    sea[:, : SIZE // 2] = True
    beach = np.zeros((SIZE, SIZE), bool)
    beach[20:-20, SIZE // 2 : SIZE // 2 + 4] = True
    coast = paint(np.where(sea, WATER[:, None, None], cube), beach, CLOUD)
    assert ground(scene(later(coast))).all()


def test_a_cloud_over_open_water_is_left_out_with_the_shadow_that_it_throws_there():
    sea = np.broadcast_to(WATER[:, None, None], (len(WATER), SIZE, SIZE))
    cloud, shadow = disc(80, 70, 8), disc(59, 49, 8)
    known = ground(scene(paint(shaded(later(sea), shadow), cloud, CLOUD)))
    assert not known[cloud].any()
    assert known[shadow].mean() < 0.1
    assert known.mean() > 0.9
