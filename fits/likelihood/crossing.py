"""Where a function made of fits goes through zero, with as few fits as possible."""

from collections.abc import Callable

import numpy as np

from fits.likelihood.minimise import Confirmation
from fits.likelihood.profile import FitFailedError

_PRECISION = 1e-4  # relative
_MAX_STEPS = 100
_LARGEST_STEP = 4.0  # factor by which a value may grow from one trial to the next
_GOOD_ENOUGH = 1e-4  # standard deviations from zero, where a first trial needs no second one
_MAX_MINIMA = 4  # that a function may follow before it gives up
_CONFIRMED = 0.01  # in standard deviations, between fits that look for the place and those that confirm it


class NoCrossingError(Exception):
    """The function stays above zero: there is no limit or no end of an interval."""


def crossing(
    function: Callable[[float, Confirmation], float], guess: float, scale: float, largest: float = np.inf
) -> float:
    """Positive value at which a function that falls with a slope of about -1 / scale is zero.

    The place is evaluated again with confirmed fits. If these find a lower minimum there, the search goes on
    along it. Raises FitFailedError if the function is never zero where it should be, NoCrossingError if it is
    above zero up to `largest`.
    """
    for _ in range(_MAX_MINIMA):
        guess = _secants(function, guess, scale, largest)
        if abs(function(guess, "newton")) < _CONFIRMED:
            return guess
    raise FitFailedError("not zero where it should be")


def _secants(
    function: Callable[[float, Confirmation], float], guess: float, scale: float, largest: float
) -> float:
    """The same with fits that are not confirmed, by secants, halved where they leave what is known."""
    low, high, value, slope = 0.0, np.inf, min(guess, largest), -1 / scale
    before = (np.nan, np.nan)
    for _ in range(_MAX_STEPS):
        here = function(value, "none")
        if here > 0 and value >= largest:
            raise NoCrossingError
        low, high = (value, high) if here > 0 else (low, value)
        trusted = np.isfinite(before[0]) or abs(here) < _GOOD_ENOUGH
        if np.isfinite(before[0]):
            slope = (here - before[1]) / (value - before[0])
        following = value - here / slope if slope < 0 else np.inf
        if not low <= following <= min(high, _LARGEST_STEP * value):
            following = 0.5 * (low + high) if np.isfinite(high) else _LARGEST_STEP * value
        following = min(following, largest)
        if trusted and abs(following - value) < _PRECISION * following:
            return float(following)
        before, value = (value, here), following
    raise NoCrossingError
