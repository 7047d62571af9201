"""What the shadows of a scene take, found from shaded pixels."""

import numpy as np
import pytest

from monitor.detection.shadow_colour import shadow_colour

USUAL = np.array([0.38, 0.50, 0.58], np.float32)
NO_AIR = np.zeros(3, np.float32)


def shaded(taken: np.ndarray, air: np.ndarray, darkest: float, pixels: int = 4000) -> tuple[np.ndarray, ...]:
    """Depth, ground and scene of ground between `darkest` and 0.3, with a hundredth of them something else."""
    rng = np.random.default_rng(3)
    depth = rng.uniform(0.5, 1, pixels)
    ground = rng.uniform(darkest, 0.3, (3, pixels))
    scene = ground - depth * taken[:, None] * (ground - air[:, None]) + rng.normal(0, 0.002, (3, pixels))
    scene[:, ::100] = 0.5
    return tuple(part.astype(np.float32) for part in (depth, ground, scene))


@pytest.mark.parametrize("haze", [-0.02, 0.0, 0.02])
def test_darker_shadows_and_the_light_of_the_air_are_found(haze):
    taken, air = USUAL * np.array([1.5, 1.2, 1.0]), haze * np.array([1.0, 0.5, 0.1])
    found, light = shadow_colour(*shaded(taken, air, 0.01), USUAL, NO_AIR)
    np.testing.assert_allclose(found, taken, rtol=0.05)
    np.testing.assert_allclose(light, air, atol=0.005)


def test_ground_of_one_brightness_leaves_the_air_as_it_is_expected():
    taken = USUAL * 1.2
    found, light = shadow_colour(*shaded(taken, NO_AIR, 0.29), USUAL, NO_AIR)
    np.testing.assert_allclose(found, taken, rtol=0.05)
    np.testing.assert_allclose(light, NO_AIR, atol=0.01)


def test_a_few_pixels_hardly_change_what_is_expected():
    found, _ = shadow_colour(*shaded(USUAL * 1.8, NO_AIR, 0.01, pixels=40), USUAL, NO_AIR)
    assert (found >= USUAL).all()
    everything, _ = shadow_colour(*shaded(USUAL * 1.8, NO_AIR, 0.01), USUAL, NO_AIR)
    assert (found < everything).all()


def test_shadows_deeper_than_full_take_more_than_was_thought():
    depth, ground, scene = shaded(USUAL, NO_AIR, 0.01)
    found, light = shadow_colour(depth / np.median(depth) * np.float32(1.2), ground, scene, USUAL, NO_AIR)
    np.testing.assert_allclose(found, USUAL * np.median(depth), rtol=0.05)
    np.testing.assert_allclose(light, NO_AIR, atol=0.005)
