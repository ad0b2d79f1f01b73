import numpy as np
import pytest

from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.profile_interval import profile_interval
from fits.many_fits import fit_many_signals
from fits.many_profile_errors import profile_errors
from fits.spectrum import Spectrum


@pytest.mark.parametrize("n_events", [1e3, 2e5])
def test_errors_of_many_spectra_are_those_of_each_profile(dijet_toy, signal, n_events):
    fit = fit_background(dijet_toy(n_events, seed=50), Dijet(3))
    toys = np.stack([dijet_toy(n_events, seed=seed).counts for seed in (51, 52)])
    toys[:, np.abs(fit.spectrum.centres - signal.mass) < 20] += 1
    fits = fit_many_signals(fit, toys, [signal])
    low, high = (profile_errors(fit, toys, signal, fits, np.full(2, side)) for side in (-1, 1))
    for counts, errors in zip(toys, np.column_stack([low, high]), strict=True):
        single = fit_signal(fit_background(Spectrum(fit.spectrum.edges, counts), Dijet(3)), signal)
        profile = ProfileLikelihood(single.likelihood, single.result.parameters)
        assert errors == pytest.approx(profile_interval(profile, best=single.result).errors, rel=2e-3)


def test_no_error_where_a_fit_failed_or_is_at_its_bound(dijet_toy, signal):
    fit = fit_background(dijet_toy(1e4, seed=53), Dijet(3))
    empty, hollow, plain = np.zeros(fit.spectrum.n_bins), fit.spectrum.counts.copy(), fit.spectrum.counts
    hollow[np.abs(fit.spectrum.centres - signal.mass) < 300] = 0
    toys = np.stack([empty, hollow, plain])
    fits = fit_many_signals(fit, toys, [signal])
    assert fits.converged[:, 0].tolist() == [False, True, True]
    assert fits.at_bound[:, 0].tolist() == [False, True, False]
    assert np.isfinite(profile_errors(fit, toys, signal, fits, np.ones(3))).tolist() == [False, False, True]
