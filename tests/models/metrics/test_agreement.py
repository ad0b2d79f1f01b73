"""Correlations of scores, and sculpting of a mass, where both are known."""

import numpy as np
import pytest

from errors import MaplessError
from models.metrics.agreement import mean_in_bins, rank_correlations, sculpting

N = 40_000
RANDOM = np.random.default_rng(1)
MASS = 2000 * (1 + RANDOM.pareto(5, N))


def mean_masses(edges):
    """Mean mass in each bin."""
    count, sums = (np.histogram(MASS, edges, weights=weights)[0] for weights in (None, MASS))
    return sums / count


def test_correlations_are_those_of_the_ranks():
    """Of a normal pair with correlation r it is 6/pi asin(r/2), whatever rising function is applied."""
    first, other = RANDOM.normal(size=(2, N))
    second = 0.6 * first + 0.8 * other
    found = rank_correlations({"a": np.exp(first), "b": second, "c": other[::-1], "same": np.zeros(N)})
    assert found[0, 1] == found[1, 0] == pytest.approx(6 / np.pi * np.arcsin(0.3), abs=0.01)
    assert abs(found[0, 2]) < 0.02
    assert found[3].tolist() == [0, 0, 0, 1]


def test_a_selection_that_ignores_the_mass_sculpts_nothing():
    p_values = [sculpting(MASS, RANDOM.uniform(size=N) < 0.03).p_value for _ in range(40)]
    assert 0.3 < np.mean(p_values) < 0.7
    assert min(p_values) > 1e-4


def test_a_selection_that_follows_the_mass_is_seen_bin_by_bin():
    found = sculpting(MASS, RANDOM.uniform(size=N) < 0.02 * MASS / 2000, bins=10)
    assert found.p_value < 1e-6
    assert found.n_degrees_of_freedom == 9
    middle = mean_masses(found.edges)
    np.testing.assert_allclose(found.kept, 0.02 * middle / 2000, atol=4 * found.error.max())


@pytest.mark.parametrize("selected", [np.zeros(N, bool), np.ones(N, bool)])
def test_a_selection_of_all_or_nothing_has_no_shape(selected):
    with pytest.raises(MaplessError, match="no shape to compare"):
        sculpting(MASS, selected)


def test_the_mean_of_a_score_follows_the_mass():
    edges = [2000, 2500, 3000, 4000]
    mean, error = mean_in_bins(MASS, MASS / 1000 + RANDOM.normal(size=N), edges)
    count, _ = np.histogram(MASS, edges)
    assert (abs(mean - mean_masses(edges) / 1000) < 4 * error).all()
    assert error == pytest.approx(1 / np.sqrt(count), rel=0.1)
    assert np.isnan(mean_in_bins(MASS, MASS, [0, 1])[0]).all()
