import json

import numpy as np
import pytest

from errors import MaplessError
from fits.likelihood.signal_term import Effect
from fits.limits.asymptotic import LimitStatus, UpperLimit, upper_limit
from fits.limits.weak_supervision import (
    InjectedEfficiencies,
    weak_supervision_limit,
    weak_supervision_reach,
)
from fits.search_model import SearchModel
from tests.fits.search_models import category

EVENTS = UpperLimit(LimitStatus.GOOD, 0.95, 30.0, (15.0, 20.0, 28.0, 40.0, 55.0))
# The classifier learns from more signal: the efficiency rises by a factor of a hundred.
LEARNING = InjectedEfficiencies([1.0, 2.0, 4.0, 8.0], [0.001, 0.02, 0.08, 0.1])
both = pytest.mark.parametrize("rule", ["injections", "continuous"])


@both
def test_constant_efficiency_gives_the_ordinary_limit(rule):
    flat = InjectedEfficiencies([0.5, 1.0, 2.0, 4.0], [0.1] * 4)
    limit = weak_supervision_limit(flat, EVENTS, 100.0, rule=rule)
    assert limit.observed == pytest.approx(3.0)
    assert limit.expected == pytest.approx((1.5, 2.0, 2.8, 4.0, 5.5))


def test_smallest_exclusion_over_the_injections():
    """Excluded cross sections are 300, 15, 3.75 and 3: maxima with the injections 300, 15, 4 and 8."""
    limit = weak_supervision_limit(LEARNING, EVENTS, 100.0)
    assert (limit.observed, limit.injection) == (4.0, 4.0)


def test_continuous_solution_is_where_the_events_are_those_excluded():
    limit = weak_supervision_limit(LEARNING, EVENTS, 100.0, rule="continuous")
    efficiency = np.interp(limit.observed, LEARNING.cross_sections, LEARNING.efficiencies)
    assert limit.observed * efficiency * 100 == pytest.approx(30)
    assert (limit.injection, limit.observed) == (2.0, pytest.approx((4 + np.sqrt(376)) / 6))
    fine = np.linspace(1, 8, 7001)
    steps = InjectedEfficiencies(fine, np.interp(fine, LEARNING.cross_sections, LEARNING.efficiencies))
    injections = weak_supervision_limit(steps, EVENTS, 100.0, preference=0.0)
    assert injections.observed == pytest.approx(limit.observed, rel=1e-3)


def test_preference_for_larger_injections_does_not_ratchet():
    """10, 10.9, 11.8: the second is within 10 % of the first, the third only of the second."""
    close = InjectedEfficiencies([10.0, 10.9, 11.8], [0.1] * 3)
    events = UpperLimit(LimitStatus.GOOD, 0.95, 90.0, (90.0,) * 5)
    assert weak_supervision_limit(close, events, 100.0).observed == 10.9
    assert weak_supervision_limit(close, events, 100.0, preference=0.0).observed == 10.0


def test_limit_above_its_injection_is_not_replaced_by_a_worse_one():
    curve = InjectedEfficiencies([1.0, 3.2], [0.1, 0.1])
    assert weak_supervision_limit(curve, EVENTS, 100.0).observed == pytest.approx(3.0)


@both
def test_limit_is_never_below_the_smallest_injection(rule):
    curve = InjectedEfficiencies([5.0, 50.0], [0.1, 0.2])
    assert weak_supervision_limit(curve, EVENTS, 100.0, rule=rule).observed == 5.0


@both
def test_classifier_that_fails_at_large_signals_excludes_from_there_on(rule):
    """sigma efficiency luminosity is 40, 60, 20: the last is not excluded although the first two are."""
    odd = InjectedEfficiencies([2.0, 3.0, 4.0], [0.2, 0.2, 0.05])
    limit = weak_supervision_limit(odd, EVENTS, 100.0, rule="continuous")
    assert limit.observed == pytest.approx(6.0)
    assert weak_supervision_limit(odd, EVENTS, 100.0, rule=rule).status == LimitStatus.GOOD


@both
def test_errors_of_the_efficiency_widen_the_observed_limit(rule):
    curve = InjectedEfficiencies([0.1, 1.0], [0.1, 0.1], errors=[0.02, 0.02])
    limit = weak_supervision_limit(curve, EVENTS, 100.0, rule=rule)
    assert limit.observed_range == pytest.approx((30 / 12, 30 / 8))


