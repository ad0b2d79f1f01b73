import numpy as np
import pytest
from iminuit import Minuit

import fits.likelihood.minimise
from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.likelihood.binned import Category, Likelihood
from fits.likelihood.minimise import minimise
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.results import FitStatus


@pytest.mark.parametrize("n_events", [1e3, 1e4, 2e5, 5e6, 1e8])
def test_migrad_in_the_raw_parameters_never_ends_below(dijet_toy, n_events):
    spectrum = dijet_toy(n_events, seed=1)
    fit = fit_background(spectrum, Dijet(3))
    assert fit.status == FitStatus.CONVERGED

    def value(raw):
        return fit.likelihood.value(fit.likelihood.internal(raw))

    minuit = Minuit(value, fit.result.values + [0.1, 1.0, -0.3, -0.05])
    minuit.errordef = Minuit.LIKELIHOOD
    minuit.migrad().migrad()
    assert minuit.fval > fit.result.nll - 1e-7
    assert fit.result.edm < 1e-8


@pytest.mark.parametrize("confirmation", ["migrad", "newton", "none"])
def test_every_confirmation_gives_the_same_minimum(dijet_toy, confirmation):
    spectrum = dijet_toy(1e4, seed=2)
    result = fit_background(spectrum, Dijet(3), confirmation=confirmation).result
    reference = fit_background(spectrum, Dijet(3)).result
    assert result.status == FitStatus.CONVERGED
    assert result.nll == pytest.approx(reference.nll, abs=1e-9)


def test_covariance_is_the_inverse_hessian_in_raw_parameters(dijet_toy):
    fit = fit_background(dijet_toy(2e5, seed=3), Dijet(2))
    hessian = fit.likelihood.hessian(fit.likelihood.internal(fit.result.values))
    raw = np.linalg.inv(fit.likelihood.transform)
    np.testing.assert_allclose(fit.result.covariance @ raw.T @ hessian @ raw, np.eye(3), atol=1e-5)


def test_fit_that_runs_out_of_iterations_says_so(dijet_toy, monkeypatch):
    spectrum = dijet_toy(1e4, seed=4)
    monkeypatch.setattr(fits.likelihood.minimise, "_MAX_ITERATIONS", 1)
    fit = fit_background(spectrum, Dijet(4))
    assert fit.status == FitStatus.NOT_CONVERGED
    assert not fit.converged
    assert "parameters" not in fit.result.to_json()


def test_disagreement_of_the_second_minimisation_is_reported(dijet_toy, monkeypatch):
    def worse(likelihood, start, region, errors):
        return fits.likelihood.minimise._End(start, likelihood.value(start), 0.0, 1, converged=True)

    monkeypatch.setattr(fits.likelihood.minimise, "_migrad", worse)
    assert fit_background(dijet_toy(1e4, seed=4), Dijet(3)).status == FitStatus.NOT_CONFIRMED


def test_parameter_without_information_leaves_no_covariance(signal):
    # Two signals of one shape: only the sum of their yields is known.
    edges = np.arange(2500.0, 3501.0, 50.0)
    terms = tuple(SignalTerm(signal, edges, yield_name=name) for name in ("one", "other"))
    counts = np.round(terms[0].expected(np.array([1000.0])) + 1)
    likelihood = Likelihood([Category(counts, terms)])
    result = minimise(likelihood, {"one": 600.0, "other": 400.0}, confirmation="none")
    assert not result.converged


def test_fixed_parameters_stay_and_have_no_error(dijet_toy, signal):
    null = fit_background(dijet_toy(2e5, seed=5), Dijet(3))
    likelihood = fit_signal(null, signal).likelihood
    result = minimise(likelihood, null.result.parameters | {"signal_yield": 40.0}, fixed=("signal_yield",))
    assert result.status == FitStatus.CONVERGED
    assert (result.parameters["signal_yield"], result.errors["signal_yield"]) == (40.0, 0.0)
    assert result.nll > fit_signal(null, signal).result.nll


def test_minimum_beyond_a_bound_is_found_on_it(dijet_toy, signal):
    null = fit_background(dijet_toy(2e5, seed=5), Dijet(3))
    free = fit_signal(null, signal).result.parameters["signal_yield"]
    likelihood = fit_signal(null, signal).likelihood
    bounds = {"signal_yield": (free + 50, np.inf)}
    result = minimise(likelihood, null.result.parameters | {"signal_yield": free + 200}, bounds=bounds)
    assert result.status == FitStatus.AT_BOUND
    assert result.parameters["signal_yield"] == free + 50


def test_nuisances_are_constrained_and_widen_the_yield(dijet_toy, signal):
    spectrum = dijet_toy(2e5, seed=6)
    edges = spectrum.edges
    spectrum = type(spectrum)(edges, spectrum.counts + np.round(2000 * signal.bin_fractions(edges)))
    null = fit_background(spectrum, Dijet(3))
    jets = {"mass_scale": Effect(mean=0.01), "mass_resolution": Effect(width=0.035)}
    term = SignalTerm(signal, edges, {"efficiency": Effect(1.1)} | jets)
    result = fit_signal(null, term).result
    plain = fit_signal(null, signal).result
    assert result.status == FitStatus.CONVERGED
    relative = result.errors["signal_yield"] / result.parameters["signal_yield"]
    expected = np.hypot(plain.errors["signal_yield"] / plain.parameters["signal_yield"], np.log(1.1))
    assert relative == pytest.approx(expected, rel=0.1)
    assert result.errors["efficiency"] == pytest.approx(1, abs=0.01)
    assert result.errors["mass_scale"] < 0.9
