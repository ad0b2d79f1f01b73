"""Toy spectra, and background fits of many spectra at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.fit import SpectrumFit
from fits.kernel import BackgroundTerm
from fits.spectrum import FloatArray

_EDM_TOLERANCE = 1e-8
_MAX_ITERATIONS = 50
_CHUNK = 128  # spectra whose matrices stay in the cache of a core


@dataclass(frozen=True, eq=False)
class ManyFits:
    """Ends of many background fits: `values` (n_spectra, n_parameters) physical, the others (n_spectra,).

    `nll` is defined as in FitResult. Numbers are NaN where `converged` is false.
    """

    names: tuple[str, ...]
    values: FloatArray
    nll: FloatArray
    edm: FloatArray
    converged: npt.NDArray[np.bool_]


def poisson_toys(expected: npt.ArrayLike, n_toys: int, rng: np.random.Generator) -> FloatArray:
    """Counts (n_toys, n_bins) that fluctuate about the expected ones (n_bins,)."""
    mu = np.asarray(expected, dtype=float)
    return rng.poisson(mu, size=(n_toys, len(mu))).astype(float)


def fit_many(like: SpectrumFit, counts: npt.ArrayLike) -> ManyFits:
    """Background-only fits of counts (n_spectra, n_bins) in the bins of a converged fit, which is the start.

    All spectra take Newton steps together. Every one ends with its own distance to the minimum. Raises
    MaplessError if the counts do not fit the bins.
    """
    like.result.require_convergence("fit that many spectra start from")
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != 2 or counts.shape[1] != like.spectrum.n_bins:  # noqa: PLR2004
        raise MaplessError(f"counts of shape {counts.shape}; give (n_spectra, {like.spectrum.n_bins})")
    term = like.background_term
    # Same shape, each with its own number of events.
    starts = np.tile(like.background_values, (len(counts), 1))
    starts[:, 0] += np.log(np.maximum(counts.sum(axis=1), 1) / like.expected_background().sum())
    starts = starts @ np.linalg.inv(term.transform).T
    ends = [
        _Descent(term, counts[i : i + _CHUNK], starts[i : i + _CHUNK]).run()
        for i in range(0, len(counts), _CHUNK)
    ]
    points, nll, edm = (np.concatenate(parts) for parts in zip(*ends, strict=True))
    fixed = np.count_nonzero(counts, axis=1) > len(term.parameters)  # else the minimum is at infinity
    converged = fixed & (edm < _EDM_TOLERANCE)
    values = np.where(converged[:, None], points @ term.transform.T, np.nan)
    return ManyFits(term.parameters, values, np.where(converged, nll, np.nan), edm, converged)


class _Descent:
    """Newton's method for spectra (n, n_bins) side by side, with Fisher information as Hessian."""

    def __init__(self, term: BackgroundTerm, counts: FloatArray, start: FloatArray) -> None:
        self._term, self._counts = term, counts
        self._products = np.einsum("ij,ik->ijk", term.design, term.design).reshape(len(term.design), -1)
        self._point = start
        logs = np.log(counts, out=np.zeros_like(counts), where=counts > 0)
        self._saturated = np.sum(counts * logs - counts, axis=1)
        self._rounding = 1e-14 * counts.sum(axis=1)
        self._nodes, self._expected, self._value = self._evaluate(np.arange(len(counts)), start)
        self._edm = np.full(len(counts), np.inf)

    def run(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Points (n, n_parameters), values (n,) and estimated distances to the minimum (n,)."""
        moving = np.flatnonzero(np.isfinite(self._value))
        for _ in range(_MAX_ITERATIONS):
            step, slope = self._steps(moving)
            stuck = self._move(moving, step, slope)
            self._edm[moving] = -0.5 * slope
            moving = moving[~stuck & (self._edm[moving] >= _EDM_TOLERANCE)]
            if not moving.size:
                break
        return self._point, self._value, self._edm

    def _evaluate(
        self, which: npt.NDArray[np.intp], points: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            nodes = self._term.at_nodes(points)
            expected = self._term.over_bins(nodes)
            logs = np.einsum("ij,ij->i", self._counts[which], np.log(expected))
            value = expected.sum(axis=1) - logs + self._saturated[which]
        return nodes, expected, np.where(np.isfinite(value), value, np.inf)

    def _steps(self, moving: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Newton steps (n, n_parameters) and the slopes (n,) along them."""
        nodes = self._nodes[moving]
        excess = 1 - self._counts[moving] / self._expected[moving]
        gradient = (nodes * self._term.to_nodes(excess)) @ self._term.design
        n = gradient.shape[1]
        information = (nodes @ self._products).reshape(-1, n, n)
        # A vanishing ridge keeps the matrix invertible where a bad start leaves hardly any expectation.
        information += 1e-10 * np.trace(information, axis1=1, axis2=2)[:, None, None] * np.eye(n)
        step = -np.linalg.solve(information, gradient[..., None])[..., 0]
        return step, np.einsum("ij,ij->i", gradient, step)

    def _move(
        self, moving: npt.NDArray[np.intp], step: FloatArray, slope: FloatArray
    ) -> npt.NDArray[np.bool_]:
        """Take the steps, halved for each spectrum until its value falls; true where it never does."""
        waiting = np.arange(len(moving))
        for length in 0.5 ** np.arange(20):
            which = moving[waiting]
            points = self._point[which] + length * step[waiting]
            nodes, expected, value = self._evaluate(which, points)
            good = value <= self._value[which] + 1e-4 * length * slope[waiting] + self._rounding[which]
            taken = which[good]
            self._point[taken], self._value[taken] = points[good], value[good]
            self._nodes[taken], self._expected[taken] = nodes[good], expected[good]
            waiting = waiting[~good]
            if not waiting.size:
                break
        stuck = np.zeros(len(moving), dtype=bool)
        stuck[waiting] = True
        return stuck
