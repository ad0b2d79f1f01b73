"""Whether the categories of a model agree on the signal: one common parameter against one for each."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import stats

from errors import MaplessError
from fits.fit import lowest_yield
from fits.likelihood.binned import Category, Likelihood
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.profile_interval import ProfileInterval, profile_interval
from fits.likelihood.signal_term import SignalTerm
from fits.results import FitStatus
from fits.search_model import SearchModel


@dataclass(frozen=True)
class ChannelCompatibility:
    """Common value and those of the categories by name, with profile errors.

    `chi_square` is twice the rise of the negative log-likelihood when the categories share the parameter, and
    the p-value that of a chi-square with `n_degrees`; both are None unless the fits converged.
    """

    status: FitStatus
    common: ProfileInterval
    categories: dict[str, ProfileInterval]
    n_degrees: int
    chi_square: float | None = None
    p_value: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        head = {"status": str(self.status), "common": self.common.to_json(), "n_degrees": self.n_degrees}
        own = {name: interval.to_json() for name, interval in self.categories.items()}
        return head | {"categories": own, "chi_square": self.chi_square, "p_value": self.p_value}


def channel_compatibility(model: SearchModel) -> ChannelCompatibility:
    """Compatibility of the categories; MaplessError for a model with only one. Wilks' theorem is assumed."""
    if len(model.categories) == 1:
        raise MaplessError("compatibility of channels needs a model with two categories or more")
    profile = model.profile_likelihood()
    free = _separated(profile)
    common, best = profile.fit(), free.fit()
    intervals = {
        category.name: profile_interval(free, _own(profile.parameter, place), best=best)
        for place, category in enumerate(model.categories)
    }
    n_degrees = len(intervals) - 1
    whole = profile_interval(profile, best=common)
    failed = next((fit.status for fit in (common, best) if not fit.converged), None)
    if failed:
        return ChannelCompatibility(failed, whole, intervals, n_degrees)
    chi_square = max(2 * (common.nll - best.nll), 0.0)
    p_value = float(stats.chi2.sf(chi_square, n_degrees))
    return ChannelCompatibility(FitStatus.CONVERGED, whole, intervals, n_degrees, chi_square, p_value)


def _own(parameter: str, place: int) -> str:
    return f"{parameter}_{place}"


def _separated(profile: ProfileLikelihood) -> ProfileLikelihood:
    """The same with a parameter of interest for each category."""
    categories = []
    bounds = {name: ends for name, ends in profile.bounds.items() if name != profile.parameter}
    for place, category in enumerate(profile.likelihood.categories):
        signal = next(
            term
            for term in category.terms
            if isinstance(term, SignalTerm) and term.yield_name == profile.parameter
        )
        others = tuple(term for term in category.terms if term is not signal)
        renamed = replace(signal, yield_name=_own(profile.parameter, place))
        categories.append(Category(category.counts, (*others, renamed)))
        without = Likelihood([Category(category.counts, others)])
        expected = without.expected(without.internal(profile.start))[0]
        bounds[renamed.yield_name] = (float(lowest_yield(expected, renamed)), np.inf)
    likelihood = Likelihood(categories, profile.likelihood.constraints)
    return replace(profile, likelihood=likelihood, parameter=_own(profile.parameter, 0), bounds=bounds)
