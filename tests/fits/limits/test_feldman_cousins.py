import numpy as np
import pytest

from errors import MaplessError
from fits.limits.asymptotic import LimitStatus
from fits.limits.feldman_cousins import toy_interval
from tests.fits.limits.test_toy_limits import counting


def test_toys_give_the_exact_interval():
    values = [0.0, 0.5, 1.0, 1.5, 8.5, 9.0, 9.5, 10.0, 10.5]
    interval = toy_interval(counting(7, 3.0), values, 5000, np.random.default_rng(1))
    assert interval.status == LimitStatus.GOOD
    # arXiv:physics/9711021, table IV: seven events observed over a background of three
    assert (interval.low, interval.high) == pytest.approx((0.89, 9.53), abs=0.5)


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
    with pytest.raises(MaplessError, match="increasing values"):
        toy_interval(counting(7, 3.0), [4.0, 0.0], 10, np.random.default_rng(1))
