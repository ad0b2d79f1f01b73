"""The profile of the likelihood along one parameter, and over two."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.likelihood.profile import ProfileLikelihood
from fits.results import FitResult
from fits.spectrum import FloatArray


@dataclass(frozen=True, eq=False)
class LikelihoodScan:
    """Twice the rise of the negative log-likelihood above its minimum; NaN where a fit failed.

    Along one parameter `differences` is (n,), for two it is (n_second, n_first), as contour plots want it.
    `values` are those of each parameter, `best` is the fit with all parameters free.
    """

    parameters: tuple[str, ...]
    values: tuple[FloatArray, ...]
    differences: FloatArray
    best: FitResult

    @property
    def converged(self) -> bool:
        """Whether all fits did."""
        return self.best.converged and bool(np.all(np.isfinite(self.differences)))

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; numbers of failed fits are null."""
        differences = self.differences.astype(object)
        differences[~np.isfinite(self.differences)] = None
        values = dict(zip(self.parameters, (v.tolist() for v in self.values), strict=True))
        return {"values": values, "differences": differences.tolist(), "best": self.best.to_json()}


def scan_likelihood(profile: ProfileLikelihood, values: Mapping[str, npt.ArrayLike]) -> LikelihoodScan:
    """Profile of the likelihood at given values of one or two parameters, all others fitted.

    To scan with nuisances frozen, pass `profile.holding(...)`. Raises MaplessError for another number of
    parameters; fits that fail leave NaN.
    """
    if len(values) not in (1, 2):
        raise MaplessError(f"a scan is along one or two parameters, not {len(values)}")
    best = profile.fit()
    grid = tuple(np.asarray(points, dtype=float) for points in values.values())
    differences = np.full([len(points) for points in grid], np.nan)
    if best.converged:
        for row in np.ndindex(differences.shape[:-1]):
            differences[row] = _along(profile, tuple(values), grid, row, best)
    return LikelihoodScan(tuple(values), grid, differences.T, best)


def _along(
    profile: ProfileLikelihood,
    names: tuple[str, ...],
    grid: tuple[FloatArray, ...],
    row: tuple[int, ...],
    best: FitResult,
) -> list[float]:
    """Differences along the last parameter, each fit starting where the one before it ended."""
    fixed = {name: float(points[place]) for name, points, place in zip(names, grid, row, strict=False)}
    start, heights = best.parameters, []
    for value in grid[-1].tolist():
        end = profile.fit({**fixed, names[-1]: value}, start, confirmation="newton")
        heights.append(2 * (end.nll - best.nll) if end.converged else np.nan)
        start = end.parameters if end.converged else best.parameters
    return heights
