"""Upper limits by the CLs criterion from toys, for few events, where asymptotic formulae do not hold.

Test statistic of the LHC (q-tilde) and frequentist toys: nuisance parameters at the values fitted to the data
for each tested signal, auxiliary measurements resampled. Source: ATLAS and CMS, CMS-NOTE-2011-005.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from errors import MaplessError
from fits.likelihood.profile import FitFailedError, ProfileLikelihood, converged
from fits.limits.asymptotic import BAND, LimitStatus, upper_limit
from fits.limits.likelihood_toys import LikelihoodToys, likelihood_ratio
from fits.spectrum import FloatArray
from fits.toys import LARGEST_FAILED_FRACTION

_MAX_POINTS = 20  # values of the parameter of interest that are tried


@dataclass(frozen=True)
class ToyPoint:
    """One value of the parameter of interest: observed CLs with its error, and CLs of the expected band."""

    value: float
    cls: float
    cls_error: float
    expected: tuple[float, ...]
    n_failed: int

    @classmethod
    def of_toys(
        cls, value: float, observed: float, with_signal: FloatArray, without: FloatArray
    ) -> "ToyPoint":
        """From q of the data and of toys (n,) with and without signal, NaN for failed fits."""
        good, good_without = with_signal[np.isfinite(with_signal)], without[np.isfinite(without)]
        n_failed = len(with_signal) + len(without) - len(good) - len(good_without)
        # More background-like data have larger q: the n-th band has CLb = cdf(n).
        band = np.quantile(good_without, stats.norm.sf(BAND), method="inverted_cdf")
        ratios = [_ratio(q, good, good_without) for q in (observed, *band.tolist())]
        return cls(value, *ratios[0], tuple(ratio for ratio, _ in ratios[1:]), n_failed)


@dataclass(frozen=True)
class ToyLimit:
    """Observed and expected limits as in `UpperLimit`, the statistical error of the observed one, and CLs.

    Numbers are None unless the status is good.
    """

    status: LimitStatus
    confidence_level: float
    n_toys: int
    n_failed: int = 0
    observed: float | None = None
    observed_error: float | None = None
    expected: tuple[float, ...] | None = None
    points: tuple[ToyPoint, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "status": str(self.status),
            "confidence_level": self.confidence_level,
            "n_toys": self.n_toys,
            "n_failed": self.n_failed,
            "observed": self.observed,
            "observed_error": self.observed_error,
            "expected": None if self.expected is None else list(self.expected),
        }


def toy_upper_limit(
    profile: ProfileLikelihood, n_toys: int, rng: np.random.Generator, *, confidence_level: float = 0.95
) -> ToyLimit:
    """CLs limits on the parameter of interest from `n_toys` toys with and as many without signal.

    Values are tried until CLs of the data and of the whole expected band cross 1 - `confidence_level`;
    limits are interpolated between them in ln(CLs). Toys with a failed fit are left out and counted; above
    1 %, or if a fit to the data fails, there is a status and no number.
    """
    if n_toys < 1:
        raise MaplessError(f"{n_toys} toys cannot give a limit; ask for 1000 or more")
    alpha = 1 - confidence_level
    try:
        statistic = _ToyStatistic(profile.without_deficits(), n_toys, rng)
        points = _points(statistic, _first_values(profile, confidence_level), alpha, 0.5 / n_toys)
    except FitFailedError:
        return ToyLimit(LimitStatus.FIT_FAILED, confidence_level, n_toys)
    n_failed = max(point.n_failed for point in points)
    if n_failed > LARGEST_FAILED_FRACTION * 2 * n_toys:
        return ToyLimit(LimitStatus.FIT_FAILED, confidence_level, n_toys, n_failed)
    # Where no toy is left, CLs is that of half a toy: less is not known.
    curves = np.maximum([[point.cls, *point.expected] for point in points], 0.5 / n_toys).T
    if np.any(curves[:, -1] >= alpha):
        return ToyLimit(LimitStatus.NO_LIMIT, confidence_level, n_toys, n_failed, points=points)
    values = np.array([point.value for point in points])
    (observed, slope), *band = (_crossing(values, curve, alpha) for curve in curves)
    nearest = min(points, key=lambda point: abs(point.value - observed))
    error = nearest.cls_error / max(nearest.cls, 0.5 / n_toys) / abs(slope)
    expected = tuple(limit for limit, _ in band)
    return ToyLimit(LimitStatus.GOOD, confidence_level, n_toys, n_failed, observed, error, expected, points)


def _ratio(q: float, with_signal: FloatArray, without: FloatArray) -> tuple[float, float]:
    """CLs and its error, from the fractions of toys with q at least this large."""
    # Equal data have equal q, whatever the rounding of their fits.
    limit = q - 1e-7 * max(q, 1.0)
    numbers = np.array([len(with_signal), len(without)])
    above = np.array([np.count_nonzero(toys >= limit) for toys in (with_signal, without)])
    least = np.maximum(above, 0.5)  # where no toy is left, half of one
    error = np.sqrt(np.sum((1 - least / numbers) / least)) * (least[0] / numbers[0]) / (least[1] / numbers[1])
    return float(above[0] / numbers[0] / (least[1] / numbers[1])), float(error)


class _ToyStatistic:
    """CLs at a value of the parameter of interest; toys without signal are made once."""

    def __init__(self, profile: ProfileLikelihood, n_toys: int, rng: np.random.Generator) -> None:
        self._profile, self._n_toys, self._rng = profile, n_toys, rng
        self._best = converged(profile.fit())
        null = converged(profile.fit({profile.parameter: 0.0}, self._best.parameters))
        self._without = LikelihoodToys.at(profile, null.parameters, n_toys, rng)

    def __call__(self, value: float) -> ToyPoint:
        end = converged(self._profile.fit({self._profile.parameter: value}, self._best.parameters))
        with_signal = LikelihoodToys.at(self._profile, end.parameters, self._n_toys, self._rng)
        observed = likelihood_ratio(self._profile, self._best, value, upper=True)
        ratios = (toys.ratios(value, upper=True) for toys in (with_signal, self._without))
        return ToyPoint.of_toys(value, observed, *ratios)


def _first_values(profile: ProfileLikelihood, confidence_level: float) -> list[float]:
    """Asymptotic limits, a step beyond on either side; without them about three events."""
    limit = upper_limit(profile, confidence_level=confidence_level)
    if limit.expected is None or limit.observed is None:
        likelihood = profile.likelihood
        events = [
            sum(
                mu.sum()
                for mu in likelihood.expected(
                    likelihood.internal({**profile.start, profile.parameter: value})
                )
            )
            for value in (0.0, 1.0)
        ]
        return [3 / (events[1] - events[0])]
    values = sorted([limit.observed, *limit.expected])
    apart = [value for value, before in zip(values[1:], values, strict=False) if value > 1.15 * before]
    return [0.8 * values[0], values[0], *apart, 1.2 * values[-1]]


def _points(
    statistic: Callable[[float], ToyPoint], first: Iterable[float], alpha: float, smallest: float
) -> tuple[ToyPoint, ...]:
    """Points in order of their values until all curves have crossed `alpha`; more near the observed limit."""
    points = [statistic(value) for value in first]
    while max(points[-1].cls, *points[-1].expected) >= alpha and len(points) < _MAX_POINTS:
        points.append(statistic(1.3 * points[-1].value))
    values, curve = np.array([[point.value, max(point.cls, smallest)] for point in points]).T
    if curve[-1] < alpha:
        limit, _ = _crossing(values, curve, alpha)
        points += [statistic(factor * limit) for factor in (0.95, 1.05)]
    return tuple(sorted(points, key=lambda point: point.value))


def _crossing(values: FloatArray, curve: FloatArray, alpha: float) -> tuple[float, float]:
    """Largest value where a curve (above zero) that starts at one falls below `alpha`, and its log's slope.

    >>> limit, _ = _crossing(np.array([1.0, 2.0]), np.array([0.1, 0.001]), alpha=0.01)
    >>> round(limit, 6)
    1.5
    """
    values, logs = np.append(0.0, values), np.append(0.0, np.log(curve))
    place = int(np.flatnonzero(logs >= np.log(alpha))[-1])
    slope = (logs[place + 1] - logs[place]) / (values[place + 1] - values[place])
    return float(values[place] + (np.log(alpha) - logs[place]) / slope), float(slope)
