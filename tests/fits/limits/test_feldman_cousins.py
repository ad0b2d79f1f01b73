import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.limits.asymptotic import LimitStatus
from fits.limits.feldman_cousins import counting_interval, toy_interval
from tests.fits.limits.test_toy_limits import counting

# arXiv:physics/9711021, table IV: 90 % intervals, by background and number of observed events.
TABLE = {
    (0.0, 0): (0.00, 2.44),
    (0.0, 1): (0.11, 4.36),
    (0.0, 4): (1.47, 8.60),
    (0.0, 10): (5.50, 16.50),
    (3.0, 0): (0.00, 1.08),
    (3.0, 1): (0.00, 1.88),
    (3.0, 3): (0.00, 4.42),
    (3.0, 6): (0.15, 8.47),
    (3.0, 7): (0.89, 9.53),
    (3.0, 10): (2.63, 13.50),
}


@pytest.mark.parametrize(("known", "interval"), TABLE.items())
def test_intervals_are_those_of_the_published_table(known, interval):
    background, n_observed = known
    assert counting_interval(n_observed, background) == pytest.approx(interval, abs=0.011)


def test_intervals_cover():
    """Of counts from 4 events over 3, at least 90 % have 4 in their interval."""
    intervals = {n: counting_interval(n, 3.0) for n in range(3, 16)}
    accepted = [n for n, (low, high) in intervals.items() if low <= 4.0 <= high]
    assert 0.9 <= stats.poisson.pmf(accepted, 7.0).sum() < 0.97


def test_toys_give_the_exact_interval():
    values = [0.0, 0.5, 1.0, 1.5, 8.5, 9.0, 9.5, 10.0, 10.5]
    interval = toy_interval(counting(7, 3.0), values, 5000, np.random.default_rng(1))
    assert interval.status == LimitStatus.GOOD
    assert (interval.low, interval.high) == pytest.approx(counting_interval(7, 3.0), abs=0.5)


def test_interval_beyond_the_values_has_no_upper_end():
    interval = toy_interval(counting(7, 3.0), [0.0, 4.0], 1000, np.random.default_rng(1))
    assert 0 < interval.low < 4
    assert interval.high is None


def test_failed_fits_leave_no_interval(monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 0)
    interval = toy_interval(counting(7, 3.0), [0.0, 4.0], 10, np.random.default_rng(1))
    assert interval.status == LimitStatus.FIT_FAILED
    assert interval.low is interval.high is None


def test_impossible_questions_are_refused():
    with pytest.raises(MaplessError, match="neither can be negative"):
        counting_interval(3, -1.0)
    with pytest.raises(MaplessError, match="increasing values"):
        toy_interval(counting(7, 3.0), [4.0, 0.0], 10, np.random.default_rng(1))
