"""Tens of events under a background with all its parameters: steep minima, and several of them."""

import numpy as np
import pytest

from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.likelihood.profile import ProfileLikelihood
from fits.limits.asymptotic import LimitStatus, upper_limit
from fits.many_fits import fit_many_signals
from fits.spectrum import Spectrum
from fits.toys import poisson_toys


def few_event_toys(dijet_toy, n_events, n_toys):
    """A fit to a spectrum of many events, and toys of it with few."""
    fit = fit_background(dijet_toy(2e5, seed=1), Dijet(3))
    expected = fit.expected_background()
    return fit, poisson_toys(n_events * expected / expected.sum(), n_toys, np.random.default_rng(n_events))


def statuses(edges, counts, n_parameters, signal):
    """Of the fits without and with signal, and of the limit."""
    null = fit_background(Spectrum(edges, counts), Dijet(n_parameters))
    fit = fit_signal(null, signal)
    limit = upper_limit(ProfileLikelihood(fit.likelihood, null.result.parameters))
    return null.converged, fit.converged, limit.status


ALL_GOOD = True, True, LimitStatus.GOOD


def test_thirty_events_and_three_parameters_have_limits(dijet_toy, signal):
    """Backgrounds that vanish under the peak, and backgrounds that could be the signal: one in four."""
    fit, toys = few_event_toys(dijet_toy, 30, 24)
    assert {statuses(fit.spectrum.edges, counts, 3, signal) for counts in toys} == {ALL_GOOD}


def test_fits_one_by_one_and_together_end_in_the_same_minima(dijet_toy, signal):
    fit, toys = few_event_toys(dijet_toy, 100, 20)
    many = fit_many_signals(fit, toys, [signal])
    for counts, nll in zip(toys, many.nll[:, 0], strict=True):
        null = fit_background(Spectrum(fit.spectrum.edges, counts), Dijet(3), confirmation="none")
        # With several minima the confirmed fit may have found a lower one.
        assert fit_signal(null, signal).result.nll <= nll + 1e-6


@pytest.mark.physics
@pytest.mark.parametrize("n_parameters", [2, 3])
@pytest.mark.parametrize("n_events", [30, 100, 300])
def test_few_events_always_have_a_limit(dijet_toy, signal, n_events, n_parameters):
    fit, toys = few_event_toys(dijet_toy, n_events, 200)
    assert {statuses(fit.spectrum.edges, counts, n_parameters, signal) for counts in toys} == {ALL_GOOD}
