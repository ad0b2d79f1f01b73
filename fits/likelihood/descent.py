"""Newton's method for many data sets side by side."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fits.spectrum import FloatArray

Indices = npt.NDArray[np.intp]

_EDM_TOLERANCE = 1e-8
_MAX_ITERATIONS = 50
_TINY = 1e-300  # expectation instead of zero or less where events were seen


@dataclass(frozen=True, eq=False)
class ManyEnds:
    """Where each of n data sets ended.

    `points` (n, n_coordinates) are internal coordinates, the others (n,); `values` is the negative
    log-likelihood minus that of the saturated model.
    """

    points: FloatArray
    values: FloatArray
    edm: FloatArray
    at_bound: npt.NDArray[np.bool_]

    @property
    def converged(self) -> npt.NDArray[np.bool_]:
        """Data sets (n,) that reached a minimum."""
        return self.edm < _EDM_TOLERANCE

    @classmethod
    def joined(cls, parts: Sequence["ManyEnds"]) -> "ManyEnds":
        """Several, one after the other."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


class Descent(ABC):
    """All arrays follow the data sets; methods get the indices of those that still move.

    `starts`, and the bounds `low` and `high`, are (n, n_coordinates). `rounding` (n,) is by how much a value
    may rise because it is a sum of large numbers.
    """

    def __init__(self, starts: FloatArray, low: FloatArray, high: FloatArray, rounding: FloatArray) -> None:
        self._low, self._high, self._rounding = low, high, rounding
        self._point = starts
        self._value, self._memory = self.evaluate(np.arange(len(starts)), starts)
        self._edm = np.full(len(starts), np.inf)

    @abstractmethod
    def evaluate(self, which: Indices, points: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Values (n,), infinite where impossible, and arrays (n, ...) that `derivatives` want to know."""

    @abstractmethod
    def derivatives(self, which: Indices) -> tuple[FloatArray, FloatArray]:
        """Gradients (n, n_coordinates) and Hessians at the current points."""

    def run(self) -> ManyEnds:
        """Newton steps until every data set has reached its minimum or cannot go further down."""
        moving = np.flatnonzero(np.isfinite(self._value))
        for _ in range(_MAX_ITERATIONS):
            if not moving.size:
                break
            step, gradient = self._steps(moving)
            stuck = self._move(moving, step, gradient)
            self._edm[moving] = -0.5 * dot(gradient, step)
            moving = moving[~stuck & (self._edm[moving] >= _EDM_TOLERANCE)]
        on_bound = (self._point <= self._low) | (self._point >= self._high)
        return ManyEnds(
            self._point, self._value, self._edm, np.any(on_bound & (self._low < self._high), axis=1)
        )

    def _steps(self, moving: Indices) -> tuple[FloatArray, FloatArray]:
        """Newton steps (n, n_coordinates), and the gradients that are free to follow."""
        gradient, hessian = self.derivatives(moving)
        below, above = self._low[moving] - self._point[moving], self._high[moving] - self._point[moving]
        held = ((below >= 0) & (gradient > 0)) | ((above <= 0) & (gradient < 0)) | (below == above)
        gradient = np.where(held, 0.0, gradient)
        step = -solved(hessian, gradient, held)
        beyond = ((step < below) | (step > above)) & ~held
        if np.any(beyond):
            # Who would cross the bound goes to it, and the other coordinates follow.
            to_bound = np.where(beyond, np.clip(step, below, above), 0.0)
            pull = gradient + np.einsum("nij,nj->ni", hessian, to_bound)
            step = to_bound - solved(hessian, np.where(held | beyond, 0.0, pull), held | beyond)
        return step, gradient

    def _move(self, moving: Indices, step: FloatArray, gradient: FloatArray) -> npt.NDArray[np.bool_]:
        """Take the steps, halved for each data set until its value falls; true where it never does."""
        waiting = np.arange(len(moving))
        for length in 0.5 ** np.arange(20):
            which = moving[waiting]
            trial = self._point[which] + length * step[waiting]
            points = np.clip(trial, self._low[which], self._high[which])
            value, memory = self.evaluate(which, points)
            promised = 1e-4 * dot(gradient[waiting], points - self._point[which])
            good = value <= self._value[which] + promised + self._rounding[which]
            taken = which[good]
            self._point[taken], self._value[taken] = points[good], value[good]
            for mine, new in zip(self._memory, memory, strict=True):
                mine[taken] = new[good]
            waiting = waiting[~good]
            if not waiting.size:
                break
        stuck = np.zeros(len(moving), dtype=bool)
        stuck[waiting] = True
        return stuck


def dot(left: FloatArray, right: FloatArray) -> FloatArray:
    """Products (n,) of vectors (n, ...)."""
    return np.asarray(np.einsum("ij,ij->i", left, right))


def saturated(counts: FloatArray) -> FloatArray:
    """What `deviance` needs to know of counts (n, n_bins) alone, (n,)."""
    logs = np.log(counts, out=np.zeros_like(counts), where=counts > 0)
    return np.asarray(np.sum(counts * logs - counts, axis=1))


def deviance(counts: FloatArray, expected: FloatArray) -> FloatArray:
    """Negative Poisson log-likelihood (n,) of counts (n, n_bins), but for what `saturated` adds."""
    return np.asarray(expected.sum(axis=1) - dot(counts, np.log(np.maximum(expected, _TINY))))


def solved(hessian: FloatArray, gradient: FloatArray, held: npt.NDArray[np.bool_]) -> FloatArray:
    """Inverse Hessian times gradient, zero for coordinates that are held; all (n, ...)."""
    free = np.where(held[:, :, None] | held[:, None, :], 0.0, hessian)
    # In units of their own curvature the yield is a coordinate like the others.
    units = np.sqrt(np.abs(np.diagonal(free, axis1=1, axis2=2)))
    units = 1 / np.where(units > 0, units, 1.0)
    sizes, axes = np.linalg.eigh(free * units[:, :, None] * units[:, None, :])
    # Absolute values keep the step downhill where the curvature is negative, a floor where there is none.
    along = np.einsum("nij,ni->nj", axes, units * gradient) / np.maximum(np.abs(sizes), 1e-10)
    return units * np.einsum("nij,nj->ni", axes, along)