def test_error_of_the_efficiency_enters_the_likelihood():
    """Each injection has its own nuisance: the result is that of the limit with that nuisance."""

    def events(error: float) -> UpperLimit:
        effects = {"efficiency": Effect(1 + error)} if error else {}
        model = SearchModel([category("one", 1e4, 50.0, seed=4, events=1.0, effects=effects)])
        return upper_limit(model.profile_likelihood())

    curve = InjectedEfficiencies([0.1, 0.2], [0.1, 0.1], errors=[0.03, 0.0])
    one = InjectedEfficiencies([0.1], [0.1], errors=[0.03])
    wide, narrow = events(one.relative_errors[0]), events(0.0)
    assert weak_supervision_limit(one, [wide], 100.0).observed == pytest.approx(wide.observed / 10)
    assert weak_supervision_limit(curve, [wide, narrow], 100.0).observed == pytest.approx(
        narrow.observed / 10
    )
    assert wide.observed > 1.02 * narrow.observed
    with pytest.raises(MaplessError, match="1 limits on events for 2 injections"):
        weak_supervision_limit(curve, [wide], 100.0)


def test_each_injection_may_have_its_own_limit_on_events_and_significance():
    flat = InjectedEfficiencies([0.5, 10.0], [0.1, 0.1])
    looser = UpperLimit(LimitStatus.GOOD, 0.95, 20.0, (10.0, 15.0, 20.0, 30.0, 40.0))
    assert weak_supervision_limit(flat, [EVENTS, looser], 100.0).observed == pytest.approx(3.0)
    assert weak_supervision_limit(flat, [looser, EVENTS], 100.0).observed == pytest.approx(2.0)
    reach = weak_supervision_reach(flat, [lambda n: n / 10, lambda n: n / 20], 100.0)
    assert reach.expected == pytest.approx((0.5, 5.0))


@both
def test_nothing_selected_or_a_failed_fit_leaves_no_limit(rule):
    nothing = InjectedEfficiencies([1.0, 2.0], [0.0, 0.0])
    assert weak_supervision_limit(nothing, EVENTS, 100.0, rule=rule).status == LimitStatus.NO_LIMIT
    failed = UpperLimit(LimitStatus.FIT_FAILED, 0.95)
    limit = weak_supervision_limit(LEARNING, failed, 100.0, rule=rule)
    assert (limit.status, limit.observed, limit.median) == (LimitStatus.FIT_FAILED, None, None)
    assert json.loads(json.dumps(limit.to_json()))["observed"] is None


@pytest.mark.parametrize(
    ("numbers", "complaint"),
    [
        (([1.0, 2.0], [0.1]), "one for each"),
        (([2.0, 1.0], [0.1, 0.1]), "must increase"),
        (([0.0, 1.0], [0.1, 0.1]), "above zero"),
        (([1.0, 2.0], [0.1, np.nan]), "NaN"),
        (([1.0], [0.1], [-0.1]), "not negative"),
    ],
)
def test_impossible_efficiencies_are_refused(numbers, complaint):
    with pytest.raises(MaplessError, match=complaint):
        InjectedEfficiencies(*numbers)


def test_luminosity_above_zero_is_wanted():
    with pytest.raises(MaplessError, match="luminosity"):
        weak_supervision_limit(LEARNING, EVENTS, 0.0)


def test_reach_is_where_each_cross_section_is_significant_with_its_own_efficiency():
    """Selected events are 0.1, 4, 32 and 80: significances of a hundredth to eight."""
    reach = weak_supervision_reach(LEARNING, lambda events: events / 10, 100.0)
    assert reach.expected == pytest.approx((0.01, 0.4, 3.2, 8.0))
    assert reach.cross_sections == pytest.approx((2 + 2 * 2.6 / 2.8, 4 + 4 * 1.8 / 4.8))
    assert reach.status == LimitStatus.GOOD
    assert json.loads(json.dumps(reach.to_json()))["significances"] == [3, 5]


def test_reach_of_a_constant_efficiency_and_proportional_significance_is_exact():
    flat = InjectedEfficiencies([4.0, 8.0], [0.1, 0.1])
    reach = weak_supervision_reach(flat, lambda events: events / 20, 100.0, significances=(1.0, 3.0))
    assert reach.cross_sections == pytest.approx((2.0, 6.0))


def test_reach_beyond_the_largest_injection_and_failed_fits_have_no_number():
    reach = weak_supervision_reach(LEARNING, lambda events: events / 20, 100.0)
    assert reach.status == LimitStatus.NO_LIMIT
    assert reach.cross_sections == (pytest.approx(4 + 4 * 1.4 / 2.4), None)
    failed = weak_supervision_reach(LEARNING, lambda events: np.nan, 100.0)
    assert (failed.status, failed.cross_sections, failed.expected) == (LimitStatus.FIT_FAILED, None, None)
    nothing = InjectedEfficiencies([1.0], [0.0])
    assert weak_supervision_reach(nothing, lambda events: np.nan, 100.0).expected == (0.0,)
    with pytest.raises(MaplessError, match="above zero"):
        weak_supervision_reach(LEARNING, lambda events: 1.0, 0.0)
