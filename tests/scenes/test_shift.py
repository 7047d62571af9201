"""Shifts between two images of one ground."""

import numpy as np
import pytest
from scipy import ndimage

from monitor.scenes.shift import estimate_shift, moved, moved_labels


@pytest.fixture
def image():
    rng = np.random.default_rng(0)
    return np.stack([ndimage.gaussian_filter(rng.standard_normal((120, 150)), 1.5) for _ in range(3)]).astype(
        np.float32
    )


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.4, -0.3), (1.5, 0.8), (-2.0, 3.0)])
def test_a_shift_is_found_to_a_twentieth_of_a_pixel(image, shift):
    scene = np.stack([ndimage.shift(band, shift, order=3, mode="nearest") for band in image])
    trusted = np.zeros(image.shape[1:], bool)
    trusted[6:-6, 6:-6] = True
    found = estimate_shift(scene, image, trusted)
    assert found == pytest.approx(shift, abs=0.05)


def test_a_third_of_the_scene_changed_does_not_pull_the_shift(image):
    scene = np.stack([ndimage.shift(band, (0.6, -0.5), order=3, mode="nearest") for band in image])
    scene[:, :40] = 1.0
    trusted = np.zeros(image.shape[1:], bool)
    trusted[6:-6, 6:-6] = True
    assert estimate_shift(scene, image, trusted) == pytest.approx((0.6, -0.5), abs=0.1)


def test_haze_and_season_do_not_hide_a_shift(image):
    rng = np.random.default_rng(1)
    fields = np.cumsum(rng.random((3, 120, 150)) < 0.01, axis=2) % 4 * np.float32(0.1)  # as wide as a season's patches
    haze = 4 * ndimage.gaussian_filter(rng.standard_normal((120, 150)), 20) + 0.5
    scene = np.stack([ndimage.shift(band, (1.3, -1.2), order=1, mode="nearest") for band in image]) + haze
    trusted = np.ones(image.shape[1:], bool)
    found = estimate_shift((scene + fields).astype(np.float32), image, trusted)
    assert found == pytest.approx((1.3, -1.2), abs=0.1)


def test_without_texture_no_shift_is_claimed():
    flat = np.full((2, 60, 60), 0.1, np.float32)
    assert estimate_shift(flat, flat, np.ones((60, 60), bool)) == (0.0, 0.0)


def test_moving_by_whole_pixels_moves_reflectance_and_labels_alike(image):
    labels = (image[0] > 0).astype(np.uint8)
    there, named = moved(image, (2.0, -1.0)), moved_labels(labels, (2.0, -1.0))
    np.testing.assert_allclose(there[:, 2:, :-1], image[:, :-2, 1:], atol=1e-6)
    np.testing.assert_array_equal(named[2:, :-1], labels[:-2, 1:])
