"""Quantiles and unique values from histograms are those of the values themselves."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from monitor.catalog import parse_item
from monitor.clustering.assign import label_map
from monitor.clustering.labels import LabelMap
from monitor.clustering.quantiles import ERROR, LOWEST, SHARES, STEP, quantiles_of, steps_of
from monitor.clustering.stats import band_stats, label_stats
from monitor.clustering.sweep import fit, sample_pixels
from monitor.scenes.numbers import ArrayNumbers
from monitor.scenes.reading import read_scene, scene_grid
from monitor.scenes.stack import Stack

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
FLOAT32 = 2e-7
"""Reflectance is float32; up to 1.6 it is no finer."""


def spread_of_one(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], int]:
    steps, often = np.unique(steps_of(values), return_counts=True)
    return quantiles_of(steps, often), len(steps)


@settings(deadline=None)
@given(st.lists(st.integers(0, 65535), min_size=1, max_size=60))
def test_values_as_they_are_in_level_2_files_give_exact_quantiles_and_counts(numbers: list[int]) -> None:
    values = (np.array(numbers, np.float32) * np.float32(STEP) + np.float32(LOWEST)).astype(np.float32)
    quantiles, unique = spread_of_one(values)
    np.testing.assert_allclose(quantiles, np.quantile(values.astype(float), SHARES), atol=FLOAT32)
    assert unique == len(set(numbers))


@settings(deadline=None)
@given(st.lists(st.floats(-0.2, 1.6, allow_subnormal=False), min_size=1, max_size=60))
def test_any_other_value_moves_a_quantile_by_no_more_than_is_said(values: list[float]) -> None:
    array = np.array(values, np.float32)
    quantiles, _ = spread_of_one(array)
    np.testing.assert_allclose(quantiles, np.quantile(array.astype(float), SHARES), atol=ERROR + FLOAT32)


def test_what_lies_outside_counts_as_the_outermost_step() -> None:
    quantiles, unique = spread_of_one(np.array([-3, -1, 0.1, 2, 9], np.float32))
    assert (quantiles[0], unique) == (pytest.approx(LOWEST), 3)
    assert quantiles[-1] == pytest.approx(LOWEST + 65535 * STEP)


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "float32"])
def test_pixels_that_are_not_valid_or_have_no_label_count_nowhere(kind: str) -> None:
    labels = np.array([[0, 0, 255, 2, 2]], np.uint8)
    numbers = np.array([[[9, 50, 60, 30, 40]]], kind)
    stack = Stack(ArrayNumbers(numbers), np.array([[True, False, True, True, True]]), np.ones(1) / 100, np.zeros(1))
    first, second, third = band_stats(stack, LabelMap(labels, np.zeros((3, 1), np.float32)), 0)
    assert [found.pixels for found in (first, second, third)] == [1, 0, 2]
    assert [found.unique for found in (first, second, third)] == [1, 0, 2]
    assert (first.mean, third.mean, third.std) == pytest.approx((0.09, 0.35, 0.05), abs=1e-6)
    medians = [found.quantiles[3] for found in (first, second, third)]
    np.testing.assert_allclose(medians, [0.09, np.nan, 0.35], atol=ERROR)


@settings(deadline=None)
@given(
    numbers=st.lists(st.integers(-5000, 5000), min_size=1, max_size=60),
    scale=st.sampled_from([-2.75e-5, 1e-5, 2.75e-5, 1e-4]),
)
def test_whole_numbers_give_what_their_reflectance_gives(numbers: list[int], scale: float) -> None:
    shape, values = (1, len(numbers)), ArrayNumbers(np.array([[numbers]], np.int16))
    stack = Stack(values, np.ones(shape, bool), np.array([scale]), np.array([0.3]))
    labelled = LabelMap(np.zeros(shape, np.uint8), np.zeros((1, 1), np.float32))
    one, other = band_stats(stack, labelled, 0)[0], band_stats(Stack.of(np.asarray(stack)), labelled, 0)[0]
    assert (one.pixels, one.unique, one.quantiles) == (other.pixels, other.unique, other.quantiles)
    assert (one.mean, one.std) == pytest.approx((other.mean, other.std), abs=1e-5)


def opener(asset):
    return asset.href, {}


def test_statistics_of_a_real_scene_are_those_of_numpy(shared: Path) -> None:
    path = sorted((shared / "data" / "brumadinho").glob("LC08*/LC08*.json"))[0]
    item = parse_item(json.loads(path.read_text()), "local", str(path))
    grid = scene_grid(item, BANDS, item.geometry, None, opener)
    scene = read_scene(item, grid, BANDS, None, opener, 0.05, use_qa=False)
    labelled = label_map(scene.reflectance, fit(sample_pixels(scene.reflectance, 0, 5000), 5, 0))
    stats = label_stats(scene, {"own": labelled})["own"]
    assert len(stats) == 5
    for stat in stats:
        here = scene.valid & (labelled.labels == stat.label)
        for n, band in enumerate(scene.reflectance):
            values = band[here].astype(np.float64)
            np.testing.assert_allclose(stat.quantiles[n], np.quantile(values, SHARES), atol=FLOAT32)
            assert stat.unique[n] == len(np.unique(band[here]))
            assert stat.mean[n] == pytest.approx(values.mean(), abs=1e-6)
            assert stat.std[n] == pytest.approx(values.std(), abs=1e-6)
