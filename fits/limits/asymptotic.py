"""Upper limits on a signal by the CLs criterion with asymptotic formulae.

Test statistic: q-tilde of Cowan, Cranmer, Gross, Vitells, arXiv:1007.1727; CLs: Read, J. Phys. G 28 (2002)
2693.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
from scipy import stats
from scipy.interpolate import BarycentricInterpolator

from errors import MaplessError
from fits.likelihood.crossing import NoCrossingError, crossing
from fits.likelihood.minimise import Confirmation
from fits.likelihood.profile import FitFailedError, ProfileLikelihood, converged
from fits.results import FitResult

BAND = (-2, -1, 0, 1, 2)


class LimitStatus(StrEnum):
    """Whether a limit may be used."""

    GOOD = "good"
    FIT_FAILED = "fit_failed"
    NO_LIMIT = "no_limit"  # the data do not constrain the signal


@dataclass(frozen=True)
class UpperLimit:
    """Observed and expected upper limits on the parameter of interest, None unless the status is good.

    `expected` are those for background-only data that fluctuate by -2, -1, 0, 1, 2 standard deviations.
    `background_under_peak` are the events that decide about the method (`fits.limits.few_events`), where it
    was chosen. `n_toys` is zero for asymptotic formulae; limits from toys have a statistical error.
    """

    status: LimitStatus
    confidence_level: float
    observed: float | None = None
    expected: tuple[float, ...] | None = None
    background_under_peak: float | None = None
    n_toys: int = 0
    observed_error: float | None = None

    @property
    def median(self) -> float | None:
        """Median expected limit."""
        return None if self.expected is None else self.expected[BAND.index(0)]

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "status": str(self.status),
            "confidence_level": self.confidence_level,
            "observed": self.observed,
            "expected": None if self.expected is None else list(self.expected),
            "background_under_peak": self.background_under_peak,
            "n_toys": self.n_toys,
            "observed_error": self.observed_error,
        }


def upper_limit(profile: ProfileLikelihood, *, confidence_level: float = 0.95) -> UpperLimit:
    """Observed and expected CLs limits on the parameter of interest.

    The Asimov data have their constraints at the values fitted without signal. The minima that a limit rests
    on are confirmed by a second minimisation. A fit that fails anywhere leaves a status and no number.
    """
    if not 0 < confidence_level < 1:
        raise MaplessError(f"confidence level {confidence_level:g} is not between 0 and 1")
    try:
        return _upper_limit(profile.without_deficits(), confidence_level)
    except FitFailedError:
        return UpperLimit(LimitStatus.FIT_FAILED, confidence_level)
    except NoCrossingError:
        return UpperLimit(LimitStatus.NO_LIMIT, confidence_level)


def cls(q: float, q_asimov: float) -> float:
    """CLs for observed and Asimov values of q-tilde (arXiv:1007.1727, equations 65 and 66).

    >>> round(cls(3.84, 3.84), 4)
    0.05
    """
    if q_asimov <= 0:
        return 1.0
    root = np.sqrt(q_asimov)
    if q <= q_asimov:
        return float(stats.norm.sf(np.sqrt(q)) / stats.norm.sf(np.sqrt(q) - root))
    return float(stats.norm.sf((q + q_asimov) / (2 * root)) / stats.norm.sf((q - q_asimov) / (2 * root)))


class _TestStatistic:
    """q-tilde of one data set as a function of the parameter of interest; zero below the best value."""

    def __init__(self, profile: ProfileLikelihood, best: FitResult) -> None:
        self._profile, self._best, self._near = profile, best, best.parameters

    def __call__(self, value: float, confirmation: Confirmation) -> float:
        name = self._profile.parameter
        if value <= self._best.parameters[name]:
            return 0.0
        end = converged(self._profile.fit({name: value}, self._near, confirmation))
        self._near = end.parameters
        return max(2 * (end.nll - self._best.nll), 0.0)


def _upper_limit(profile: ProfileLikelihood, confidence_level: float) -> UpperLimit:
    alpha = 1 - confidence_level
    best = converged(profile.fit())
    null = converged(profile.fit({profile.parameter: 0.0}, best.parameters))
    data = _TestStatistic(profile, best)
    # Data exactly as expected without signal: the minimum is there, with a value of zero.
    asimov_profile = profile.asimov(null.parameters)
    asimov = _TestStatistic(asimov_profile, replace(null, nll=0.0))

    def lacking(target: float, value: float, confirmation: Confirmation) -> float:
        return target - float(np.sqrt(asimov(value, confirmation)))

    def excess(value: float, confirmation: Confirmation) -> float:
        ratio = cls(data(value, confirmation), asimov(value, confirmation))
        return _deviate(alpha) - _deviate(ratio)

    # CLs of background data that fluctuate by n standard deviations is alpha where sqrt(q_A) is this
    # (equation 89).
    targets = [_deviate(alpha * float(stats.norm.cdf(n))) + n for n in BAND]
    scale = _standard_deviation(asimov_profile)
    known = [0.0]
    for target in targets:
        # sqrt(q_A) is nearly a straight line: the limits found so far tell where the next one is.
        guess = _extrapolated([0.0, *targets], known, target) if len(known) > 1 else 0.0
        guess = guess if known[-1] < guess < 4 * known[-1] else scale * target
        known.append(crossing(partial(lacking, target), guess, scale))
        scale = known[-1] / target
    expected = tuple(known[1:])
    scale = expected[BAND.index(0)] / targets[BAND.index(0)]
    observed = crossing(excess, _gaussian_limit(profile, best, scale, alpha), scale)
    return UpperLimit(LimitStatus.GOOD, confidence_level, observed, expected)


def _deviate(probability: float) -> float:
    """Standard deviations that leave this probability above."""
    return float(stats.norm.isf(min(max(probability, 1e-300), 1 - 1e-12)))


def _extrapolated(roots: Sequence[float], values: Sequence[float], target: float) -> float:
    """Value at a target, through the last of two or more values at known roots."""
    last = slice(max(len(values) - 4, 0), len(values))
    return float(BarycentricInterpolator(roots[last], values[last])(target))


def _gaussian_limit(profile: ProfileLikelihood, best: FitResult, scale: float, alpha: float) -> float:
    """Observed limit if the parameter were measured with a Gaussian error `scale`."""
    value = best.parameters[profile.parameter]
    return value + scale * float(stats.norm.isf(alpha * stats.norm.cdf(value / scale)))


def _standard_deviation(profile: ProfileLikelihood) -> float:
    """Of the parameter of interest at the starting values, from the curvature."""
    likelihood = profile.likelihood
    free = [place for place, name in enumerate(likelihood.names) if name not in profile.fixed]
    hessian = likelihood.hessian(likelihood.internal(profile.start))[np.ix_(free, free)]
    place = free.index(likelihood.names.index(profile.parameter))
    sizes = np.sqrt(np.maximum(np.diag(hessian), 1e-300))
    correlations = hessian / np.outer(sizes, sizes)
    if np.linalg.matrix_rank(correlations) < len(free):
        raise NoCrossingError
    return float(np.sqrt(np.linalg.inv(correlations)[place, place]) / sizes[place])
