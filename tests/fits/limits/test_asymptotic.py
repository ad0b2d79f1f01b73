import json

import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.limits.asymptotic import LimitStatus, cls, upper_limit
from fits.limits.mass_scan import SignalUncertainties, scan_limits
from fits.signals import DoubleCrystalBall
from tests.fits.search_models import one_spectrum

EDGES = np.arange(2000.0, 4001.0, 100.0)
FALLING = DoubleCrystalBall(2000, 700, 1.5, 4, 1.5, 4)
PEAK = DoubleCrystalBall(3000, 150, 1.5, 4, 1.5, 4)
COUNTS = (
    [128, 97, 112, 85, 82, 83, 67, 61, 60, 41, 48, 32, 24, 26, 20, 18, 11, 12, 6, 5],
    [101, 92, 110, 100, 82, 62, 78, 79, 49, 51, 35, 28, 26, 23, 17, 16, 14, 13, 9, 4],
)

# pyhf 0.7.6 on the same templates (1000 background events with 5 %, signal with 10 % normalisation
# uncertainty, normsys interpolation code1, limits from toms748_scan): observed, then -2, -1, 0, 1, 2 standard
# deviations.
PYHF = (
    [59.2991, 18.6940, 25.3896, 35.9389, 51.5792, 72.1438],
    [47.8574, 18.4976, 25.1251, 35.5690, 51.0570, 71.4271],
)


def templates(counts) -> Likelihood:
    background = SignalTerm(FALLING, EDGES, effects={"norm": Effect(1.05)}, yield_name="background")
    signal = SignalTerm(PEAK, EDGES, effects={"efficiency": Effect(1.1)})
    constraints = [Constraint("norm"), Constraint("efficiency")]
    return Likelihood([Category(np.array(counts, dtype=float), (background, signal))], constraints)


def profile(counts) -> ProfileLikelihood:
    return ProfileLikelihood(templates(counts), {"background": 1000.0}, fixed=("background",))


@pytest.mark.parametrize(("counts", "reference"), list(zip(COUNTS, PYHF, strict=True)))
def test_limits_are_those_of_pyhf(counts, reference):
    limit = upper_limit(profile(counts))
    assert limit.status == LimitStatus.GOOD
    assert [limit.observed, *limit.expected] == pytest.approx(reference, rel=2e-4)


@pytest.mark.parametrize("excess", [-1.5, 0.0, 1.0])
def test_limits_with_many_events_are_those_of_a_gaussian(excess):
    """One bin of 1e8 events: everything is known in closed form (arXiv:1007.1727, section 5.4)."""
    sigma = 1e4
    edges = np.array([2000.0, 4000.0])
    one = SignalTerm(FALLING, edges, yield_name="background"), SignalTerm(PEAK, edges)
    likelihood = Likelihood([Category(np.array([sigma**2 + excess * sigma]), one)])
    limit = upper_limit(ProfileLikelihood(likelihood, {"background": sigma**2}, fixed=("background",)))
    expected = [n + stats.norm.isf(0.05 * stats.norm.cdf(n)) for n in (-2, -1, 0, 1, 2)]
    observed = excess + stats.norm.isf(0.05 * stats.norm.cdf(excess))
    assert np.array(limit.expected) / sigma == pytest.approx(expected, rel=1e-3)
    assert limit.observed / sigma == pytest.approx(observed, rel=1e-3)
    assert limit.median == limit.expected[2]


@pytest.mark.parametrize(("q", "q_asimov", "value"), [(0.0, 4.0, 0.5 / stats.norm.sf(-2)), (1.0, 0.0, 1.0)])
def test_cls_of_known_points(q, q_asimov, value):
    assert cls(q, q_asimov) == pytest.approx(value)


def test_cls_is_continuous_where_its_formula_changes():
    assert cls(4.0 - 1e-9, 4.0) == pytest.approx(cls(4.0 + 1e-9, 4.0), rel=1e-6)


