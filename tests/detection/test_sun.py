"""Cloud heights found from the darkness of a scene."""

import numpy as np
import pytest
from scipy import ndimage

from monitor.detection import codes
from monitor.detection.heights import find_shade
from monitor.detection.sun import Sun, cast
from tests.detection.fields import SIZE, disc

SUN = Sun(-0.02, -0.02)
HEIGHT_M = 1500.0


@pytest.fixture
def cloud():
    return (0.9 * disc(110, 100, 7)).astype(np.float32)


def shade_in(cloud, depth):
    """The shade found in a scene of that opacity and those depths, all of them well measured."""
    codes_of_depth = np.round((depth - codes.DEPTH_LOWEST) / codes.DEPTH_STEP).astype(np.uint8)
    trust = np.full(depth.shape, codes.SURE_CODES, np.uint8)
    opacity = np.round(cloud / codes.OPACITY_STEP).astype(np.uint8)
    peak = np.where(opacity > 0, np.uint8(codes.CLOUDED), np.uint8(0))
    known = (np.ones(depth.shape, bool), np.zeros(depth.shape, np.uint8))
    return find_shade(peak, opacity, codes_of_depth, trust, *known, SUN, cover=float((cloud > 0).mean()))


def test_the_height_is_where_the_shadow_lies(cloud):
    shade = shade_in(cloud, cast(cloud, SUN, HEIGHT_M))
    assert shade is not None
    assert shade.height_m == pytest.approx(HEIGHT_M, abs=60)


def test_a_flood_larger_than_the_shadow_does_not_take_its_place(cloud):
    depth = cast(cloud, SUN, HEIGHT_M)
    depth[10:45, 20:60] = 0.7
    shade = shade_in(cloud, depth)
    assert shade is not None
    assert shade.height_m == pytest.approx(HEIGHT_M, abs=60)


def test_dark_places_that_no_height_puts_a_shadow_on_are_none(cloud):
    depth = np.zeros((SIZE, SIZE), np.float32)
    depth[130:150, 130:150] = 0.7
    assert shade_in(cloud, depth) is None


def scattered(seed, share, size):
    """A mask of patches of some size, strewn at random."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((SIZE, SIZE)), size)
    return field > np.quantile(field, 1 - share)


def test_roofs_that_ponds_lie_behind_by_chance_are_no_clouds():
    roofs, ponds = 0.3 * scattered(1, 0.15, 5), 0.5 * scattered(101, 0.15, 5)
    assert shade_in(roofs.astype(np.float32), ponds.astype(np.float32)) is None


def test_a_small_shadow_among_many_ponds_is_found(cloud):
    depth = np.maximum(cast(cloud, SUN, HEIGHT_M), 0.4 * scattered(100, 0.3, 2)).astype(np.float32)
    shade = shade_in(cloud, depth)
    assert shade is not None
    assert shade.gain < 0.1
    assert shade.height_m == pytest.approx(HEIGHT_M, abs=60)


def test_where_the_ground_was_learnt_in_shadow_it_is_what_is_darker_than_the_rest_of_its_label():
    cloud = (0.9 * scattered(3, 0.6, 9)).astype(np.float32)
    shadow = cast(cloud, SUN, HEIGHT_M)
    learnt_in_shadow = shadow - shadow.max()
    assert (shadow[cloud == 0] > 0).mean() > 0.3
    shade = shade_in(cloud, learnt_in_shadow)
    assert shade is not None
    assert shade.height_m == pytest.approx(HEIGHT_M, abs=60)
