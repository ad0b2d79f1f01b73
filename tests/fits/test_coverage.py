"""Thousand toys at each number of events: what the fits say happens as often as they say.

`python -m tests.benchmarks.coverage docs` draws the figure.
"""

import numpy as np
import pytest
from scipy import stats

from tests.benchmarks.coverage import NUMBERS_OF_EVENTS, measure

pytestmark = pytest.mark.physics


@pytest.fixture(scope="module", params=NUMBERS_OF_EVENTS, ids="{:g} events".format)
def coverage(request):
    return measure(request.param, 1000, np.random.default_rng(7))


def test_no_fit_fails(coverage):
    assert coverage.n_failed == 0
    assert coverage.n_at_bound <= 5


def test_pulls_of_the_signal_yield_are_unit_gaussian(coverage):
    assert coverage.pulls.mean() == pytest.approx(0, abs=0.1)
    assert coverage.pulls.std() == pytest.approx(1, abs=0.1)


def test_pulls_by_curvature_are_unit_gaussian_where_there_are_enough_events(coverage):
    """With 1e3 events about seven are below the peak: downward fluctuations have too small an error."""
    few = coverage.n_events < 1e4
    assert coverage.hessian_pulls.mean() == pytest.approx(-0.1 if few else 0, abs=0.1)
    assert coverage.hessian_pulls.std() == pytest.approx(1, abs=0.15 if few else 0.1)


def test_p_values_of_background_are_uniform(coverage):
    """Deficits have 0.5, excesses are uniform below."""
    excesses = coverage.p_values[coverage.p_values < 0.5]
    assert len(excesses) / len(coverage.p_values) == pytest.approx(0.5, abs=0.05)
    assert stats.kstest(2 * excesses, "uniform").pvalue > 0.005


def test_asymptotic_limits_cover_at_their_level(coverage):
    """The true signal is excluded in 5 % of all toys by its p-value, and in fewer by CLs."""
    assert np.mean(coverage.tails < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(coverage.cls < 0.05) < 0.05
    assert np.mean(coverage.cls < 0.05) > 0.01
