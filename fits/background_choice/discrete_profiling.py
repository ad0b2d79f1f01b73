"""Discrete profiling: the choice of background function as a nuisance parameter.

At each value of the parameter of interest the function that describes the data best counts, after a penalty
for its number of parameters. Source: Dauncey, Kenzie, Wardle, Davies, arXiv:1408.6865; the penalty of one
unit of 2 NLL per parameter is theirs and that of CMS Combine.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from scipy import stats

from errors import MaplessError
from fits.backgrounds import LogLinearBackground
from fits.likelihood.binned import Category, Likelihood
from fits.likelihood.crossing import NoCrossingError, crossing
from fits.likelihood.minimise import Confirmation
from fits.likelihood.profile import FitFailedError, ProfileLikelihood, converged
from fits.likelihood.profile_interval import profile_interval
from fits.limits.asymptotic import BAND, LimitStatus, UpperLimit, cls
from fits.results import FitResult, FitStatus
from fits.search_model import SearchModel
from fits.significance.mass_scan import discovery_significance


@dataclass(frozen=True)
class EnvelopeFit:
    """Best function, value of the parameter of interest with its interval, and significance above zero.

    `penalised` is 2 NLL plus penalty of each function at its own minimum. An interval ends at a bound, or
    infinity, where the data do not constrain it. Numbers are None unless `converged`; `failed` lists
    functions whose fits failed.
    """

    converged: bool
    failed: tuple[str, ...] = ()
    best: str | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None
    significance: float | None = None
    penalised: Mapping[str, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; an end of the interval at infinity is null."""
        ends = self.interval and [end if np.isfinite(end) else None for end in self.interval]
        return asdict(self) | {"interval": ends}


@dataclass(frozen=True, eq=False)
class DiscreteProfile:
    """Likelihoods of the same data with different background functions, by name.

    All have the same parameter of interest. `penalty` is added to 2 NLL per fitted parameter. Raises
    MaplessError without likelihoods, for different parameters of interest and for a negative penalty.
    """

    members: Mapping[str, ProfileLikelihood]
    penalty: float = 1.0

    def __post_init__(self) -> None:
        if len({member.parameter for member in self.members.values()}) != 1:
            raise MaplessError("discrete profiling needs functions with one common parameter of interest")
        if not self.penalty >= 0:
            raise MaplessError(f"a penalty of {self.penalty:g} per parameter; give zero or more")

    @property
    def parameter(self) -> str:
        """Name of the parameter of interest."""
        return next(iter(self.members.values())).parameter

    def height(self, name: str, result: FitResult) -> float:
        """Penalised 2 NLL of a fit of one function."""
        return 2 * result.nll + self.penalty * len(self.members[name].nuisances)

    def fit(self, n_sigma: float = 1.0) -> EnvelopeFit:
        """Minimum of the envelope with the interval within `n_sigma` standard deviations.

        All minima are confirmed by a second minimiser. If the fit of any function fails there are no numbers:
        leave that function out.
        """
        results = {name: member.fit() for name, member in self.members.items()}
        failed = tuple(name for name, result in results.items() if not result.converged)
        if failed:
            return EnvelopeFit(converged=False, failed=failed)
        heights = {name: self.height(name, result) for name, result in results.items()}
        best = min(heights, key=lambda name: heights[name])
        value = results[best].parameters[self.parameter]
        try:
            interval = self._interval(results, min(heights.values()) + n_sigma**2)
            without = _Envelope(self).height(0.0, "newton")
        except FitFailedError:
            return EnvelopeFit(converged=False)
        significance = discovery_significance(0.5 * without, 0.5 * heights[best], value)
        return EnvelopeFit(True, (), best, value, interval, significance, heights)

    def upper_limit(self, confidence_level: float = 0.95) -> UpperLimit:
        """Observed and expected CLs limits: those of `fits.limits.asymptotic`, on the envelope.

        The Asimov data are those of the best function without signal. A fit that fails anywhere leaves a
        status and no number. Raises MaplessError for a level outside 0 to 1.
        """
        if not 0 < confidence_level < 1:
            raise MaplessError(f"confidence level {confidence_level:g} is not between 0 and 1")
        try:
            observed, *expected = _upper_limits(self, 1 - confidence_level)
        except FitFailedError:
            return UpperLimit(LimitStatus.FIT_FAILED, confidence_level)
        except NoCrossingError:
            return UpperLimit(LimitStatus.NO_LIMIT, confidence_level)
        return UpperLimit(LimitStatus.GOOD, confidence_level, observed, tuple(expected))

    def _interval(self, results: Mapping[str, FitResult], level: float) -> tuple[float, float]:
        """Outermost values at which any function stays below a level."""
        ends = []
        for name, result in results.items():
            rise = level - self.height(name, result)
            if rise <= 0:
                continue
            own = profile_interval(
                self.members[name], confidence_level=float(stats.chi2.cdf(rise, 1)), best=result
            )
            if own.status != FitStatus.CONVERGED:
                raise FitFailedError(name)
            low, high = self.members[name].bounds.get(self.parameter, (-np.inf, np.inf))
            ends += [low if own.low is None else own.low, high if own.high is None else own.high]
        return min(ends), max(ends)


