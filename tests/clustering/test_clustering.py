"""K-means: labels, sweep, choice of k, statistics."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from sklearn.cluster import KMeans

from monitor.clustering.assign import assign, label_map
from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.stats import label_stats
from monitor.clustering.sweep import choose_k, fit, sample_pixels, sweep
from monitor.clustering.sweep_result import SweepEntry
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack
from tests import rasters


@given(
    seed=st.integers(0, 2**32 - 1),
    bands=st.integers(1, 8),
    k=st.integers(1, 12),
    pixels=st.integers(12, 3000),
)
@settings(max_examples=25, deadline=None)
def test_labels_and_inertia_are_those_of_scikit_learn(seed, bands, k, pixels):
    data = np.random.default_rng(seed).normal(size=(pixels, bands)).astype(np.float32)
    model = KMeans(k, n_init=1, max_iter=5, random_state=0).fit(data)
    labels, squared = assign(np.ascontiguousarray(data.T), model.cluster_centers_.astype(np.float32))
    expected = model.predict(data)
    disputed = labels != expected
    distances = ((data[disputed][:, None] - model.cluster_centers_[None]) ** 2).sum(axis=2)
    two_nearest = np.sort(distances, axis=1)[:, :2]
    np.testing.assert_allclose(two_nearest[:, 0], two_nearest[:, -1], rtol=1e-4)
    assert squared.sum() == pytest.approx(-model.score(data), rel=1e-4)


def test_a_pixel_without_data_gets_no_label():
    features = np.zeros((3, 2, 2), np.float32)
    features[1, 0, 1] = np.nan
    labels, squared = assign(features, np.zeros((2, 3), np.float32))
    assert labels.tolist() == [[0, NO_LABEL], [0, 0]]
    assert np.isinf(squared[0, 1])


@pytest.mark.parametrize("size", [60, 10_000])
def test_a_sample_holds_seen_pixels_row_by_row_each_at_most_once(size):
    places = np.arange(40 * 50, dtype=np.float32).reshape(1, 40, 50)
    places[:, np.random.default_rng(1).random((40, 50)) < 0.6] = np.nan
    places[:, 7], places[:, 9, :30] = np.nan, np.nan
    seen = places[np.isfinite(places)]
    sample = sample_pixels(places, 4, size)[:, 0]
    assert len(sample) == min(size, len(seen))
    assert (np.diff(sample) > 0).all()
    assert np.isin(sample, seen).all()


def test_labels_are_ordered_from_dark_to_bright_whatever_the_seed():
    grid = rasters.make_grid()
    features = rasters.patchwork(grid)
    fits = [fit(sample_pixels(features, 0), 5, seed) for seed in range(3)]
    for centroids in fits:
        assert (np.diff(centroids.mean(axis=1)) > 0).all()
        np.testing.assert_allclose(centroids, fits[0], atol=1e-3)


def test_a_fit_alone_gives_the_centroids_that_the_sweep_gives_for_the_same_k():
    features = rasters.patchwork(rasters.make_grid(120, 150), patches=6) / 0.1
    swept = {entry.k: entry.centroids for entry in sweep(features, range(3, 9), seed=2).entries}
    for k in (3, 8):
        np.testing.assert_array_equal(fit(sample_pixels(features, 2), k, 2), swept[k])


def test_the_sweep_finds_the_number_of_kinds_of_ground():
    grid = rasters.make_grid(90, 120)
    features = rasters.patchwork(grid, patches=6) / 0.1
    result = sweep(features, range(3, 11), seed=7)
    assert [entry.k for entry in result.entries] == list(range(3, 11))
    assert result.chosen_k == 6
    assert result.seed == 7
    assert "silhouette is highest at 6" in result.reason
    inertia = [entry.inertia for entry in result.entries]
    assert inertia == sorted(inertia, reverse=True)
    assert all(-1 <= entry.silhouette <= 1 for entry in result.entries)


def test_the_same_seed_gives_the_same_sweep():
    features = np.random.default_rng(3).normal(size=(4, 80, 80)).astype(np.float32)
    one, two = (sweep(features, range(3, 6), seed=1) for _ in range(2))
    for a, b in zip(one.entries, two.entries, strict=True):
        assert (a.inertia, a.silhouette) == (b.inertia, b.silhouette)
        np.testing.assert_array_equal(a.centroids, b.centroids)


def test_the_number_of_threads_changes_no_figure_of_the_sweep():
    features = np.random.default_rng(5).normal(size=(6, 80, 90)).astype(np.float32)
    alone = sweep(features, range(3, 8), seed=1)
    with parallel_config("threading", n_jobs=3):
        together = sweep(features, range(3, 8), seed=1)
    for one, other in zip(alone.entries, together.entries, strict=True):
        assert (one.k, one.inertia, one.silhouette) == (other.k, other.inertia, other.silhouette)
        assert np.array_equal(one.centroids, other.centroids)


def test_a_scene_of_two_spectra_is_swept_as_far_as_it_goes():
    features = np.zeros((3, 20, 20), np.float32)
    features[:, 10:] = 1
    assert [entry.k for entry in sweep(features, range(2, 6)).entries] == [2]
    with pytest.raises(ValueError, match="too few for k-means with k from 3"):
        sweep(features, range(3, 6))


def test_k_is_never_chosen_below_the_elbow():
    curve = [(3, 900.0, 0.6), (4, 300.0, 0.4), (5, 250.0, 0.45), (6, 220.0, 0.3)]
    entries = [SweepEntry(k, inertia, silhouette, np.zeros((k, 2), np.float32)) for k, inertia, silhouette in curve]
    k, reason = choose_k(entries)
    assert k == 5
    assert reason == "elbow of the inertia at k = 4; of k = 4..6 the silhouette is highest at 5 (0.45)"


def test_a_border_is_as_strong_as_its_labels_are_far_apart():
    labels = np.array([[0, 0, 1, 1], [0, 0, 2, NO_LABEL]], np.uint8)
    centroids = np.array([[0, 0], [3, 4], [0, 1]], np.float32)
    strength = LabelMap(labels, centroids).border_strength
    across = np.hypot(3, 3)
    np.testing.assert_allclose(strength, [[0, 5, 5, 0], [0, 1, across, 0]], rtol=1e-6)


def test_label_statistics_are_those_of_the_labels_pixels():
    grid = rasters.make_grid(20, 30)
    reflectance = rasters.patchwork(grid)
    valid = np.ones(grid.shape, bool)
    valid[:3] = False
    scene = Scene(rasters.make_item({}, grid), grid, rasters.BANDS, Stack.of(reflectance, valid), valid, None)
    labelled = label_map(reflectance, fit(sample_pixels(reflectance, 0), 4, 0))
    stats = label_stats(scene, {"own": labelled})["own"]
    assert sum(row.pixels for row in stats) == valid.sum()
    for row in stats:
        inside = reflectance[:, valid & (labelled.labels == row.label)]
        assert row.area_m2 == inside.shape[1] * 900
        np.testing.assert_allclose(row.mean, inside.mean(axis=1), rtol=1e-4)
        np.testing.assert_allclose(row.std, inside.std(axis=1), rtol=1e-2)
