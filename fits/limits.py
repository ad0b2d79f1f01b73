"""Upper limits on a signal by the CLs criterion with asymptotic formulae.

Test statistic: q-tilde of Cowan, Cranmer, Gross, Vitells, arXiv:1007.1727; CLs: Read, J. Phys. G 28 (2002)
2693.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
from scipy import optimize, stats

from errors import MaplessError
from fits.likelihood import Likelihood
from fits.minimise import minimise

BAND = (-2, -1, 0, 1, 2)
_PRECISION = 1e-4  # relative, of a limit
_MAX_DOUBLINGS = 60


class LimitStatus(StrEnum):
    """Whether a limit may be used."""

    GOOD = "good"
    FIT_FAILED = "fit_failed"
    NO_LIMIT = "no_limit"  # the data do not constrain the signal


@dataclass(frozen=True)
class UpperLimit:
    """Observed and expected upper limits on the parameter of interest, None unless the status is good.

    `expected` are those for background-only data that fluctuate by -2, -1, 0, 1, 2 standard deviations.
    """

    status: LimitStatus
    confidence_level: float
    observed: float | None = None
    expected: tuple[float, ...] | None = None

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
        }


def upper_limit(
    likelihood: Likelihood,
    start: Mapping[str, float],
    *,
    parameter: str = "signal_yield",
    fixed: tuple[str, ...] = (),
    confidence_level: float = 0.95,
) -> UpperLimit:
    """Observed and expected CLs limits on a parameter that is zero without signal.

    `start` are physical starting values, `fixed` names of parameters that are known exactly. The Asimov data
    have their constraints at the values fitted without signal. Raises MaplessError for an unknown parameter;
    a fit that fails anywhere leaves a status and no number.
    """
    if parameter not in likelihood.names:
        raise MaplessError(
            f"no parameter {parameter} to set a limit on; there are {', '.join(likelihood.names)}"
        )
    if not 0 < confidence_level < 1:
        raise MaplessError(f"confidence level {confidence_level:g} is not between 0 and 1")
    try:
        return _upper_limit(likelihood, start, parameter, fixed, confidence_level)
    except _FitFailedError:
        return UpperLimit(LimitStatus.FIT_FAILED, confidence_level)
    except _NoLimitError:
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


class _FitFailedError(Exception):
    pass


class _NoLimitError(Exception):
    pass


class _Profile:
    """q-tilde of one data set as a function of the parameter of interest."""

    def __init__(
        self, likelihood: Likelihood, start: Mapping[str, float], parameter: str, fixed: tuple[str, ...]
    ) -> None:
        self._likelihood, self._parameter, self._fixed = likelihood, parameter, fixed
        best = minimise(likelihood, start, bounds={parameter: (0.0, np.inf)}, fixed=fixed)
        if not best.converged:
            raise _FitFailedError
        self.best_value = best.parameters[parameter]
        self._lowest, self._near = best.nll, best.parameters

    def at(self, value: float) -> Mapping[str, float]:
        """Parameters that fit best for a fixed value of the parameter of interest."""
        start = {**self._near, self._parameter: value}
        end = minimise(self._likelihood, start, fixed=(*self._fixed, self._parameter), confirmation="newton")
        if not end.converged:
            raise _FitFailedError
        self._near, self._value = end.parameters, end.nll
        return end.parameters

    def q(self, value: float) -> float:
        """Test statistic; zero for values below the best one."""
        if value <= self.best_value:
            return 0.0
        self.at(value)
        return max(2 * (self._value - self._lowest), 0.0)


def _upper_limit(
    likelihood: Likelihood,
    start: Mapping[str, float],
    parameter: str,
    fixed: tuple[str, ...],
    confidence_level: float,
) -> UpperLimit:
    data = _Profile(likelihood, start, parameter, fixed)
    without_signal = data.at(0.0)
    asimov_data = likelihood.asimov(likelihood.internal(without_signal))
    asimov = _Profile(asimov_data, without_signal, parameter, fixed)
    alpha = 1 - confidence_level
    scale = _standard_deviation(asimov_data, without_signal, parameter, fixed)
    # CLs of background data that fluctuate by n standard deviations is alpha where sqrt(q_A) is this
    # (equation 89).
    targets = [n + stats.norm.isf(alpha * stats.norm.cdf(n)) for n in BAND]
    expected = tuple(_crossing(partial(_missing, asimov, target), scale) for target in targets)
    observed = _crossing(lambda value: np.log(cls(data.q(value), asimov.q(value)) / alpha), scale)
    return UpperLimit(LimitStatus.GOOD, confidence_level, observed, expected)


def _missing(asimov: _Profile, target: float, value: float) -> float:
    """What sqrt(q_A) lacks to the target."""
    return float(target - np.sqrt(asimov.q(value)))


def _standard_deviation(
    likelihood: Likelihood, at: Mapping[str, float], parameter: str, fixed: tuple[str, ...]
) -> float:
    """Of the parameter of interest, from the curvature; also right where a bound stops the minimiser."""
    free = [place for place, name in enumerate(likelihood.names) if name not in fixed]
    hessian = likelihood.hessian(likelihood.internal(at))[np.ix_(free, free)]
    place = free.index(likelihood.names.index(parameter))
    variance = (
        float(np.linalg.inv(hessian)[place, place]) if np.linalg.matrix_rank(hessian) == len(free) else 0.0
    )
    if not variance > 0:
        raise _NoLimitError
    return float(np.sqrt(variance))


def _crossing(function: Callable[[float], float], guess: float) -> float:
    """Where a falling function of a positive value goes through zero."""
    high = guess
    for _ in range(_MAX_DOUBLINGS):
        if function(high) < 0:
            return float(optimize.brentq(function, 0.0, high, rtol=_PRECISION, xtol=_PRECISION * guess))
        high *= 2
    raise _NoLimitError