def discrete_profile(
    model: SearchModel, backgrounds: Sequence[LogLinearBackground], penalty: float = 1.0
) -> DiscreteProfile:
    """Profile over background functions, of one or several families, in every category of a model.

    With several categories each takes its own function: all combinations compete. Raises MaplessError for a
    function that cannot be fitted to a spectrum at all.
    """
    members = {}
    for chosen in product(backgrounds, repeat=len(model.categories)):
        pairs = zip(model.categories, chosen, strict=True)
        categories = [replace(category, background=background) for category, background in pairs]
        name = " + ".join(background.name for background in chosen)
        members[name] = replace(model, categories=categories).profile_likelihood()
    return DiscreteProfile(members, penalty)


class _Envelope:
    """Height of the best function above a level, against the parameter of interest.

    Each fit starts where the last one of its function ended; `best` gives the last height, `near` all ends.
    """

    def __init__(self, profile: DiscreteProfile, level: float = 0.0) -> None:
        self._profile, self._level = profile, level
        self.near = {name: member.start for name, member in profile.members.items()}
        self.best = ""

    def height(self, value: float, confirmation: Confirmation = "none") -> float:
        """Height at a value; FitFailedError if the fit of any function fails."""
        heights = {}
        for name, member in self._profile.members.items():
            end = converged(member.fit({member.parameter: value}, self.near[name], confirmation))
            self.near[name] = end.parameters
            heights[name] = self._profile.height(name, end) - self._level
        self.best = min(heights, key=lambda name: heights[name])
        return heights[self.best]


class _TestStatistic:
    """q-tilde of the envelope: height above the minimum over values that are not negative."""

    def __init__(self, profile: DiscreteProfile) -> None:
        results = {
            name: converged(member.without_deficits().fit()) for name, member in profile.members.items()
        }
        best = min(results, key=lambda name: profile.height(name, results[name]))
        self.best_value = results[best].parameters[profile.parameter]
        # At the bound, zero, there is no Hessian error: any scale will do to start.
        self.error = results[best].errors[profile.parameter] or 1.0
        self._envelope = _Envelope(profile, profile.height(best, results[best]))

    def __call__(self, value: float, confirmation: Confirmation) -> float:
        if value <= self.best_value:
            return 0.0
        return max(self._envelope.height(value, confirmation), 0.0)


def _upper_limits(profile: DiscreteProfile, alpha: float) -> list[float]:
    """Observed limit, and the expected ones for fluctuations of the background as in BAND."""
    null = _Envelope(profile)
    null.height(0.0, "newton")
    data, asimov = _TestStatistic(profile), _TestStatistic(_asimov(profile, null.best, null.near[null.best]))

    def excess(value: float, confirmation: Confirmation) -> float:
        ratio = cls(data(value, confirmation), asimov(value, confirmation))
        return float(stats.norm.isf(alpha) - stats.norm.isf(np.clip(ratio, 1e-300, 1 - 1e-12)))

    def lacking(target: float, value: float, confirmation: Confirmation) -> float:
        return target - float(np.sqrt(asimov(value, confirmation)))

    # CLs of background data that fluctuate by n standard deviations is alpha where sqrt(q_A) is this
    # (arXiv:1007.1727, equation 89).
    targets = [float(n + stats.norm.isf(alpha * stats.norm.cdf(n))) for n in BAND]
    expected = [crossing(partial(lacking, t), t * asimov.error, asimov.error) for t in targets]
    return [crossing(excess, data.best_value + 2 * data.error, data.error), *expected]


def _asimov(profile: DiscreteProfile, name: str, at: Mapping[str, float]) -> DiscreteProfile:
    """All functions on the data that one of them expects; constraints move there too."""
    source = profile.members[name].likelihood
    expected = source.expected(source.internal(at))
    members = {}
    for other, member in profile.members.items():
        old = member.likelihood
        categories = [Category(mu, c.terms) for mu, c in zip(expected, old.categories, strict=True)]
        constraints = [replace(c, centre=at[c.parameter]) for c in old.constraints]
        members[other] = replace(member, likelihood=Likelihood(categories, constraints))
    return replace(profile, members=members)
