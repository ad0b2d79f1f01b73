"""Intervals of Feldman and Cousins, Phys. Rev. D 57 (1998) 3873 (arXiv:physics/9711021).

The likelihood ratio orders what may be observed, so that upper limits turn into two-sided intervals by
themselves; by toys for any likelihood.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from errors import MaplessError
from fits.likelihood.profile import FitFailedError, ProfileLikelihood, converged
from fits.limits.asymptotic import LimitStatus
from fits.limits.likelihood_toys import LikelihoodToys, likelihood_ratio
from fits.toys import LARGEST_FAILED_FRACTION


@dataclass(frozen=True)
class ToyInterval:
    """Interval of the parameter of interest, and the p-values of the values that were tried.

    Without good status there are no numbers; `high` is None too if the largest value tried is inside.
    """

    status: LimitStatus
    confidence_level: float
    n_toys: int
    n_failed: int
    values: tuple[float, ...]
    p_values: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None


def toy_interval(
    profile: ProfileLikelihood,
    values: Sequence[float],
    n_toys: int,
    rng: np.random.Generator,
    *,
    confidence_level: float = 0.9,
) -> ToyInterval:
    """Interval of the parameter of interest (not below zero) between increasing `values` that are tried.

    At every value toys have their nuisance parameters as fitted to the data there, and resampled auxiliary
    measurements; the ends are interpolated in the p-values. Toys with a failed fit are left out and counted;
    above 1 %, or if a fit to the data fails, there is a status and no number.
    """
    profile, values = profile.without_deficits(), tuple(float(value) for value in values)
    if len(values) <= 1 or np.any(np.diff(values) <= 0):
        raise MaplessError("an interval needs two or more increasing values of the parameter to try")
    try:
        tried = [_p_value(profile, value, n_toys, rng) for value in values]
    except FitFailedError:
        return ToyInterval(LimitStatus.FIT_FAILED, confidence_level, n_toys, 0, values)
    p_values, n_failed = tuple(p for p, _ in tried), max(failed for _, failed in tried)
    outcome = confidence_level, n_toys, n_failed, values, p_values
    if n_failed > LARGEST_FAILED_FRACTION * n_toys:
        return ToyInterval(LimitStatus.FIT_FAILED, confidence_level, n_toys, n_failed, values)
    inside = np.flatnonzero(np.array(p_values) > 1 - confidence_level)
    if not inside.size:
        return ToyInterval(LimitStatus.NO_LIMIT, *outcome)
    low = _between(values, p_values, int(inside[0]) - 1, 1 - confidence_level)
    high = _between(values, p_values, int(inside[-1]), 1 - confidence_level)
    return ToyInterval(LimitStatus.GOOD, *outcome, values[0] if low is None else low, high)


def _p_value(
    profile: ProfileLikelihood, value: float, n_toys: int, rng: np.random.Generator
) -> tuple[float, int]:
    """Fraction of toys that are as far from their best fit as the data, and the number of failed toys."""
    best = converged(profile.fit())
    point = converged(profile.fit({profile.parameter: value}, best.parameters)).parameters
    observed = likelihood_ratio(profile, best, value, upper=False)
    ratios = LikelihoodToys.at(profile, point, n_toys, rng).ratios(value, upper=False)
    good = ratios[np.isfinite(ratios)]
    above = np.count_nonzero(good >= observed - 1e-7 * max(observed, 1.0))
    return above / max(len(good), 1), n_toys - len(good)


def _between(values: Sequence[float], p_values: Sequence[float], place: int, target: float) -> float | None:
    """Where the p-value crosses the target between a place and the next; None at the ends of the values."""
    if not 0 <= place < len(values) - 1:
        return None
    part = (target - p_values[place]) / (p_values[place + 1] - p_values[place])
    return float(values[place] + part * (values[place + 1] - values[place]))
