import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.checks.goodness_of_fit import GoodnessStatus, saturated_statistic
from fits.checks.goodness_toys import (
    anderson_darling,
    goodness_by_toys,
    kolmogorov_smirnov,
    merged_chi_square,
)
from fits.fit import fit_background, fit_signal
from fits.likelihood.binned import Constraint
from fits.spectrum import Spectrum, coarse
from fits.toys import poisson_toys


@pytest.fixture(scope="module")
def background(dijet_toy):
    return fit_background(coarse(dijet_toy(1e4, seed=90), minimum=1), Dijet(3))


def test_statistics_of_narrow_bins_are_those_of_unbinned_data():
    """Uniform values in many bins: scipy has both tests for values."""
    values = np.random.default_rng(1).uniform(size=200)
    counts, _ = np.histogram(values, bins=100_000, range=(0, 1))
    expected = np.full(100_000, 0.002)
    assert kolmogorov_smirnov(counts, expected) == pytest.approx(
        stats.kstest(values, "uniform").statistic, abs=1e-4
    )
    x, n = np.sort(values), len(values)
    steps = (2 * np.arange(1, n + 1) - 1) * (np.log(x) + np.log1p(-x[::-1]))
    assert anderson_darling(counts, expected) == pytest.approx(-n - steps.sum() / n, rel=1e-3)


@pytest.mark.parametrize("name", ["saturated", "kolmogorov_smirnov", "anderson_darling", "chi_square"])
def test_p_values_are_uniform_if_the_function_is_right(background, name):
    rng = np.random.default_rng(91)
    p_values = []
    for counts in poisson_toys(background.expected_background(), 60, rng):
        fit = fit_background(Spectrum(background.spectrum.edges, counts), Dijet(3), confirmation="none")
        p_values.append(goodness_by_toys(fit, statistic(name, fit), 60, rng).p_value)
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


@pytest.mark.parametrize("name", ["saturated", "kolmogorov_smirnov", "anderson_darling", "chi_square"])
def test_wrong_function_is_noticed(background, signal, name):
    edges = background.spectrum.edges
    counts = background.expected_background() + 250 * signal.bin_fractions(edges)
    fit = fit_background(Spectrum(edges, counts), Dijet(3))
    assert goodness_by_toys(fit, statistic(name, fit), 200, np.random.default_rng(92)).p_value < 0.01
    with_signal = fit_signal(fit, signal)
    good = goodness_by_toys(with_signal, statistic(name, with_signal), 200, np.random.default_rng(92))
    assert good.p_value > 0.99  # the fitted function is what the counts were made from


def test_formula_and_toys_agree_for_many_events(background):
    many = Spectrum(
        background.spectrum.edges,
        np.random.default_rng(93).poisson(300 * background.expected_background()),
    )
    fit = fit_background(many, Dijet(3))
    by_toys = goodness_by_toys(fit, saturated_statistic, 1000, np.random.default_rng(93))
    formula = stats.chi2.sf(by_toys.statistic, many.n_bins - 4)
    assert by_toys.p_value == pytest.approx(formula, abs=0.06)
    assert (by_toys.status, by_toys.n_toys, by_toys.n_failed) == (GoodnessStatus.GOOD, 1000, 0)


def test_failed_fit_and_failed_toys_give_no_number(background, monkeypatch):
    monkeypatch.setattr("fits.likelihood.descent._MAX_ITERATIONS", 1)
    failed = goodness_by_toys(background, kolmogorov_smirnov, 50, np.random.default_rng(1))
    assert (failed.status, failed.n_failed) == (GoodnessStatus.TOO_MANY_FAILED_TOYS, 50)
    assert failed.p_value is failed.statistic is None


def test_signal_with_nuisances_is_refused(background, signal):
    from fits.likelihood.signal_term import Effect, SignalTerm

    term = SignalTerm(signal, background.spectrum.edges, {"efficiency": Effect(kappa=1.1)})
    fit = fit_signal(background, term, constraints=(Constraint("efficiency"),))
    with pytest.raises(MaplessError, match="no nuisances"):
        goodness_by_toys(fit, kolmogorov_smirnov, 10, np.random.default_rng(1))


def statistic(name, fit):
    if name == "chi_square":
        return merged_chi_square(fit)
    return {
        "saturated": saturated_statistic,
        "kolmogorov_smirnov": kolmogorov_smirnov,
        "anderson_darling": anderson_darling,
    }[name]