def test_asimov_data_have_their_constraints_at_the_fitted_values():
    likelihood = templates(COUNTS[0])
    point = likelihood.internal({"background": 1000.0, "norm": 0.7, "efficiency": -0.2})
    asimov = likelihood.asimov(point)
    assert asimov.value(point) == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(asimov.gradient(point), 0, atol=1e-9)
    assert [constraint.centre for constraint in asimov.constraints] == [0.7, -0.2]


def test_fit_that_fails_leaves_no_limit(monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    limit = upper_limit(profile(COUNTS[0]))
    assert limit.status == LimitStatus.FIT_FAILED
    assert limit.observed is limit.expected is limit.median is None


def test_signal_without_effect_has_no_limit():
    background, other = (
        SignalTerm(FALLING, EDGES, yield_name=name) for name in ("background", "signal_yield")
    )
    likelihood = Likelihood([Category(background.expected(np.array([1000.0])), (background, other))])
    limit = upper_limit(ProfileLikelihood(likelihood, {"background": 1000.0}))
    assert limit.status != LimitStatus.GOOD
    assert limit.observed is None


def test_unknown_parameter_and_bad_confidence_level_are_refused():
    with pytest.raises(MaplessError, match="no parameter mu"):
        ProfileLikelihood(templates(COUNTS[0]), {}, "mu")
    with pytest.raises(MaplessError, match=r"95 is not between 0 and 1"):
        upper_limit(profile(COUNTS[0]), confidence_level=95)


def test_limits_along_the_mass_fall_with_the_background(dijet_toy, signal):
    scan = scan_limits(one_spectrum(dijet_toy(2e5, seed=70), Dijet(3), signal.scaled_to), [2500, 4000, 5500])
    medians = [limit.median for limit in scan.limits]
    assert scan.converged
    assert medians == sorted(medians, reverse=True)
    frame = scan.to_frame()
    assert (frame["expected_minus2"] < frame["expected"]).all()
    assert json.loads(json.dumps(scan.to_json()))["points"][1]["mass"] == 4000


def test_uncertainties_weaken_the_limit(dijet_toy, signal):
    spectrum = dijet_toy(2e5, seed=71)
    with_all, without = (
        scan_limits(one_spectrum(spectrum, Dijet(3), signal.scaled_to, uncertainties), [3000])
        .limits[0]
        .median
        for uncertainties in (
            SignalUncertainties(yields=(("efficiency", 0.3),)),
            SignalUncertainties(scale=0.0, resolution=0.0, yields=()),
        )
    )
    assert without < with_all < 1.5 * without


@pytest.mark.physics
def test_toys_have_the_confidence_level_at_the_asymptotic_limit(dijet_toy, signal):
    """CLs from 400 toys of either hypothesis at the observed limit."""
    spectrum = dijet_toy(2e5, seed=72)
    null = fit_background(spectrum, Dijet(3))
    best = fit_signal(null, signal)
    start = null.result.parameters
    limit = upper_limit(ProfileLikelihood(best.likelihood, start)).observed

    def q(likelihood):
        free = ProfileLikelihood(likelihood, start).without_deficits()
        best = free.fit(confirmation="none")
        above = best.parameters["signal_yield"] < limit
        return 2 * (free.fit({"signal_yield": limit}, confirmation="none").nll - best.nll) * above

    observed = q(best.likelihood)
    rng = np.random.default_rng(72)
    tails = []
    for events in (limit, 0.0):
        truth = ProfileLikelihood(best.likelihood, start).fit({"signal_yield": events}).parameters
        expected = best.likelihood.expected(best.likelihood.internal(truth))[0]
        terms = best.likelihood.categories[0].terms
        toys = [Likelihood([Category(rng.poisson(expected).astype(float), terms)]) for _ in range(400)]
        tails.append(np.mean([q(toy) >= observed for toy in toys]))
    assert tails[0] / tails[1] == pytest.approx(0.05, abs=0.03)
