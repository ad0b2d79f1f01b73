import json

import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.checks.goodness_of_fit import (
    GoodnessStatus,
    chi_square,
    chi_square_of_fit,
    saturated,
    saturated_of_fit,
)
from fits.fit import fit_background
from fits.spectrum import Spectrum


def test_saturated_test_is_twice_the_log_likelihood_ratio():
    spectrum = Spectrum([0, 1, 2], [12, 0])
    expected = np.array([10.0, 1.5])
    ratio = stats.poisson.logpmf([12, 0], [12, 0]) - stats.poisson.logpmf([12, 0], expected)
    assert saturated(spectrum, expected, 0).statistic == pytest.approx(2 * ratio.sum())


def test_both_tests_agree_for_many_events():
    expected = np.full(40, 1e5)
    spectrum = Spectrum(np.arange(41), np.random.default_rng(1).poisson(expected))
    assert chi_square(spectrum, expected, 0).p_value == pytest.approx(
        saturated(spectrum, expected, 0).p_value, rel=0.1
    )


def test_p_values_of_fitted_toys_are_uniform(dijet_toy):
    p_values = [
        chi_square_of_fit(fit_background(dijet_toy(1e5, seed), Dijet(3), confirmation="none")).p_value
        for seed in range(100)
    ]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


def test_too_few_bins_give_no_number():
    test = chi_square(Spectrum([0, 1, 2], [5, 6]), [5, 6], n_parameters=3)
    assert test.status == GoodnessStatus.TOO_FEW_BINS
    assert test.statistic is test.p_value is None
    assert json.dumps(test.to_json())


def test_failed_fit_gives_no_number(dijet_toy, monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    fit = fit_background(dijet_toy(1e4, seed=1), Dijet(4))
    assert chi_square_of_fit(fit).status == saturated_of_fit(fit).status == GoodnessStatus.FIT_FAILED


@pytest.mark.parametrize("expected", [[1.0], [0.0, 1.0], [np.nan, 1.0]])
def test_impossible_expectation_is_refused(expected):
    with pytest.raises(MaplessError):
        chi_square(Spectrum([0, 1, 2], [5, 6]), expected, 0)
