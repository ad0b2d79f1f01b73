import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.checks.goodness_of_fit import chi_square_of_fit, saturated_of_fit
from fits.fit import fit_background, fit_signal
from fits.likelihood.signal_term import SignalTerm
from fits.many_fits import fit_many
from fits.results import FitStatus
from fits.signals import DoubleCrystalBall
from fits.sources.files import read_spectrum
from fits.spectrum import Spectrum, four_gev_edges
from fits.toys import poisson_toys


def test_known_toy_of_the_dijet_function_is_recovered(dijet_toy):
    fit = fit_background(dijet_toy(2e5, seed=7), Dijet(3))
    pulls = (fit.result.values[1:] - [10.657, 3.551, -0.3282]) / np.sqrt(np.diag(fit.result.covariance))[1:]
    assert np.all(np.abs(pulls) < 3)
    assert fit.expected_background().sum() == pytest.approx(fit.spectrum.total, rel=1e-9)


def test_relative_error_is_that_of_refitted_toys(dijet_toy):
    fit = fit_background(dijet_toy(1e4, seed=8), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 400, np.random.default_rng(8))
    logs = fit_many(fit, toys).values @ fit.background.design(4000.0)
    assert np.std(logs) == pytest.approx(float(fit.relative_background_error(4000.0)), rel=0.15)


def test_bin_centres_and_bin_integrals_differ_on_coarse_bins_only(dijet_toy):
    fine = dijet_toy(2e5, seed=9)
    centre, integral = (fit_background(fine, Dijet(3), n_nodes=n).result.values for n in (1, None))
    np.testing.assert_allclose(centre, integral, rtol=2e-3)
    wide = Spectrum(fine.edges[::40][:40], fine.rebin(fine.edges[::40][:40]).counts)
    centre, integral = (fit_background(wide, Dijet(2), n_nodes=n).result for n in (1, None))
    assert np.max(np.abs(centre.values - integral.values) / np.sqrt(np.diag(integral.covariance))) > 0.5


def test_injected_signal_is_recovered(dijet_toy, signal):
    spectrum = dijet_toy(2e5, seed=10)
    rng = np.random.default_rng(10)
    injected = rng.poisson(600 * signal.bin_fractions(spectrum.edges))
    fit = fit_signal(fit_background(Spectrum(spectrum.edges, spectrum.counts + injected), Dijet(3)), signal)
    found, error = fit.result.parameters["signal_yield"], fit.result.errors["signal_yield"]
    assert fit.status == FitStatus.CONVERGED
    assert abs(found - injected.sum()) < 3 * error
    assert found / error > 8


def test_deficit_gives_a_negative_yield(dijet_toy, signal):
    spectrum = dijet_toy(2e5, seed=11)
    missing = np.minimum(np.round(300 * signal.bin_fractions(spectrum.edges)), spectrum.counts)
    fit = fit_signal(fit_background(Spectrum(spectrum.edges, spectrum.counts - missing), Dijet(3)), signal)
    assert fit.status == FitStatus.CONVERGED
    assert fit.result.parameters["signal_yield"] < -2 * fit.result.errors["signal_yield"]


def test_window_without_events_ends_at_the_lowest_yield(dijet_toy, signal):
    spectrum = dijet_toy(1e4, seed=12)
    counts = np.where(spectrum.centres > 4500, 0, spectrum.counts)
    fit = fit_signal(fit_background(Spectrum(spectrum.edges, counts), Dijet(3)), signal.scaled_to(5500))
    assert fit.status == FitStatus.AT_BOUND
    assert fit.result.parameters["signal_yield"] < 0


def test_pulls_of_the_yield_on_toys_are_standard_normal(dijet_toy, signal):
    truth = fit_background(dijet_toy(2e5, seed=13), Dijet(3))
    term = SignalTerm(signal, truth.spectrum.edges)
    expected = truth.expected_background() + term.expected(np.array([200.0]))
    toys = poisson_toys(expected, 300, np.random.default_rng(13))
    pulls = yield_pulls(truth, signal, toys, injected=200.0)
    assert len(pulls) == 300
    assert abs(np.mean(pulls)) < 0.2
    assert np.std(pulls) == pytest.approx(1, abs=0.1)


@pytest.mark.physics
@pytest.mark.parametrize(("n_events", "mass"), [(1e3, 1800), (1e4, 2200), (2e5, 3000), (5e6, 4000)])
def test_intervals_cover_the_truth_on_1000_toys(dijet_toy, signal, n_events, mass):
    truth = fit_background(dijet_toy(n_events, seed=14), Dijet(2))
    shape = signal.scaled_to(mass)
    scale = fit_signal(truth, shape).result.errors["signal_yield"]
    expected = truth.expected_background() + SignalTerm(shape, truth.spectrum.edges).expected(
        np.array([2 * scale])
    )
    toys = poisson_toys(expected, 1000, np.random.default_rng(14))
    pulls = yield_pulls(truth, shape, toys, injected=2 * scale)
    assert len(pulls) >= 990
    covered = np.mean(np.abs(pulls) < 1)
    # 68.3 % with a statistical spread of 1.5 %; few events make the pulls a little skewed.
    assert covered == pytest.approx(0.683, abs=0.05)
    assert abs(np.mean(pulls)) < 0.15
    assert stats.kstest(pulls, "norm").statistic < 0.08


def yield_pulls(truth, shape, toys, injected):
    pulls = []
    for counts in toys:
        null = fit_background(Spectrum(truth.spectrum.edges, counts), truth.background, confirmation="none")
        fit = fit_signal(null, shape, confirmation="none")
        if fit.status == FitStatus.CONVERGED:
            result = fit.result
            pulls.append((result.parameters["signal_yield"] - injected) / result.errors["signal_yield"])
    return np.array(pulls)


def test_empty_spectrum_is_refused(signal):
    edges = four_gev_edges(2000, 3000)
    with pytest.raises(MaplessError, match="the spectrum is empty"):
        fit_background(Spectrum(edges, np.zeros(len(edges) - 1)), Dijet(3))


@pytest.mark.parametrize("mass", [1000, 12000])
def test_signal_outside_the_range_is_refused(dijet_toy, signal, mass):
    null = fit_background(dijet_toy(2e5, seed=15), Dijet(3))
    with pytest.raises(MaplessError, match="lies in the spectrum"):
        fit_signal(null, signal.scaled_to(mass))


def test_failed_background_fit_is_no_start_for_a_signal(dijet_toy, signal, monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    null = fit_background(dijet_toy(1e4, seed=16), Dijet(4))
    with pytest.raises(MaplessError, match="not_converged"):
        fit_signal(null, signal)


def test_published_cms_spectrum_is_described_by_the_dijet_function(cms_spectrum):
    """CMS finds chi-square / ndf near one for this spectrum (arXiv:1911.03947)."""
    spectrum = read_spectrum(cms_spectrum)
    fit = fit_background(spectrum, Dijet(3))
    goodness = chi_square_of_fit(fit)
    assert fit.status == FitStatus.CONVERGED
    assert 0.6 < goodness.statistic / goodness.n_degrees_of_freedom < 1.4
    assert saturated_of_fit(fit).p_value == pytest.approx(goodness.p_value, abs=0.1)
    wide = DoubleCrystalBall(4000, 160, 1.2, 3, 1.8, 9, mass=4000)
    assert fit_signal(fit, wide).converged
