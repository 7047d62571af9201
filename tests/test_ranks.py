"""Quantiles by one selection."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ranks import median, median_and_spread, quantile


@given(
    size=st.integers(1, 300),
    share=st.floats(0, 1),
    kind=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 1000),
)
def test_quantiles_are_those_of_numpy(size, share, kind, seed):
    values = np.random.default_rng(seed).normal(size=(3, size)).round(1).astype(kind)
    found = quantile(values, share)
    assert found.dtype == kind
    np.testing.assert_allclose(found, np.quantile(values, share, axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [1, 2, 7, 8])
def test_medians_are_those_of_numpy_and_the_values_stay_as_they_are(size):
    values = np.random.default_rng(size).normal(size=size)
    before = values.copy()
    assert median(values) == pytest.approx(np.median(values))
    np.testing.assert_array_equal(values, before)


def test_the_spread_is_that_of_the_many_whatever_the_few_are():
    values = np.random.default_rng(1).normal(3, 0.5, 10_000)
    assert median_and_spread(values) == (pytest.approx(3, rel=0.05), pytest.approx(0.5, rel=0.05))
    values[::10] = 1e6
    assert median_and_spread(values)[1] == pytest.approx(0.5, rel=0.25)
