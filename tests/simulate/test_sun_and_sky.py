"""Where the sun stands, and where clouds throw their shadows."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from shapely.geometry import shape

from monitor.simulate.sky import Sky, SkyPlan, make_sky
from monitor.simulate.spectra import BANDS
from monitor.simulate.sun import shadow_offset_px, sun_position

SHAPE = (140, 160)
skies = st.tuples(st.integers(0, 10_000), st.floats(0.08, 0.3), st.floats(90, 270), st.floats(30, 65))


def draw(seed: int, cover: float, azimuth: float, elevation: float) -> Sky:
    return make_sky(np.random.default_rng(seed), SHAPE, SkyPlan(cover, 0.0), (azimuth, elevation))


def test_sun_stands_where_real_landsat_scenes_say_it_stood(shared: Path) -> None:
    paths = sorted((shared / "data" / "stac-items").glob("*.json"))
    assert paths
    for path in paths:
        item = json.loads(path.read_text())
        center = shape(item["geometry"]).centroid
        moment = datetime.fromisoformat(item["properties"]["datetime"].replace("Z", "+00:00"))
        azimuth, elevation = sun_position(moment, center.x, center.y)
        assert azimuth == pytest.approx(item["properties"]["view:sun_azimuth"], abs=0.7)
        assert elevation == pytest.approx(item["properties"]["view:sun_elevation"], abs=0.7)


def test_a_shadow_lies_one_cloud_height_away_under_a_sun_at_45_degrees() -> None:
    assert shadow_offset_px(3000, 180, 45, 30) == pytest.approx((-100, 0))
    assert shadow_offset_px(3000, 90, 45, 30) == pytest.approx((0, -100))
    assert shadow_offset_px(3000, 135, 30, 30) == pytest.approx((-122.474, -122.474), abs=1e-3)


def moved(field: np.ndarray, offset: tuple[float, float], outside: float) -> np.ndarray:
    return ndimage.shift(field.astype(np.float32), offset, order=1, cval=outside)


@settings(max_examples=12, deadline=None, derandomize=True)
@given(skies)
def test_shadows_lie_away_from_the_sun_at_the_distance_of_the_clouds_height(
    case: tuple[int, float, float, float],
) -> None:
    sky = draw(*case)
    assert sky.base_m is not None
    assert sky.top_m is not None
    heights = np.linspace(sky.base_m, sky.top_m, 30)
    paths = [shadow_offset_px(float(height), case[2], case[3], 30.0) for height in heights]
    thick = ndimage.binary_erosion(sky.opacity > 0.8, iterations=2)
    assert (sky.shadow[moved(thick, paths[0], 0) > 0.99] > 0.5).all()

    near_cloud = ndimage.maximum_filter(sky.opacity, 5) > 0.1
    thrown_by_one = np.max([moved(near_cloud, path, 1) for path in paths], axis=0) > 0.1
    assert thrown_by_one[sky.shadow > 0.3].all()


@settings(max_examples=8, deadline=None, derandomize=True)
@given(skies)
def test_the_planned_share_is_cloud_and_clear_means_neither_cloud_nor_shadow(
    case: tuple[int, float, float, float],
) -> None:
    sky = draw(*case)
    assert 0.6 * case[1] < sky.cloudy.mean() < case[1] + 0.08
    assert not (sky.clear & (sky.cloudy | sky.shaded)).any()


def test_clouds_brighten_and_shadows_darken_every_band() -> None:
    sky = draw(1, 0.2, 140, 55)
    ground = np.full((len(BANDS), *SHAPE), 0.15, np.float32)
    seen = sky.over(ground)
    assert (seen[:, sky.opacity > 0.9] > 0.2).all()
    assert (seen[:, sky.shaded & (sky.opacity < 0.01)] < 0.15).all()
    assert np.allclose(seen[:, sky.opacity + sky.shadow == 0], 0.15)


def test_cirrus_is_thin_and_throws_no_shadow() -> None:
    sky = make_sky(np.random.default_rng(2), SHAPE, SkyPlan(0.0, 0.25), (140, 55))
    assert sky.cirrus.max() < 0.45
    assert 0.05 < sky.cloudy.mean() < 0.4
    assert not sky.shaded.any()
