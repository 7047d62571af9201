"""Scenes laid on the radiometry of a reference."""

import numpy as np
import pytest

from monitor.scenes.normalise import normalise
from tests.detection.fields import CLOUD, SIZE, SOIL, disc, ground, later, model, paint, scene

GAIN = np.array([1.06, 0.95, 1.04, 0.97, 1.05, 0.94])
AIR = np.array([0.10, 0.07, 0.05, 0.03, 0.01, 0.0])
"""What the atmosphere adds to ground at level 1, about."""
OFFSET = np.array([0.004, -0.003, 0.002, 0.005, -0.004, 0.003])


@pytest.fixture(scope="module")
def cube():
    return ground()


@pytest.fixture(scope="module")
def reference(cube):
    return model(cube)


def distorted(cube):
    return GAIN[:, None, None] * later(cube) + OFFSET[:, None, None]


def left(laid, cube, where):
    return np.abs(np.median((laid.scene.reflectance - cube)[:, where], axis=1)).max()


def test_gains_and_offsets_are_undone(cube, reference):
    laid = normalise(scene(distorted(cube)), reference)
    assert laid.radiometry.gains == pytest.approx(1 / GAIN, abs=0.02)
    assert left(laid, cube, np.ones((SIZE, SIZE), bool)) < 0.002


@pytest.mark.parametrize("share", [0.35, 0.65])
def test_they_are_undone_under_much_cloud_as_well(cube, reference, share):
    covered = np.zeros((SIZE, SIZE), bool)
    covered[: int(share * SIZE)] = True
    rng = np.random.default_rng(5)
    opacity = covered * rng.uniform(0.3, 1, (SIZE, SIZE))
    now = cube * (1 - opacity) + CLOUD[:, None, None] * opacity
    laid = normalise(scene(distorted(now)), reference)
    assert left(laid, cube, ~covered) < 0.004
    assert laid.radiometry.support < 1 - share + 0.05


@pytest.mark.parametrize(("gain", "air"), [(1.6, 0), (0.6, 0), (0.8, AIR)], ids=["higher sun", "lower sun", "air"])
def test_another_sun_or_the_air_itself_is_undone_beside_clouds(cube, reference, gain, air):
    covered = np.zeros((SIZE, SIZE), bool)
    covered[: SIZE // 3] = True
    now = np.where(covered, CLOUD[:, None, None] * np.random.default_rng(5).uniform(0.9, 1.1, (SIZE, SIZE)), cube)
    laid = normalise(scene(gain * later(now) + np.reshape(air, (-1, 1, 1))), reference)
    assert left(laid, cube, ~covered) < 0.006


def test_clouds_all_over_are_not_taken_for_ground_behind_air(reference):
    rng = np.random.default_rng(3)
    clouds = CLOUD[:, None, None] * rng.uniform(0.9, 1.1, (SIZE, SIZE))
    laid = normalise(scene(clouds), reference)
    assert (np.median(laid.scene.reflectance, axis=(1, 2)) > 0.9 * CLOUD).all()


def test_a_third_of_changed_ground_does_not_pull_them(cube, reference):
    mask = disc(80, 50, 52)
    laid = normalise(scene(distorted(paint(cube, mask, SOIL))), reference)
    assert left(laid, cube, ~disc(80, 50, 56)) < 0.004


def test_the_reference_is_moved_under_a_shifted_scene_and_the_scene_is_not_resampled(cube, reference):
    now = np.roll(later(cube), (1, -2), axis=(1, 2))
    laid = normalise(scene(now), reference)
    assert laid.radiometry.shift == pytest.approx((1, -2), abs=0.05)
    inner = np.s_[6:-6, 6:-6]
    np.testing.assert_array_equal(laid.reference.labels[inner], np.roll(reference.labels, (1, -2), axis=(0, 1))[inner])
    gain, offset = laid.radiometry.gains[0], laid.radiometry.offsets[0]
    np.testing.assert_allclose(laid.scene.reflectance[0], gain * now[0].astype(np.float32) + offset, atol=1e-5)


def test_with_hardly_any_pixel_in_common_nothing_is_adjusted(cube, reference):
    valid = np.zeros((SIZE, SIZE), bool)
    valid[:10, :10] = True
    laid = normalise(scene(cube, valid), reference)
    assert laid.radiometry.gains == (1.0,) * 6
    assert laid.radiometry.support == 0.0
    assert laid.reference is reference
