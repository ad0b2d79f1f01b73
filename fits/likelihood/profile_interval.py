"""Errors from the profile of the likelihood, as MINOS gives them: where it has risen by a given amount."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from fits.likelihood.crossing import NoCrossingError, crossing
from fits.likelihood.minimise import Confirmation
from fits.likelihood.profile import FitFailedError, ProfileLikelihood, converged
from fits.results import FitResult, FitStatus

ONE_SIGMA = float(stats.chi2.cdf(1, 1))


@dataclass(frozen=True)
class ProfileInterval:
    """Best value of a parameter and the ends of its confidence interval.

    An end is None if the likelihood does not fall enough before the end of the allowed range, and everything
    is None if a fit failed.
    """

    status: FitStatus
    parameter: str
    best: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def errors(self) -> tuple[float, float]:
        """Distances to the lower and upper end, both positive; NaN where there is none."""
        ends = np.array([self.low, self.best, self.high], dtype=float)
        return float(ends[1] - ends[0]), float(ends[2] - ends[1])

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        numbers = {"best": self.best, "low": self.low, "high": self.high}
        return {"status": str(self.status), "parameter": self.parameter} | numbers


def profile_interval(
    profile: ProfileLikelihood,
    parameter: str | None = None,
    *,
    confidence_level: float = ONE_SIGMA,
    best: FitResult | None = None,
) -> ProfileInterval:
    """Interval of one parameter, all others fitted at each of its values; by default of that of interest.

    `best` saves the fit of all parameters if it is known. A fit that fails leaves a status and no numbers.
    """
    name = parameter or profile.parameter
    best = best or profile.fit()
    if not best.converged:
        return ProfileInterval(best.status, name)
    try:
        low, high = (_end(profile, name, best, confidence_level, sign) for sign in (-1, 1))
    except FitFailedError:
        return ProfileInterval(FitStatus.NOT_CONVERGED, name)
    return ProfileInterval(FitStatus.CONVERGED, name, best.parameters[name], low, high)


def _end(
    profile: ProfileLikelihood, name: str, best: FitResult, confidence_level: float, sign: int
) -> float | None:
    height = float(np.sqrt(stats.chi2.ppf(confidence_level, 1)))
    value, bounds = best.parameters[name], profile.bounds.get(name, (-np.inf, np.inf))
    room = sign * (bounds[sign > 0] - value)
    if room <= 0:
        return None
    near = best.parameters

    def lacking(distance: float, confirmation: Confirmation) -> float:
        nonlocal near
        end = converged(profile.fit({name: value + sign * distance}, near, confirmation))
        near = end.parameters
        return height - float(np.sqrt(max(2 * (end.nll - best.nll), 0.0)))

    # A parameter at its bound has no Hessian error: any scale will do to start.
    error = best.errors[name] or 1.0
    try:
        return value + sign * crossing(lacking, height * error, error, room)
    except NoCrossingError:
        return None
