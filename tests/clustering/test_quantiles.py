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
from monitor.clustering.quantiles import ERROR, LOWEST, SHARES, STEP, add_counts, no_counts, spread, spread_of
from monitor.clustering.stats import label_stats
from monitor.clustering.sweep import fit, sample_pixels
from monitor.scenes.reading import read_scene, scene_grid

BANDS = ("blue", "green", "red", "nir08", "swir16", "swir22")
FLOAT32 = 2e-7
"""Reflectance is float32; up to 1.6 it is no finer."""


def spread_of_one(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], int]:
    row = values[None]
    found = spread(np.zeros(row.shape, np.uint8), row, np.ones(row.shape, bool), 1)
    return found.quantiles[0], int(found.unique[0])


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


def test_pixels_that_are_not_valid_or_have_no_label_count_nowhere() -> None:
    labels = np.array([[0, 0, 255, 2]], np.uint8)
    found = spread(labels, np.array([[0.1, 0.5, 0.5, 0.3]], np.float32), np.array([[True, False, True, True]]), 3)
    assert found.unique.tolist() == [1, 0, 1]
    np.testing.assert_allclose(found.quantiles[:, 3], [0.1, np.nan, 0.3], atol=ERROR)


def test_strips_counted_one_after_the_other_give_what_the_whole_gives() -> None:
    random = np.random.default_rng(2)
    labels = random.integers(0, 4, (30, 20), np.uint8)
    values, valid = random.uniform(0, 0.5, labels.shape).astype(np.float32), random.random(labels.shape) < 0.9
    counts = no_counts(4)
    for rows in (slice(0, 7), slice(7, 8), slice(8, 30)):
        add_counts(counts, labels[rows], values[rows], valid[rows])
    whole, strips = spread(labels, values, valid, 4), spread_of(counts)
    np.testing.assert_array_equal(strips.quantiles, whole.quantiles)
    np.testing.assert_array_equal(strips.unique, whole.unique)


def opener(asset):
    return asset.href, {}


def test_statistics_of_a_real_scene_are_those_of_numpy(shared: Path) -> None:
    path = sorted((shared / "data" / "brumadinho").glob("LC08*/LC08*.json"))[0]
    item = parse_item(json.loads(path.read_text()), "local", str(path))
    grid = scene_grid(item, BANDS, item.geometry, None, opener)
    scene = read_scene(item, grid, BANDS, None, opener, 0.05, use_qa=False)
    labelled = label_map(scene.reflectance, fit(sample_pixels(scene.reflectance, 0, 5000), 5, 0))
    stats = label_stats(scene, labelled)
    assert len(stats) == 5
    for stat in stats:
        here = scene.valid & (labelled.labels == stat.label)
        for n, band in enumerate(scene.reflectance):
            values = band[here].astype(np.float64)
            np.testing.assert_allclose(stat.quantiles[n], np.quantile(values, SHARES), atol=FLOAT32)
            assert stat.unique[n] == len(np.unique(band[here]))
            assert stat.mean[n] == pytest.approx(values.mean(), abs=1e-6)
            assert stat.std[n] == pytest.approx(values.std(), abs=1e-6)
