"""The assumption of Tag N' Train on scores with and without a correlation."""

import numpy as np
import pytest

from models.tag_n_train.independence import independence
from tests.models.toy import WINDOW

N = 20000


def scores(correlation, slope=0.0, seed=1):
    """Log-normal scores of two jets that both rise with the mass by `slope`."""
    random = np.random.default_rng(seed)
    mass = 2200 * random.pareto(6.0, N) + 2200
    first, second = random.normal(size=(2, N))
    second = correlation * first + np.sqrt(1 - correlation**2) * second
    return mass, *(np.exp(one + slope * np.log(mass / 2200)) for one in (first, second))


def test_independent_scores_are_told_so():
    found = independence(WINDOW, *scores(0.0))
    side = WINDOW.contains(scores(0.0)[0]) & ~WINDOW.in_signal_region(scores(0.0)[0])
    assert len(found.first) == side.sum()
    assert abs(found.correlation) < 4 * found.uncertainty
    assert found.both_above(0.8) == pytest.approx(1, abs=0.15)


def test_a_correlation_is_seen():
    """Normal numbers with correlation r have the rank correlation 6 / pi arcsin(r / 2)."""
    found = independence(WINDOW, *scores(0.3))
    expected = 6 / np.pi * np.arcsin(0.15)
    assert found.correlation == pytest.approx(expected, abs=4 * found.uncertainty)
    assert found.both_above(0.8) > 1.3


def test_following_the_mass_from_one_sideband_to_the_other_is_no_correlation():
    mass, first, second = scores(0.0, slope=5.0)
    side = WINDOW.contains(mass) & ~WINDOW.in_signal_region(mass)
    together = np.corrcoef(np.log(first[side]), np.log(second[side]))[0, 1]
    assert independence(WINDOW, mass, first, second).correlation < together / 2
