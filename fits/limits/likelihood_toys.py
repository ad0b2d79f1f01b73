"""Frequentist toys of a likelihood, with auxiliary measurements resampled, and their likelihood ratios."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from fits.likelihood.binned import Category, Likelihood
from fits.likelihood.profile import ProfileLikelihood
from fits.results import FitResult
from fits.spectrum import FloatArray


@dataclass(frozen=True, eq=False)
class LikelihoodToys:
    """Different toys with the minima of their fits; toy i is `profiles[places[i]]`.

    Few events often give the same counts: such toys are fitted once. `best` are the fits with a free
    parameter of interest.
    """

    profiles: tuple[ProfileLikelihood, ...]
    places: npt.NDArray[np.intp]
    best: tuple[FitResult, ...]

    @classmethod
    def at(
        cls, profile: ProfileLikelihood, point: Mapping[str, float], n_toys: int, rng: np.random.Generator
    ) -> "LikelihoodToys":
        """Counts and auxiliary measurements that fluctuate about what physical parameters predict."""
        likelihood = profile.likelihood
        counts = [
            rng.poisson(mu, (n_toys, len(mu))) for mu in likelihood.expected(likelihood.internal(point))
        ]
        centres = [rng.normal(point[c.parameter], c.width, (n_toys, 1)) for c in likelihood.constraints]
        data, places = np.unique(np.hstack([*counts, *centres]).astype(float), axis=0, return_inverse=True)
        ends = np.cumsum([len(category.counts) for category in likelihood.categories])
        profiles = [
            replace(profile, likelihood=_with_data(likelihood, np.split(row, ends)), start=dict(point))
            for row in data
        ]
        best = tuple(toy.fit(confirmation="none") for toy in profiles)
        return cls(tuple(profiles), places.ravel(), best)

    def ratios(self, value: float, *, upper: bool) -> FloatArray:
        """Twice the difference of the negative log-likelihoods at a value and at the best one, (n_toys,).

        With `upper`, zero where the best value is larger, as in q-tilde. NaN where a fit failed.
        """
        return np.array(
            [
                likelihood_ratio(p, b, value, upper=upper)
                for p, b in zip(self.profiles, self.best, strict=True)
            ]
        )[self.places]


def likelihood_ratio(profile: ProfileLikelihood, best: FitResult, value: float, *, upper: bool) -> float:
    """As `LikelihoodToys.ratios`, of one data set."""
    if not best.converged:
        return np.nan
    if upper and best.parameters[profile.parameter] >= value:
        return 0.0
    held = profile.fit({profile.parameter: value}, best.parameters, confirmation="none")
    return max(2 * (held.nll - best.nll), 0.0) if held.converged else np.nan


def _with_data(likelihood: Likelihood, data: list[FloatArray]) -> Likelihood:
    """The likelihood of other counts, one array per category, and constraint centres, the last array."""
    *counts, centres = data
    categories = [Category(n, old.terms) for n, old in zip(counts, likelihood.categories, strict=True)]
    constraints = [
        replace(c, centre=centre) for c, centre in zip(likelihood.constraints, centres.tolist(), strict=True)
    ]
    return Likelihood(categories, constraints)
