import json
from dataclasses import replace

import numpy as np
import pytest

from errors import MaplessError
from fits.background_choice.discrete_profiling import DiscreteProfile, EnvelopeFit, discrete_profile
from fits.backgrounds import UA2, Dijet, ModifiedExponential, expected_counts
from fits.likelihood.signal_term import Effect
from fits.limits.asymptotic import LimitStatus, upper_limit
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum

EDGES = np.arange(1500.0, 5501.0, 50.0)
SIGNAL = DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000)
FAMILY = (Dijet(2), UA2(2), ModifiedExponential(3))


def toy(seed, truth=FAMILY[0], values=(0.0, 9.0, 5.0), n_events=2e4, n_signal=0.0):
    shape = expected_counts(truth, np.array(values), EDGES)
    expected = n_events * shape / shape.sum() + n_signal * SIGNAL.bin_fractions(EDGES)
    return Spectrum(EDGES, np.random.default_rng(seed).poisson(expected))


def model(spectrum, background=FAMILY[0], **effects):
    category = SearchCategory("jets", spectrum, Process(SIGNAL, effects=effects), background)
    return SearchModel([category], "signal_yield")


def only(envelope, name):
    """A profile with one of its functions."""
    return replace(envelope, members={name: envelope.members[name]})


@pytest.fixture(scope="module")
def excess():
    return toy(1, n_signal=120)


def test_one_function_gives_its_own_profile(excess):
    single = model(excess).profile_likelihood()
    envelope = discrete_profile(model(excess), FAMILY[:1])
    fit, own = envelope.fit(), single.fit()
    assert fit.value == pytest.approx(own.parameters["signal_yield"], abs=1e-3)
    for end in fit.interval:
        rise = 2 * (single.fit({"signal_yield": end}).nll - own.nll)
        assert rise == pytest.approx(1, abs=1e-3)
    q0 = 2 * (single.fit({"signal_yield": 0.0}).nll - own.nll)
    assert fit.significance == pytest.approx(np.sqrt(q0), rel=1e-5)
    ours, theirs = envelope.upper_limit(), upper_limit(single)
    np.testing.assert_allclose(
        [ours.observed, *ours.expected], [theirs.observed, *theirs.expected], rtol=1e-3
    )


def test_the_same_function_twice_changes_nothing(excess):
    once = discrete_profile(model(excess), FAMILY[:1])
    (member,) = once.members.values()
    twice = DiscreteProfile({"first": member, "second": member})
    assert twice.fit().interval == once.fit().interval
    assert twice.upper_limit().observed == once.upper_limit().observed


def test_envelope_contains_the_interval_of_every_competitive_function():
    competitors = (Dijet(2), Dijet(3), UA2(3))
    envelope = discrete_profile(model(toy(4, n_signal=60)), competitors, penalty=0.5)
    fit = envelope.fit()
    best = fit.penalised[fit.best]
    for name in envelope.members:
        slack = best + 1 - fit.penalised[name]
        if slack > 0:
            low, high = only(envelope, name).fit(n_sigma=np.sqrt(slack)).interval
            assert fit.interval[0] <= low + 0.01
            assert fit.interval[1] >= high - 0.01
    single = only(envelope, fit.best).fit()
    assert np.diff(fit.interval) > 1.1 * np.diff(single.interval)
    assert json.loads(json.dumps(fit.to_json()))["best"] == fit.best


def test_penalty_decides_between_nested_functions():
    """With a penalty that exceeds what two more parameters gain, the simplest function wins."""
    spectrum = toy(3)
    nested = (Dijet(2), Dijet(3), Dijet(4))
    assert discrete_profile(model(spectrum), nested, penalty=100).fit().best == Dijet(2).name
    assert discrete_profile(model(spectrum), nested, penalty=0).fit().best == Dijet(4).name


def test_nuisances_and_several_categories_take_part(excess):
    spectra = (excess, toy(2, n_events=2e3))
    categories = [
        SearchCategory(name, spectrum, Process(SIGNAL, effects={"efficiency": Effect(1.1)}), Dijet(2))
        for name, spectrum in zip(("loose", "tight"), spectra, strict=True)
    ]
    profile = discrete_profile(SearchModel(categories, "signal_yield"), FAMILY[:2])
    assert len(profile.members) == 4
    assert profile.fit().converged


def test_function_that_fails_leaves_no_number(excess, monkeypatch):
    profile = discrete_profile(model(excess), FAMILY[:2])
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    fit = profile.fit()
    assert not fit.converged
    assert fit.failed
    assert fit.value is None
    assert profile.upper_limit().status == LimitStatus.FIT_FAILED


def test_nonsense_is_refused(excess):
    profile = discrete_profile(model(excess), FAMILY[:1])
    with pytest.raises(MaplessError, match="one common parameter"):
        DiscreteProfile({})
    with pytest.raises(MaplessError, match="penalty of -1"):
        replace(profile, penalty=-1.0)
    with pytest.raises(MaplessError, match="confidence level 2"):
        profile.upper_limit(2.0)


@pytest.mark.physics
@pytest.mark.parametrize(("truth", "values"), [(Dijet(2), (0, 9.0, 5.0)), (UA2(2), (0, 4.0, 12.0))])
def test_interval_covers_whichever_function_is_true(truth, values):
    covered = 0
    n_toys = 300
    for seed in range(n_toys):
        spectrum = toy(1000 + seed, truth, values, n_events=5e3, n_signal=60)
        low, high = discrete_profile(model(spectrum), FAMILY[:2]).fit().interval
        covered += low <= 60 <= high
    assert 0.683 - 3 * 0.027 < covered / n_toys < 0.683 + 4 * 0.027


def test_unconstrained_ends_of_an_interval_are_null_in_json():
    fit = EnvelopeFit(True, (), "dijet", 1.0, (-np.inf, 2.0), 0.5, {"dijet": 3.0})
    assert json.loads(json.dumps(fit.to_json(), allow_nan=False))["interval"] == [None, 2.0]
