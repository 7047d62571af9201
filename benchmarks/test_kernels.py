"""Speed of the kernels that a scene's time goes into, one clip each: `make bench`."""

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.clustering.assign import assign
from monitor.clustering.models import apply_models
from monitor.clustering.silhouette import sampled_silhouette
from monitor.clustering.stats import label_sums
from monitor.clustering.sweep import fit, sample_pixels
from monitor.scenes.numbers import ArrayNumbers
from monitor.scenes.stack import Stack
from monitor.store.codec import BAND_ROWS, TILE, decode_pixel, decode_tile, encode

BANDS, SHAPE, KS = 7, (1100, 1500), range(3, 11)


@pytest.fixture(scope="module")
def stack() -> Stack:
    """A clip of 16-bit numbers, seen as features."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(6000, 20000, (BANDS, SHAPE[0] // 20, SHAPE[1] // 20))
    numbers = np.kron(coarse, np.ones((1, 20, 20), np.int64)) + rng.integers(-300, 300, (BANDS, *SHAPE))
    scale, offset = np.full(BANDS, 1 / 4000), np.full(BANDS, -3.2)
    return Stack(ArrayNumbers(numbers.astype(np.uint16)), np.ones(SHAPE, bool), scale, offset)


@pytest.fixture(scope="module")
def models(stack: Stack) -> list[NDArray[np.float32]]:
    """Centroids for every k."""
    sample = sample_pixels(stack, 0)
    return [sample[:: len(sample) // k][:k].copy() for k in KS]


@pytest.fixture(scope="module")
def tile(stack: Stack, models: list[NDArray[np.float32]]) -> NDArray[np.uint8]:
    """Labels of one tile."""
    return np.ascontiguousarray(apply_models(stack, models[-1:]).labels[0][:TILE, :TILE])


def test_all_models_of_a_sweep(benchmark, stack, models):
    benchmark(apply_models, stack, models, keep=0)


def test_two_label_maps(benchmark, stack, models):
    benchmark(apply_models, stack, models[-2:])


def test_one_model_with_distances(benchmark, stack, models):
    benchmark(assign, np.asarray(stack), models[-1])


def test_label_sums(benchmark, stack, models):
    labels = apply_models(stack, models[-1:]).labels[0]
    benchmark(label_sums, stack, labels, KS[-1])


def test_reflectance_of_all_rows(benchmark, stack):
    benchmark(stack.rows, 0, SHAPE[0])


def test_sample(benchmark, stack):
    benchmark(sample_pixels, stack, 0)


def test_fit_of_ten_clusters(benchmark, stack):
    sample = sample_pixels(stack, 0)
    benchmark.pedantic(fit, (sample, 10, 0), rounds=3, warmup_rounds=1)


def test_sampled_silhouette(benchmark, stack, models):
    benchmark(sampled_silhouette, sample_pixels(stack, 0), models[-1], 0)


def test_encode_a_tile(benchmark, tile):
    benchmark(lambda: list(encode(tile)))


def test_decode_a_tile(benchmark, tile):
    benchmark(decode_tile, *encode(tile), tile.shape)


def test_decode_one_pixel_of_a_tile(benchmark, tile):
    benchmark(decode_pixel, *encode(tile), tile.shape, BAND_ROWS - 1, TILE - 1)
