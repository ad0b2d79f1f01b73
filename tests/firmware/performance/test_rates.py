"""Rates, efficiencies and profiles with answers known beforehand."""

import numpy as np
import pytest

from errors import MaplessError
from firmware.performance.efficiencies import efficiencies_at_rate, efficiency, pileup_profile, roc
from firmware.performance.rates import ZeroBiasRates, any_of, crossing_rate


@pytest.fixture
def rates():
    """Scores 0 to 999, ten events each."""
    return ZeroBiasRates(np.repeat(np.arange(1000.0), 10))


def test_the_crossing_rate_is_that_of_all_bunches():
    assert crossing_rate(2544) == pytest.approx(28608.8064)
    assert crossing_rate(1) == 11.2456


def test_a_rate_has_its_poisson_error(rates):
    rate = rates.at(900.0)
    assert rate.n_events == 1000
    assert rate.rate == pytest.approx(crossing_rate() / 10)
    assert rate.error == pytest.approx(rate.rate / np.sqrt(1000))
    assert rate.warning == ""


def test_a_threshold_reaches_the_rate_where_it_can(rates):
    found = rates.threshold(crossing_rate() / 100)
    assert found.threshold == 990
    assert found.rate == pytest.approx(crossing_rate() / 100)


def test_ties_lower_the_achieved_rate_instead_of_exceeding_the_wanted_one(rates):
    found = rates.threshold(crossing_rate() * 0.0155)
    assert found.threshold == 985
    assert found.rate == pytest.approx(crossing_rate() * 0.015)


def test_a_rate_below_one_tie_lets_nothing_pass(rates):
    found = rates.threshold(crossing_rate() * 0.0005)
    assert (found.rate, found.n_events) == (0, 0)
    assert found.threshold > 999


def test_a_thin_tail_is_told(rates):
    assert "only 50 events" in rates.threshold(crossing_rate() * 0.005).warning


def test_many_thresholds_agree_with_one_at_a_time(rates):
    thresholds = [-5, 0, 17.5, 999, 1000]
    np.testing.assert_allclose(rates.rates(thresholds), [rates.at(x).rate for x in thresholds])


def test_weights_count_instead_of_events():
    rates = ZeroBiasRates([1.0, 2.0, 3.0], weights=[7.0, 2.0, 1.0], bunches=1000)
    rate = rates.at(2.0)
    assert rate.rate == pytest.approx(0.3 * 11245.6)
    assert rate.error == pytest.approx(np.sqrt(5) / 10 * 11245.6)
    assert rates.threshold(0.25 * 11245.6).threshold == 3


def test_the_pure_rate_leaves_out_what_others_take():
    rates = ZeroBiasRates([1.0, 2.0, 3.0, 4.0], bunches=1000)
    others = any_of({"jet": [False, True, False, False], "muon": [False, False, False, True]})
    assert rates.at(2.0).rate == pytest.approx(0.75 * 11245.6)
    pure = rates.at(2.0, others=others)
    assert pure.rate == pytest.approx(0.25 * 11245.6)
    assert pure.n_events == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ZeroBiasRates([]), "at least one"),
        (lambda: ZeroBiasRates([1.0, np.nan]), "finite"),
        (lambda: ZeroBiasRates([1.0, 2.0], weights=[1.0]), "one per score"),
        (lambda: ZeroBiasRates([1.0]).threshold(0), "impossible"),
        (lambda: ZeroBiasRates([1.0]).threshold(1e9), "impossible"),
        (lambda: ZeroBiasRates([1.0]).at(1, others=[True, False]), "one per event"),
        (lambda: efficiency([], 1.0), "at least one signal event"),
    ],
)
def test_bad_inputs_give_one_clear_line(call, message):
    with pytest.raises(MaplessError, match=message):
        call()


def test_efficiencies_at_equal_rate_have_intervals_that_cover(rates):
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(300):
        result = efficiency(random.random(50), 0.9)
        covered += result.low <= 0.1 <= result.high
    assert covered / 300 > 0.66
    found = efficiencies_at_rate(rates, {"a": [995.0, 0.0], "b": [0.0]}, crossing_rate() / 100)
    assert (found["a"].value, found["b"].value, found["b"].low) == (0.5, 0.0, 0.0)


def test_few_large_weights_widen_the_interval():
    equal, unequal = (efficiency([1.0, 0.0] * 50, 1.0, weights) for weights in (None, [20, 20] + [1] * 98))
    assert equal.value == unequal.value == 0.5
    assert unequal.high - unequal.low > 1.5 * (equal.high - equal.low)


def test_the_roc_of_equal_samples_is_the_diagonal(rates):
    rate, kept = roc(rates, rates.scores)
    np.testing.assert_allclose(kept, rate / crossing_rate(), atol=1e-12)
    assert (kept[0], len(kept)) == (1, 1000)


def test_a_score_that_follows_pileup_shows_in_its_profile():
    random = np.random.default_rng(2)
    n_pileup = random.poisson(50, 20000)
    profile = pileup_profile(n_pileup / 10 + random.normal(size=20000), n_pileup, 6.0)
    assert np.all(np.diff(profile.mean) > 0)
    assert profile.fraction[-1] > 3 * profile.fraction[0]
    flat = pileup_profile(random.normal(size=20000), n_pileup, 1.0)
    assert np.all(abs(flat.mean) < 5 * flat.mean_error)
