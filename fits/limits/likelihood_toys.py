"""Frequentist toys of a likelihood, with auxiliary measurements resampled, and their likelihood ratios."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fits.likelihood.descent import ManyEnds
from fits.likelihood.likelihood_descent import ManyData, minimise_many
from fits.likelihood.profile import ProfileLikelihood
from fits.results import FitResult
from fits.spectrum import FloatArray


@dataclass(frozen=True, eq=False)
class LikelihoodToys:
    """Different toys with the minima of their fits; toy i has the data `data[places[i]]`.

    Few events often give the same counts: such toys are fitted once. `best` are the fits with a free
    parameter of interest.
    """

    profile: ProfileLikelihood
    data: ManyData
    places: npt.NDArray[np.intp]
    best: ManyEnds

    @classmethod
    def at(
        cls, profile: ProfileLikelihood, point: Mapping[str, float], n_toys: int, rng: np.random.Generator
    ) -> "LikelihoodToys":
        """Counts and auxiliary measurements that fluctuate about what physical parameters predict."""
        likelihood = profile.likelihood
        start = likelihood.internal(point)
        counts = [rng.poisson(mu, (n_toys, len(mu))) for mu in likelihood.expected(start)]
        centres = [rng.normal(point[c.parameter], c.width, (n_toys, 1)) for c in likelihood.constraints]
        rows, places = np.unique(np.hstack([*counts, *centres]).astype(float), axis=0, return_inverse=True)
        *parts, last = np.split(rows, np.cumsum([len(c.counts) for c in likelihood.categories]), axis=1)
        data = ManyData(tuple(parts), last)
        return cls(
            profile, data, places.ravel(), minimise_many(profile, data, np.tile(start, (len(rows), 1)))
        )

    def ratios(self, value: float, *, upper: bool) -> FloatArray:
        """Twice the difference of the negative log-likelihoods at a value and at the best one, (n_toys,).

        With `upper`, zero where the best value is larger, as in q-tilde. NaN where a fit failed.
        """
        place = self.profile.likelihood.names.index(self.profile.parameter)
        ratios = np.where(self.best.converged, 0.0, np.nan)
        above = upper & (self.best.points[:, place] >= value)
        rows = np.flatnonzero(self.best.converged & ~above)
        held = minimise_many(
            self.profile, self.data[rows], self.best.points[rows], {self.profile.parameter: value}
        )
        rise = np.maximum(2 * (held.values - self.best.values[rows]), 0.0)
        ratios[rows] = np.where(held.converged, rise, np.nan)
        return ratios[self.places]


def likelihood_ratio(profile: ProfileLikelihood, best: FitResult, value: float, *, upper: bool) -> float:
    """As `LikelihoodToys.ratios`, of one data set."""
    if not best.converged:
        return np.nan
    if upper and best.parameters[profile.parameter] >= value:
        return 0.0
    held = profile.fit({profile.parameter: value}, best.parameters, confirmation="none")
    return max(2 * (held.nll - best.nll), 0.0) if held.converged else np.nan
