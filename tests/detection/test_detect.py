"""What detection says about small scenes whose truth is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from monitor.clustering.reference import fit_reference
from monitor.detection.result import Flag, Kind
from tests.detection.fields import (
    BANDS,
    BURN,
    CLOUD,
    FLOOD,
    LIGHT_LEFT,
    SHIP,
    SIZE,
    SOIL,
    WATER,
    cloudy,
    disc,
    ground,
    judge,
    later,
    model,
    paint,
    scene,
    share,
    with_sun,
)  # fmt: skip


def test_a_scene_compared_with_itself_is_all_clear(cube, reference):
    found = judge(scene(cube), reference)
    assert (found.flags == Flag.CLEAR).all()
    assert found.findings == ()


def test_the_same_ground_with_another_days_noise_is_clear(cube, reference):
    flags = judge(scene(later(cube)), reference).flags
    assert (flags != Flag.CLEAR).mean() < 0.002


def test_a_cloud_is_cloud_and_its_shadow_lies_away_from_the_sun(cube, reference):
    flags = judge(scene(later(cloudy(cube, 80, 70, 12))), reference).flags
    assert share(flags, disc(80, 70, 9), Flag.CLOUD) > 0.95
    assert share(flags, disc(59, 49, 8), Flag.SHADOW) > 0.9
    assert share(flags, disc(120, 60, 15), Flag.CLEAR) > 0.95


def test_without_sun_angles_the_cloud_is_still_found(cube, reference):
    now = with_sun(scene(later(cloudy(cube, 80, 70, 12))), None, None)
    found = judge(now, reference)
    assert share(found.flags, disc(80, 70, 9), Flag.CLOUD) > 0.95
    assert found.metrics["cloud_height_m"] is None


def test_bare_soil_in_forest_is_one_anomaly_with_evidence(cube, reference):
    mask = disc(60, 50, 8)
    found = judge(scene(later(paint(cube, mask, SOIL))), reference)
    assert share(found.flags, mask, Flag.ANOMALY) > 0.9
    (anomaly,) = [one for one in found.findings if one.kind == Kind.ANOMALY]
    assert anomaly.pixels == pytest.approx(mask.sum(), rel=0.3)
    assert anomaly.area_m2 == anomaly.pixels * 900
    assert anomaly.score > 0.5
    assert anomaly.evidence["d_ndvi"] < -0.2
    assert anomaly.evidence["border_appeared"] > 0.3
    assert anomaly.evidence["qa_overlap"] is None
    assert "NDVI -" in anomaly.description


def test_a_lake_that_fills_up_with_soil_shows_borders_that_vanished_or_appeared(cube, reference):
    mask = np.zeros((SIZE, SIZE), bool)
    mask[40:90, 118:150] = True
    found = judge(scene(later(paint(cube, mask, SOIL))), reference)
    anomaly = max((one for one in found.findings if one.kind == Kind.ANOMALY), key=lambda one: one.pixels)
    assert anomaly.evidence["border_appeared"] > 1


@pytest.mark.parametrize("column", [84, 86, 88])
def test_borders_of_a_cloud_beside_a_change_are_no_evidence_of_the_change(cube, reference, column):
    image = cube.copy()
    image[:, 60:84, 40:70] *= np.array([2, 2, 2, 0.9, 2, 2])[:, None, None]

    def appeared(now):
        findings = judge(scene(later(now)), reference).findings
        return next(finding for finding in findings if finding.kind == Kind.ANOMALY).evidence["border_appeared"]

    assert appeared(cloudy(image, 72, column, 14)) == pytest.approx(appeared(image), rel=0.2)


def test_a_ship_of_four_pixels_on_water_is_an_anomaly(cube, reference):
    mask = np.zeros((SIZE, SIZE), bool)
    mask[70:72, 140:142] = True
    found = judge(scene(later(paint(cube, mask, SHIP))), reference)
    assert share(found.flags, mask, Flag.ANOMALY) > 0.5


def test_beside_a_cloud_a_ship_is_told_from_a_smaller_cloud_by_its_colour(cube, reference):
    sky = cube
    for row, column, radius in ((40, 60, 12), (110, 60, 14), (60, 135, 7), (120, 130, 6)):
        sky = cloudy(sky, row, column, radius)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[58:60, 148:150] = True
    assert share(judge(scene(later(paint(sky, mask, SHIP))), reference).flags, mask, Flag.ANOMALY) == 1
    assert share(judge(scene(later(paint(sky, mask, CLOUD, 0.55))), reference).flags, mask, Flag.ANOMALY) == 0


def test_fields_that_dry_within_their_old_borders_stay_quiet(cube, reference):
    drying = cube * np.array([1.1, 1.08, 1.12, 0.93, 1.06, 1.08])[:, None, None]
    now = np.where(cube[3] > 0.1, drying, cube)
    flags = judge(scene(later(now)), reference).flags
    assert (flags == Flag.ANOMALY).mean() < 0.01


def test_gain_offset_and_shift_of_the_scene_change_nothing(cube, reference):
    mask = disc(60, 50, 8)
    now = later(paint(cube, mask, SOIL))
    moved = np.roll(now, (1, -1), axis=(1, 2)) * 1.05 + 0.004
    flags = judge(scene(moved), reference).flags
    inner = np.s_[4:-4, 4:-4]
    assert share(flags[inner], np.roll(mask, (1, -1), axis=(0, 1))[inner], Flag.ANOMALY) > 0.85
    assert (flags[inner] == Flag.ANOMALY).sum() < 1.5 * mask.sum()


def test_a_scene_that_is_all_cloud_has_no_anomaly(cube, reference):
    rng = np.random.default_rng(3)
    bright = CLOUD[:, None, None] * rng.uniform(0.9, 1.1, (1, SIZE, SIZE)) * np.ones_like(cube)
    found = judge(scene(bright), reference)
    assert share(found.flags, np.ones((SIZE, SIZE), bool), Flag.CLOUD) > 0.9
    assert (found.flags == Flag.ANOMALY).mean() < 0.01


@pytest.mark.parametrize("thickness", [0.3, 0.35])
def test_a_veil_over_all_of_a_scene_is_cloud_and_no_air_to_be_taken_away(cube, reference, thickness):
    uneven = ndimage.gaussian_filter(np.random.default_rng(5).standard_normal((SIZE, SIZE)), 12)
    veil = thickness * (1 + 0.2 * uneven / uneven.std())
    found = judge(scene(later(cube * (1 - veil) + CLOUD[:, None, None] * veil)), reference)
    assert share(found.flags, np.ones((SIZE, SIZE), bool), Flag.CLOUD) > 0.9
    assert (found.flags == Flag.ANOMALY).mean() < 0.005


def test_a_shadow_from_beyond_the_edge_is_known_through_air_that_bright_ground_hides():
    rng, size = np.random.default_rng(5), 240
    air = np.array([0.14, 0.10, 0.07, 0.04, 0.02, 0.01])[:, None, None]
    cover = ndimage.gaussian_filter(rng.standard_normal((size, size)), 8)
    ground = np.where(cover > 0.3 * cover.std(), 1.2 * SOIL[:, None, None], 0.85 * SOIL[::-1, None, None])
    ground = ground * (1 + 0.05 * ndimage.gaussian_filter(rng.standard_normal((size, size)), 1))

    def above_the_air(cube):
        now = scene(cube + air)
        return replace(now, item=replace(now.item, needs_sun_correction=True))

    clear = above_the_air(ground)
    reference = fit_reference(clear, clear.valid, "test", range(3, 6), 4)[0]
    now = ground
    for row, column, radius in ((60, 60, 22), (70, 170, 24), (150, 100, 26), (160, 190, 18), (210, 40, 20)):
        now = cloudy(now, row, column, radius, height_m=1200)
    away = disc(225, 225, 18, size)
    now = now * (1 - ndimage.gaussian_filter(away.astype(float), 2) * (1 - LIGHT_LEFT[:, None, None]))
    flags = judge(above_the_air(later(now)), reference).flags
    assert share(flags, disc(225, 225, 13, size), Flag.SHADOW) > 0.95


def test_what_darkens_water_is_a_shadow_though_its_cloud_lies_beyond_the_edge(cube, reference):
    dark = disc(142, 138, 9)
    shade = 0.4 * ndimage.gaussian_filter(dark.astype(float), 1)
    now = cloudy(later(cube), 60, 50, 12) * (1 - shade * (1 - LIGHT_LEFT[:, None, None]))
    flags = judge(scene(now), reference).flags
    assert share(flags, disc(142, 138, 6), Flag.SHADOW) > 0.9
    assert share(flags, ~dark & disc(142, 138, 16), Flag.CLEAR) > 0.8


def test_a_flood_takes_more_light_than_a_shadow_could(cube, reference):
    flood = disc(142, 60, 9)
    flags = judge(scene(paint(cloudy(later(cube), 60, 50, 12), flood, WATER)), reference).flags
    assert share(flags, disc(142, 60, 6), Flag.ANOMALY) > 0.9


@pytest.mark.parametrize("colour", [FLOOD, BURN], ids=["flood", "burn"])
def test_what_is_much_darker_than_the_shade_of_a_thin_cloud_has_changed(cube, reference, colour):
    away, changed = 21, disc(90, 40, 7)  # rows and columns from a cloud at 900 m to its shadow
    image = cloudy(cloudy(paint(cube, changed, colour), 40, 100, 14), 120, 90, 12)
    veil = 0.3 * ndimage.gaussian_filter(disc(90 + away, 40 + away, 12).astype(float), 2)
    shade = ndimage.shift(veil, (-away, -away), order=1)
    image = image * (1 - shade * (1 - LIGHT_LEFT[:, None, None]))
    image = image * (1 - veil) + CLOUD[:, None, None] * veil
    flags = judge(scene(later(image)), reference).flags
    assert share(flags, disc(90, 40, 6), Flag.ANOMALY) > 0.9


def test_what_looks_like_a_shadow_under_a_veil_has_changed_where_no_cloud_throws_one(cube, reference):
    changed = disc(110, 40, 7)
    shade = 0.8 * ndimage.gaussian_filter(changed.astype(float), 0.5)
    dark = later(cube) * (1 - shade * (1 - LIGHT_LEFT[:, None, None]))
    flags = judge(scene(cloudy(paint(dark, changed, CLOUD, 0.06), 40, 70, 14)), reference).flags
    assert share(flags, changed, Flag.ANOMALY) > 0.9


def test_where_the_reference_is_unknown_clouds_are_told_and_no_anomaly_is_called(cube):
    known = np.ones((SIZE, SIZE), bool)
    known[30:90, 20:80] = False
    now = paint(cloudy(cube, 70, 60, 10), disc(45, 35, 7), SOIL)
    found = judge(scene(later(now)), model(cube, known))
    assert share(found.flags, disc(70, 60, 7), Flag.CLOUD) > 0.8
    assert not (found.flags[30:90, 20:80] == Flag.ANOMALY).any()
    assert found.metrics["no_reference_fraction"] == pytest.approx(0.14, abs=0.01)


def test_pixels_without_data_have_no_answer(cube, reference):
    valid = np.ones((SIZE, SIZE), bool)
    valid[:, :20] = False
    flags = judge(scene(later(cube), valid), reference).flags
    assert (flags[:, :20] == Flag.NO_ANSWER).all()
    assert (flags[:, 20:] != Flag.NO_ANSWER).all()


def test_four_bands_are_enough_for_cloud_and_change(cube):
    four = cube[:4]
    mask = disc(120, 40, 8)
    now = later(paint(cloudy(cube, 80, 70, 12), mask, SOIL))[:4]
    flags = judge(scene(now), model(four)).flags
    assert share(flags, disc(80, 70, 9), Flag.CLOUD) > 0.9
    assert share(flags, mask, Flag.ANOMALY) > 0.8


def with_cirrus_band(cube, vapour, opacity=0.0):
    """The cube with a band that sees plumes of vapour, and clouds only as far as these are above it."""
    plumes = ndimage.gaussian_filter(np.random.default_rng(3).standard_normal(cube.shape[1:]), 6)
    noise = 0.0002 * np.random.default_rng(4).standard_normal(cube.shape[1:])
    return replace(
        scene(np.concatenate([cube, [vapour * np.exp(plumes / plumes.std() / 2) + noise + opacity]])),
        bands=(*BANDS, "cirrus"),
    )


@pytest.fixture(scope="module")
def vapour_reference(cube):
    clear = with_cirrus_band(cube, vapour=0.0005)
    return fit_reference(clear, clear.valid, "test", range(3, 6), 4)[0]


def test_more_vapour_is_no_change(cube, vapour_reference):
    flags = judge(with_cirrus_band(later(cube), vapour=0.003), vapour_reference).flags
    assert (flags != Flag.CLEAR).mean() < 0.002


@pytest.mark.parametrize("seen", [0.0, 0.03, 0.2])
def test_a_cloud_is_cloud_however_much_of_it_the_cirrus_band_sees(cube, vapour_reference, seen):
    opacity = np.clip(1.5 * ndimage.gaussian_filter(disc(80, 70, 12).astype(float), 2), 0, 1)
    now = with_cirrus_band(later(cloudy(cube, 80, 70, 12)), 0.002, seen * opacity)
    flags = judge(now, vapour_reference).flags
    assert share(flags, disc(80, 70, 9), Flag.CLOUD) > 0.95
    assert share(flags, disc(59, 49, 8), Flag.SHADOW) > 0.9
    assert (flags == Flag.ANOMALY).mean() < 0.002


def test_metrics_are_shares_that_add_up(cube, reference):
    metrics = judge(scene(later(cloudy(cube, 80, 70, 12))), reference).metrics
    parts = [metrics[f"{name}_fraction"] for name in ("cloud", "shadow", "anomaly", "no_answer")]
    assert 0 < sum(parts) < 1
    assert metrics["qa_cloud_agreement"] is None


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(-3, 3), columns=st.integers(-3, 3))
def test_moving_scene_and_reference_together_moves_the_findings_alone(rows, columns):
    big = ground(seed=4, size=SIZE + 8)
    changed = later(paint(big, disc(60, 60, 8, SIZE + 8), SOIL))
    cut = np.s_[:, 4 + rows : 4 + rows + SIZE, 4 + columns : 4 + columns + SIZE]
    mask = disc(60, 60, 6, SIZE + 8)[cut[1:]]
    found = judge(scene(changed[cut]), model(big[cut]))
    assert share(found.flags, mask, Flag.ANOMALY) > 0.95
    assert sum(one.kind == Kind.ANOMALY for one in found.findings) == 1
