"""Scenes of which clouds cover half and more: most of the ground that is left lies in their shadows."""

import numpy as np
import pytest
from scipy import ndimage

from monitor.detection.result import Flag
from tests.detection.fields import CLOUD, LIGHT_LEFT, ground, judge, later, scene

SIZE = 240
AWAY_PX = 30
"""Rows and columns from a cloud to its shadow: clouds at 1270 m, sun in the south-east at 45 degrees."""
SNOW = np.array([0.85, 0.86, 0.85, 0.75, 0.12, 0.08])
HAZE = 0.06 * np.array([1, 0.8, 0.6, 0.3, 0.1, 0.05]) * CLOUD
BRIGHTER_THAN_ONE = np.array([1.15, 1.13, 1.06, 0.95, 0.49, 0.35])
ICE = np.array([0.90, 0.91, 0.86, 0.83, 0.33, 0.22])
"""Thick cloud of drops under a high sun, and one of ice, as Sentinel-2 saw them over Romania."""


@pytest.fixture(scope="module")
def cube():
    return ground(size=SIZE)


def overcast(cube, share, seed):
    """The cube under soft clouds over about that share of it; gives it with the masks of cloud and of open shadow."""
    rng, wide = np.random.default_rng(seed), SIZE + 2 * AWAY_PX
    field = ndimage.gaussian_filter(rng.standard_normal((wide, wide)), 9)
    field /= field.std()
    opacity = np.clip(2 * (field - np.quantile(field, 1 - share)), 0, 0.95)
    above = opacity[AWAY_PX:-AWAY_PX, AWAY_PX:-AWAY_PX]
    shade = opacity[2 * AWAY_PX :, 2 * AWAY_PX :]
    shaded = cube * (1 - shade * (1 - LIGHT_LEFT[:, None, None]))
    return shaded * (1 - above) + CLOUD[:, None, None] * above, above > 0.3, (shade > 0.5) & (above < 0.02)


@pytest.mark.parametrize("seed", [6, 7])
def test_ground_in_shadow_is_not_taken_for_what_is_usual_on_a_hazy_day(cube, reference, seed):
    image, cloud, shadow = overcast(cube, 0.85, seed)
    assert shadow.sum() > 1.5 * (~cloud & ~shadow).sum()
    flags = judge(scene(later(0.94 * image + HAZE[:, None, None])), reference).flags
    assert (flags[cloud] == Flag.CLOUD).mean() > 0.95
    assert (flags[shadow] == Flag.SHADOW).mean() > 0.6
    assert (flags == Flag.ANOMALY).mean() < 0.005


def test_snow_does_not_pass_for_the_colour_of_the_clouds(cube, reference):
    snow = np.zeros((SIZE, SIZE), bool)
    snow[20:110, 20:110] = True
    image, cloud, _ = overcast(np.where(snow, SNOW[:, None, None], cube), 0.1, 5)
    flags = judge(scene(later(image)), reference).flags
    assert (flags[cloud] == Flag.CLOUD).mean() > 0.9


@pytest.mark.parametrize("colour", [BRIGHTER_THAN_ONE, ICE], ids=["brighter than 1", "ice"])
def test_thick_cloud_all_over_is_cloud_however_bright_or_icy_and_no_change(reference, colour):
    uneven = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal((SIZE, SIZE)), 12)
    image = colour[:, None, None] * (1 + 0.06 * uneven / uneven.std())
    flags = judge(scene(later(image)), reference).flags
    assert (flags == Flag.CLOUD).mean() > 0.95
    assert (flags == Flag.ANOMALY).mean() < 0.02
