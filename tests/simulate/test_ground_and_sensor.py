"""The ground through the year, and how a pixel sees it."""

import numpy as np
import pytest

from monitor.simulate.ground import Ground, make_ground
from monitor.simulate.scale import FACTOR, MARGIN_PX
from monitor.simulate.season import surface
from monitor.simulate.sensor import observe
from monitor.simulate.spectra import BANDS, CROPS, FOREST, Cover

RED, NIR, SWIR = BANDS.index("red"), BANDS.index("nir08"), BANDS.index("swir16")


@pytest.fixture(scope="module")
def ground() -> Ground:
    return make_ground(9, (120, 140))


def ndvi(cube: np.ndarray, where: np.ndarray) -> float:
    red, nir = cube[RED][where].mean(), cube[NIR][where].mean()
    return float((nir - red) / (nir + red))


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_any_ground_has_lake_city_fields_woods_and_a_river(seed: int) -> None:
    small = make_ground(seed, (96, 110))
    share = {kind: float(small.where(kind).mean()) for kind in Cover}
    assert 0.2 < share[Cover.LAKE] < 0.35
    assert share[Cover.RIVER] > 0.003
    assert sum(share[kind] for kind in CROPS) > 0.15
    assert sum(share[kind] for kind in FOREST) > 0.05
    assert share[Cover.ROOF] + share[Cover.ASPHALT] + share[Cover.CONCRETE] > 0.05


def test_leaves_come_and_go_while_conifers_and_the_lake_stay(ground: Ground) -> None:
    summer, winter = surface(ground, 190), surface(ground, 20)
    leafy, conifer, lake = (ground.where(kind) for kind in (Cover.DECIDUOUS, Cover.CONIFER, Cover.LAKE))
    assert ndvi(summer, leafy) > ndvi(winter, leafy) + 0.2
    assert ndvi(summer, conifer) == pytest.approx(ndvi(winter, conifer), abs=0.01)
    assert np.allclose(summer[:, lake], winter[:, lake])


def test_wheat_ripens_while_maize_still_grows(ground: Ground) -> None:
    june, august = surface(ground, 163), surface(ground, 225)
    wheat, corn = ground.where(Cover.WHEAT), ground.where(Cover.CORN)
    assert ndvi(august, wheat) < ndvi(june, wheat) - 0.1
    assert ndvi(august, corn) > ndvi(june, corn) + 0.05


def test_every_reflectance_of_the_ground_is_physical(ground: Ground) -> None:
    cube = surface(ground, 200)
    assert cube.dtype == np.float32
    assert cube.min() > 0
    assert cube.max() < 0.8


def fine(pixels: np.ndarray) -> np.ndarray:
    """A raster of pixels on the fine ground, with the margin around it."""
    margin = np.pad(pixels, MARGIN_PX, mode="edge")
    return np.kron(margin, np.ones((FACTOR, FACTOR))).astype(np.float32)


def test_a_pixel_of_even_ground_sees_that_ground() -> None:
    assert np.allclose(observe(fine(np.full((6, 9), 0.3)), (0.3, -0.2)), 0.3, atol=1e-6)
    assert observe(fine(np.full((6, 9), 0.3))).shape == (6, 9)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, 0.0), (0.0, -0.35), (-0.2, 0.3)])
def test_a_shift_moves_what_is_seen_by_as_much_and_keeps_its_light(shift: tuple[float, float]) -> None:
    spot = np.zeros((15, 15))
    spot[7, 7] = 1
    seen = observe(fine(spot), shift)
    rows, cols = np.mgrid[:15, :15]
    assert seen.sum() == pytest.approx(1, abs=1e-4)
    assert (seen * rows).sum() == pytest.approx(7 + shift[0], abs=0.02)
    assert (seen * cols).sum() == pytest.approx(7 + shift[1], abs=0.02)
