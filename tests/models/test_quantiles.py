import numpy as np
import pytest

from models.quantiles import QuantileMap, weighted_quantile


def test_weighted_quantile_agrees_with_repeated_values():
    random = np.random.default_rng(1)
    values, counts = random.normal(size=500), random.integers(1, 5, 500)
    repeated = np.repeat(values, counts)
    for quantile in (0.01, 0.37, 0.99):
        expected = np.quantile(repeated, quantile, method="inverted_cdf")
        assert weighted_quantile(values, counts, quantile) == expected


def test_the_reference_becomes_uniform():
    random = np.random.default_rng(2)
    reference, weights = random.normal(size=20000), random.uniform(0, 2, 20000)
    uniform = QuantileMap.learn(reference, weights)(reference)
    counts, _ = np.histogram(uniform, np.linspace(0, 1, 11), weights=weights)
    assert counts / weights.sum() == pytest.approx(0.1, abs=1e-3)


def test_ties_share_their_mean_quantile_and_values_beyond_saturate():
    quantile_map = QuantileMap.learn([0.0, 0.0, 0.0, 1.0], np.ones(4))
    assert quantile_map([-1.0, 0.0, 1.0, 2.0]).tolist() == [0.375, 0.375, 0.875, 0.875]


def test_order_is_kept():
    quantile_map = QuantileMap.learn(np.random.default_rng(3).normal(size=100), np.ones(100))
    assert np.all(np.diff(quantile_map(np.linspace(-4, 4, 1000))) >= 0)
