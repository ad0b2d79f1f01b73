import numpy as np
import pytest

from fits.likelihood.signal_term import Effect
from fits.limits.likelihood_toys import LikelihoodToys, likelihood_ratio
from tests.fits.limits.test_toy_limits import counting


def test_counts_and_auxiliary_measurements_fluctuate_about_the_point():
    profile = counting(6, 3.0, {"efficiency": Effect(kappa=1.3)})
    point = {"background": 3.0, "signal_yield": 4.0, "efficiency": 0.5}
    toys = LikelihoodToys.at(profile, point, 600, np.random.default_rng(1))
    counts, centres = toys.data.counts[0][toys.places, 0], toys.data.centres[toys.places, 0]
    assert counts.mean() == pytest.approx(3 + 4 * 1.3**0.5, abs=0.4)
    assert counts.var() == pytest.approx(counts.mean(), rel=0.2)
    assert (centres.mean(), centres.std()) == pytest.approx((0.5, 1.0), abs=0.15)
    assert abs(np.corrcoef(counts, centres)[0, 1]) < 0.15
    assert profile.likelihood.constraints[0].centre == 0.0


def test_equal_toys_are_fitted_once_and_counted_as_often_as_they_occur():
    toys = LikelihoodToys.at(counting(3, 3.0), {"background": 3.0}, 2000, np.random.default_rng(2))
    assert len(toys.data) < 15
    assert len(toys.ratios(2.0, upper=True)) == 2000


def test_ratio_is_zero_above_the_value_only_for_upper_limits():
    profile = counting(10, 3.0)
    best = profile.without_deficits().fit()
    assert best.parameters["signal_yield"] == pytest.approx(7)
    expected = 2 * (5 + 3 - 10 - 10 * np.log(8 / 10))
    assert likelihood_ratio(profile, best, 5.0, upper=False) == pytest.approx(expected)
    assert likelihood_ratio(profile, best, 5.0, upper=True) == 0
    assert likelihood_ratio(profile, best, 9.0, upper=True) > 0
