"""Fits of one likelihood to many data sets: what toys with nuisance parameters are fitted with."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fits.likelihood.binned import Likelihood
from fits.likelihood.descent import Descent, Indices, ManyEnds, deviance, dot, saturated
from fits.likelihood.profile import ProfileLikelihood
from fits.spectrum import FloatArray

_CHUNK = 200_000  # numbers in the jacobian of so many data sets stay in the cache of a core


@dataclass(frozen=True, eq=False)
class ManyData:
    """Counts (n, n_bins) of each category, and centres (n, n_constraints) of the constraints."""

    counts: tuple[FloatArray, ...]
    centres: FloatArray

    def __len__(self) -> int:
        return len(self.centres)

    def __getitem__(self, rows: Indices) -> "ManyData":
        return ManyData(tuple(counts[rows] for counts in self.counts), self.centres[rows])


def minimise_many(
    profile: ProfileLikelihood, data: ManyData, starts: FloatArray, held: Mapping[str, float] | None = None
) -> ManyEnds:
    """Minima of a likelihood with other data from internal coordinates (n, n_parameters).

    Bounds, fixed parameters and parameters that are `held` at values as in `ProfileLikelihood.fit`; a fit
    that fails says so in its `converged`.
    """
    likelihood, held = profile.likelihood, held or {}
    starts, names = starts.copy(), likelihood.names
    low, high = np.full(starts.shape, -np.inf), np.full(starts.shape, np.inf)
    for name, ends in profile.bounds.items():
        low[:, names.index(name)], high[:, names.index(name)] = ends
    for name, value in held.items():
        starts[:, names.index(name)] = value
    known = [names.index(name) for name in (*profile.fixed, *held)]
    low[:, known] = high[:, known] = starts[:, known]
    starts = np.clip(starts, low, high)
    n_bins = sum(len(category.counts) for category in likelihood.categories)
    n_chunks = int(np.ceil(len(data) * n_bins * len(names) / _CHUNK))
    chunks = np.array_split(np.arange(len(data)), max(min(n_chunks, len(data)), 1))
    parts = [LikelihoodDescent(likelihood, data[r], starts[r], low[r], high[r]).run() for r in chunks]
    return ManyEnds.joined(parts)


class LikelihoodDescent(Descent):
    """Minima of a likelihood with other data, from `starts` inside bounds (n, n_parameters)."""

    def __init__(
        self, likelihood: Likelihood, data: ManyData, starts: FloatArray, low: FloatArray, high: FloatArray
    ) -> None:
        self._likelihood, self._counts = likelihood, data.counts
        widths = np.array([constraint.width for constraint in likelihood.constraints])
        places = [likelihood.names.index(constraint.parameter) for constraint in likelihood.constraints]
        self._rows = likelihood.transform[places] / widths[:, None]
        self._centres = data.centres / widths
        self._saturated = sum(map(saturated, data.counts), np.zeros(len(data)))
        events = sum((counts.sum(axis=1) for counts in data.counts), np.zeros(len(data)))
        super().__init__(starts, low, high, 1e-14 * events)

    def evaluate(self, which: Indices, points: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Values (n,), infinite where impossible."""
        pulls = points @ self._rows.T - self._centres[which]
        value = self._saturated[which] + 0.5 * dot(pulls, pulls)
        with np.errstate(over="ignore", invalid="ignore"):
            for counts, expected in zip(self._counts, self._likelihood.expected(points), strict=True):
                value += deviance(counts[which], expected)
        return np.where(np.isfinite(value), value, np.inf), []

    def derivatives(self, which: Indices) -> tuple[FloatArray, FloatArray]:
        """Gradients (n, n_parameters) and exact Hessians."""
        points = self._point[which]
        gradient = (points @ self._rows.T - self._centres[which]) @ self._rows
        hessian = np.tile(self._rows.T @ self._rows, (len(which), 1, 1))
        for all_counts, category in zip(self._counts, self._likelihood.categories, strict=True):
            expected, jacobian, parts = self._likelihood.evaluate(category, points)
            counts, divisor = all_counts[which], np.where(expected == 0, 1.0, expected)
            ratio = counts / divisor
            for places, part in parts:
                hessian[:, places[:, None], places] += part.curvature(1 - ratio)
            gradient += ((1 - ratio)[:, None, :] @ jacobian)[:, 0]
            hessian += jacobian.swapaxes(1, 2) @ ((ratio / divisor)[..., None] * jacobian)
        return gradient, hessian
