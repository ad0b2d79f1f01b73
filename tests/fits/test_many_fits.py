import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.likelihood.minimise import minimise
from fits.many_fits import fit_many, fit_many_signals
from fits.results import FitStatus
from fits.spectrum import Spectrum
from fits.toys import poisson_toys


@pytest.mark.parametrize("n_events", [1e3, 2e5, 5e6])
def test_many_fits_together_end_where_single_fits_end(dijet_toy, n_events):
    fit = fit_background(dijet_toy(n_events, seed=40), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 8, np.random.default_rng(40))
    many = fit_many(fit, toys)
    assert many.converged.all()
    for values, nll, counts in zip(many.values, many.nll, toys, strict=True):
        single = fit_background(Spectrum(fit.spectrum.edges, counts), Dijet(3)).result
        assert nll == pytest.approx(single.nll, abs=1e-7 * max(1, n_events / 1e6))
        np.testing.assert_allclose(
            values, single.values, atol=2e-4 * np.sqrt(np.diag(single.covariance)).max()
        )


def test_toys_of_very_different_size_are_fitted_together(dijet_toy):
    fit = fit_background(dijet_toy(2e5, seed=41), Dijet(2))
    spectra = np.stack([dijet_toy(n_events, seed=41).counts for n_events in (500, 1e4, 1e7)])
    many = fit_many(fit, spectra)
    assert many.converged.all()
    assert np.all(np.diff(many.values[:, 0]) != 0)


def test_empty_toy_fails_alone(dijet_toy):
    fit = fit_background(dijet_toy(1e4, seed=42), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 3, np.random.default_rng(42))
    toys[1] = 0
    many = fit_many(fit, toys)
    assert many.converged.tolist() == [True, False, True]
    assert np.isnan(many.nll[1])
    assert np.isnan(many.values[1]).all()


def test_toys_are_the_same_for_the_same_seed():
    first, second = (poisson_toys([5.0, 7.0], 10, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_counts_of_other_bins_are_refused(dijet_toy):
    fit = fit_background(dijet_toy(1e4, seed=43), Dijet(2))
    with pytest.raises(MaplessError, match=r"n_spectra, 1662"):
        fit_many(fit, np.ones(1662))


@pytest.mark.parametrize("n_events", [1e3, 2e5, 5e6])
def test_many_fits_with_signal_end_where_single_fits_end(dijet_toy, signal, n_events):
    fit = fit_background(dijet_toy(n_events, seed=44), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 4, np.random.default_rng(44))
    shapes = [signal.scaled_to(mass) for mass in (2000, 3000, 5000)]
    many = fit_many_signals(fit, toys, shapes)
    assert many.spectra_converged.all()
    for i, counts in enumerate(toys):
        null = fit_background(Spectrum(fit.spectrum.edges, counts), Dijet(3), confirmation="none")
        for j, shape in enumerate(shapes):
            single = fit_signal(null, shape, confirmation="none").result
            assert many.nll[i, j] == pytest.approx(single.nll, abs=1e-5)
            assert many.at_bound[i, j] == (single.status == FitStatus.AT_BOUND)
            signal_yield, error = single.parameters["signal_yield"], single.errors["signal_yield"]
            assert many.signal_yields[i, j] == pytest.approx(signal_yield, rel=1e-4, abs=1e-3 * error)
            if not many.at_bound[i, j]:
                assert many.errors[i, j] == pytest.approx(error, rel=1e-3)


def test_significance_is_that_of_the_likelihood_ratio_with_its_sign(dijet_toy, signal):
    fit = fit_background(dijet_toy(2e5, seed=45), Dijet(3))
    background = fit.expected_background()
    peak = signal.bin_fractions(fit.spectrum.edges)
    many = fit_many_signals(fit, [background + 500 * peak, background - 200 * peak], [signal])
    assert many.signal_yields[:, 0] == pytest.approx([500, -200], rel=0.02)
    expected = np.sqrt(2 * (many.null.nll - many.nll[:, 0]))
    assert many.signed_significances[:, 0] == pytest.approx(expected * [1, -1])
    assert many.significances[:, 0] == pytest.approx(expected * [1, 0])


def test_known_signal_is_that_of_a_fixed_yield(dijet_toy, signal):
    spectrum = dijet_toy(2e5, seed=46)
    null = fit_background(spectrum, Dijet(3))
    likelihood = fit_signal(null, signal).likelihood
    single = minimise(likelihood, null.result.parameters | {"signal_yield": 300.0}, fixed=("signal_yield",))
    peak = likelihood.categories[0].terms[1].expected(np.array([300.0]))
    assert fit_many(null, [spectrum.counts], signal=peak).nll[0] == pytest.approx(single.nll, abs=1e-6)


def test_steep_spectra_without_events_under_the_peak_are_fitted(dijet_toy, signal):
    """With 1e3 events some backgrounds fall to 1e-9 events below a peak, which then may not be negative."""
    fit = fit_background(dijet_toy(1e3, seed=47), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 300, np.random.default_rng(47))
    many = fit_many_signals(fit, toys, [signal.scaled_to(mass) for mass in (4500, 5400)])
    assert many.spectra_converged.all()
    assert many.at_bound.mean() > 0.5


def test_empty_toy_fails_alone_with_signal(dijet_toy, signal):
    fit = fit_background(dijet_toy(1e4, seed=48), Dijet(3))
    toys = poisson_toys(fit.expected_background(), 3, np.random.default_rng(48))
    toys[1] = 0
    many = fit_many_signals(fit, toys, [signal])
    assert many.spectra_converged.tolist() == [True, False, True]
    assert many.null.n_failed == 1
    assert np.isnan(many.signal_yields[1, 0])
    assert np.isnan(many.significances[1, 0])


def test_backgrounds_that_underflow_in_empty_bins_fail_no_other_toy(dijet_toy, signal):
    """Thirty events and three parameters: some backgrounds fall to nothing before the end of the range."""
    fit = fit_background(dijet_toy(2e5, seed=49), Dijet(3))
    few = 30 * fit.expected_background() / fit.expected_background().sum()
    many = fit_many_signals(fit, poisson_toys(few, 100, np.random.default_rng(30)), [signal])
    assert many.spectra_converged.all()
