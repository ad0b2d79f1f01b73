import json

import numpy as np
import pytest
from scipy import optimize, stats

from errors import MaplessError
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.limits.asymptotic import BAND, LimitStatus, upper_limit
from fits.limits.toy_limits import toy_upper_limit
from fits.signals import DoubleCrystalBall

ONE_BIN = np.array([2000.0, 4000.0])
PEAK = DoubleCrystalBall(3000, 150, 1.5, 4, 1.5, 4)


def counting(observed, background, effects=None) -> ProfileLikelihood:
    """One bin with a known background."""
    terms = SignalTerm(PEAK, ONE_BIN, yield_name="background"), SignalTerm(PEAK, ONE_BIN, effects or {})
    constraints = [Constraint(name) for name in effects or {}]
    likelihood = Likelihood([Category(np.array([float(observed)]), terms)], constraints)
    return ProfileLikelihood(likelihood, {"background": background}, fixed=("background",))


def exact_limit(observed, background):
    """CLs of counts: P(n <= observed | s + b) / P(n <= observed | b) = 0.05."""

    def missing(signal):
        with_signal, without = stats.poisson.cdf(observed, [signal + background, background])
        return with_signal / without - 0.05

    return optimize.brentq(missing, 0, 100)


@pytest.mark.parametrize(("observed", "background"), [(0, 1e-6), (0, 3.0), (4, 3.0)])
def test_counting_limits_are_exact(observed, background):
    """No event seen: three events are excluded, whatever the background."""
    limit = toy_upper_limit(counting(observed, background), 30_000, np.random.default_rng(1))
    exact = exact_limit(observed, background)
    assert limit.status == LimitStatus.GOOD
    assert limit.observed == pytest.approx(exact, rel=0.06)
    assert abs(limit.observed - exact) < 4 * limit.observed_error < 0.6
    if observed == 0:
        assert exact == pytest.approx(3.00, abs=0.005)


def test_expected_counting_limits_are_exact():
    limit = toy_upper_limit(counting(4, 3.0), 60_000, np.random.default_rng(2))
    counts = stats.poisson.ppf(stats.norm.cdf(BAND), 3.0)
    assert limit.expected == pytest.approx([exact_limit(n, 3.0) for n in counts], rel=0.05)


def test_nuisances_are_resampled_and_weaken_the_limit():
    plain = toy_upper_limit(counting(6, 3.0), 10_000, np.random.default_rng(3))
    uncertain = counting(6, 3.0, {"efficiency": Effect(kappa=1.5)})
    limit = toy_upper_limit(uncertain, 60, np.random.default_rng(3))
    assert 1.1 * plain.observed < limit.observed < 2 * plain.observed


def test_many_events_give_the_asymptotic_limits():
    profile = counting(210, 200.0)
    limit = toy_upper_limit(profile, 2000, np.random.default_rng(4))
    asymptotic = upper_limit(profile)
    assert limit.observed == pytest.approx(asymptotic.observed, rel=0.15)
    # Downward fluctuations need more toys: at -2 standard deviations one in 900 is left at CLs = 0.05.
    assert limit.expected[2:] == pytest.approx(asymptotic.expected[2:], rel=0.2)
    stored = json.loads(json.dumps(limit.to_json()))
    assert stored["observed"] == limit.observed
    assert stored["n_toys"] == 2000


def test_toys_that_cannot_be_fitted_leave_no_limit(monkeypatch):
    profile = counting(4, 3.0, {"efficiency": Effect(kappa=1.3)})
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    limit = toy_upper_limit(profile, 20, np.random.default_rng(5))
    assert limit.status == LimitStatus.FIT_FAILED
    assert limit.observed is limit.expected is None


def test_no_toys_are_refused():
    with pytest.raises(MaplessError, match="0 toys"):
        toy_upper_limit(counting(4, 3.0), 0, np.random.default_rng(5))
