"""Several models in one pass: what scikit-learn says of each, whatever the strips."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_samples

from monitor.clustering.labels import NO_LABEL
from monitor.clustering.models import apply_models
from monitor.clustering.silhouette import sampled_silhouette
from monitor.clustering.starts import inertia_of, settle, spread
from monitor.clustering.stats import label_sums
from monitor.clustering.sweep import fit, fit_all, judged, sample_pixels
from monitor.scenes.numbers import ArrayNumbers
from monitor.scenes.stack import Stack


def numbers_stack(seed: int, bands: int, shape: tuple[int, int]) -> Stack:
    """An image of 16-bit numbers with holes, seen as features."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(5000, 20000, (bands, *shape)).astype(np.uint16)
    seen = rng.random(shape) < 0.8
    return Stack(ArrayNumbers(numbers), seen, rng.uniform(1e-4, 4e-4, bands), rng.uniform(-3, -1, bands))


@given(
    seed=st.integers(0, 2**32 - 1),
    bands=st.integers(1, 9),
    ks=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    columns=st.sampled_from([40, 511, 512, 700]),
)
@settings(max_examples=25, deadline=None)
def test_every_model_gives_the_labels_and_the_inertia_of_scikit_learn(seed, bands, ks, columns):
    stack = numbers_stack(seed, bands, (5, columns))
    data = np.asarray(stack)[:, stack.seen].T.copy()
    models = [KMeans(k, n_init=1, max_iter=3, random_state=0).fit(data[: 20 * k]) for k in ks]
    applied = apply_models(stack, [model.cluster_centers_ for model in models])
    for model, labels, inertia in zip(models, applied.labels, applied.inertia, strict=True):
        assert (labels[~stack.seen] == NO_LABEL).all()
        disputed = labels[stack.seen] != model.predict(data)
        gaps = ((data[disputed][:, None] - model.cluster_centers_[None]) ** 2).sum(axis=2)
        nearest = np.sort(gaps, axis=1)[:, :2]
        np.testing.assert_allclose(nearest[:, 0], nearest[:, -1], rtol=1e-4, atol=1e-6)
        assert inertia == pytest.approx(-model.score(data), rel=1e-4)


def test_the_simplified_silhouette_is_its_definition_over_all_pixels():
    stack = numbers_stack(4, 7, (30, 100))
    centroids = fit(sample_pixels(stack, 0), 5, 0)
    data = np.asarray(stack)[:, stack.seen].T
    nearest = np.sort(np.linalg.norm(data[:, None] - centroids[None], axis=2), axis=1)[:, :2]
    expected = (1 - nearest[:, 0] / nearest[:, 1]).mean()
    applied = apply_models(stack, [centroids, centroids[:1]], keep=0)
    assert applied.simplified_silhouette.tolist() == pytest.approx([expected, 0.0], rel=1e-5)


def test_the_sampled_silhouette_is_that_of_scikit_learn():
    rng = np.random.default_rng(2)
    kinds = rng.integers(0, 3, 900)
    sample = (3 * kinds[:, None] + rng.normal(size=(900, 4))).astype(np.float32)
    centroids = np.array([[3.0 * kind] * 4 for kind in range(3)], np.float32)
    labels = ((sample[:, None] - centroids[None]) ** 2).sum(axis=2).argmin(axis=1)
    means = [silhouette_samples(sample, labels)[labels == label].mean() for label in range(3)]
    expected = np.average(means, weights=np.bincount(labels))
    assert sampled_silhouette(sample, centroids, 0) == pytest.approx(expected, rel=1e-4)


@given(seed=st.integers(0, 99), rows=st.integers(1, 60))
@settings(max_examples=15, deadline=None)
def test_strips_of_any_height_give_the_very_same_labels_sweep_and_statistics(seed, rows):
    shape = (53, 600)
    stack = numbers_stack(seed, 7, shape)
    models = [np.random.default_rng(k).normal(size=(k, 7)).astype(np.float32) for k in (3, 8)]
    whole, cut = (apply_models(stack, models, strip_px=pixels) for pixels in (10**9, rows * shape[1]))
    np.testing.assert_array_equal(whole.labels, cut.labels)
    np.testing.assert_array_equal(whole.inertia, cut.inertia)
    np.testing.assert_array_equal(whole.simplified_silhouette, cut.simplified_silhouette)
    one, other = (label_sums(stack, whole.labels[1], 8, strip_px=pixels) for pixels in (10**9, rows * shape[1]))
    for name in ("pixels", "mean", "std"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_both_silhouettes_rank_clear_clusters_alike():
    rng = np.random.default_rng(5)
    kinds = rng.integers(0, 5, (60, 80))
    spectra = rng.uniform(0, 10, (5, 6))
    values = np.moveaxis(spectra[kinds], -1, 0) + rng.normal(0, 0.3, (6, 60, 80))
    stack = Stack.of(values.astype(np.float32))
    entries = judged(stack, fit_all(sample_pixels(stack, 0), range(3, 9), 0))
    assert max(entries, key=lambda entry: entry.silhouette).k == 5
    assert max(entries, key=lambda entry: entry.simplified_silhouette).k == 5


def test_a_sample_is_of_pixels_with_data_and_the_same_for_an_array_and_its_stack():
    stack = numbers_stack(1, 3, (90, 70))
    sample = sample_pixels(stack, 7, 500)
    assert sample.shape == (500, 3)
    assert np.isfinite(sample).all()
    np.testing.assert_array_equal(sample, sample_pixels(np.asarray(stack), 7, 500))


@pytest.mark.parametrize(("k", "rounds"), [(3, 1), (5, 4), (8, 12)])
def test_starts_settle_as_scikit_learn_moves_them(k, rounds):
    data = np.random.default_rng(k).normal(size=(3000, 8)).astype(np.float32) * np.arange(1, 9, dtype=np.float32)
    centroids = data[:k].copy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = KMeans(k, init=data[:k], n_init=1, max_iter=rounds, tol=0).fit(data)
    inertia = settle(np.ascontiguousarray(data.T), centroids, -1.0, rounds)
    np.testing.assert_allclose(centroids, model.cluster_centers_, atol=2e-3)
    assert inertia == pytest.approx(model.inertia_, rel=1e-4)
    assert inertia_of(np.ascontiguousarray(data.T), centroids) == pytest.approx(inertia, rel=1e-6)


def test_starts_are_pixels_and_find_what_is_far_from_all_others():
    data = np.random.default_rng(0).normal(size=(2000, 4)).astype(np.float32)
    data[700], data[1300] = 500, -500
    starts = np.empty((20, 4, 4), np.float32)
    for seed, start in enumerate(starts):
        spread(np.ascontiguousarray(data.T), np.random.default_rng(seed).random((4, 4)), start)
        assert (start[:, None] == data).all(axis=2).any(axis=1).all()
        assert {500, -500} <= set(start[:, 0].tolist())


def test_the_fit_is_as_good_as_ten_starts_of_scikit_learn_even_with_outliers():
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 2, (8, 6))
    noise = 0.5 * rng.standard_t(2.2, (20_000, 6))
    sample = (centres[rng.integers(0, 8, 20_000)] + noise).astype(np.float32)
    for k in (4, 8):
        best = KMeans(k, n_init=10, random_state=0).fit(sample).inertia_
        assert -KMeans(k, init=fit(sample, k, 0), n_init=1, max_iter=1).fit(sample).score(sample) < 1.05 * best
