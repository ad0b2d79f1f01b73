import numpy as np
import pytest
from iminuit import Minuit

from fits.likelihood.binned import Category, Likelihood
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.profile_interval import profile_interval
from fits.likelihood.signal_term import SignalTerm
from fits.results import FitStatus
from fits.search_model import SearchModel
from fits.signals import Gaussian
from tests.fits.search_models import category, three_categories


def one_bin(counts: float) -> ProfileLikelihood:
    """A Poisson measurement of a mean in one bin."""
    edges = np.array([2000.0, 4000.0])
    term = SignalTerm(Gaussian(3000, 100), edges)
    bounds = {"signal_yield": (0.0, np.inf)}
    return ProfileLikelihood(
        Likelihood([Category(np.array([counts]), (term,))]), {"signal_yield": 1.0}, bounds=bounds
    )


def test_interval_of_a_poisson_mean_is_the_known_one():
    """Ends of mu - n - n ln(mu / n) = 1/2 for n = 10."""
    interval = profile_interval(one_bin(10.0))
    for end in (interval.low, interval.high):
        assert end - 10 - 10 * np.log(end / 10) == pytest.approx(0.5, rel=1e-3)
    assert interval.errors == pytest.approx((2.838, 3.504), abs=0.002)


def test_interval_of_nothing_seen_has_no_lower_end():
    interval = profile_interval(one_bin(0.0))
    assert interval.low is None
    assert interval.high == pytest.approx(0.5, rel=1e-3)
    assert np.isnan(interval.errors[0])


def test_interval_is_that_of_minos():
    profile = SearchModel([category("one", 3e3, 2.0, seed=3, events=40.0)]).profile_likelihood()
    interval = profile_interval(profile)
    likelihood, best = profile.likelihood, profile.fit()
    minuit = Minuit(
        likelihood.value, likelihood.internal(best.values), grad=likelihood.gradient, name=best.names
    )
    minuit.errordef = Minuit.LIKELIHOOD
    # Without good first errors MINOS can be far off here, and says that it is valid.
    minuit.errors = np.sqrt(np.diag(np.linalg.inv(likelihood.hessian(likelihood.internal(best.values)))))
    minuit.migrad()
    errors = minuit.minos("signal_strength").merrors["signal_strength"]
    ends = [profile.fit({"signal_strength": end}).nll - best.nll for end in (interval.low, interval.high)]
    assert ends == pytest.approx([0.5, 0.5], rel=1e-3)
    assert interval.errors == pytest.approx((-errors.lower, errors.upper), rel=1e-3)


def test_nuisance_without_information_keeps_its_constraint():
    profile = SearchModel([category("one", 3e3, seed=None)]).profile_likelihood()
    interval = profile_interval(profile.holding({"signal_strength": 0.0}), "mass_scale")
    assert (interval.low, interval.best, interval.high) == pytest.approx((-1, 0, 1), abs=1e-3)


def test_higher_confidence_is_a_wider_interval():
    profile = three_categories(2.0).profile_likelihood()
    narrow, wide = profile_interval(profile), profile_interval(profile, confidence_level=0.95)
    assert wide.low < narrow.low < narrow.best < narrow.high < wide.high


def test_failed_fit_leaves_a_status_and_no_number(monkeypatch):
    profile = SearchModel([category("one", 3e3)]).profile_likelihood()
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    interval = profile_interval(profile)
    assert interval.status == FitStatus.NOT_CONVERGED
    assert interval.best is interval.low is interval.high is None
