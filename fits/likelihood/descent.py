"""Newton's method for many spectra side by side: one background, and possibly a peak of free yield."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from fits.likelihood.kernel import BackgroundTerm
from fits.spectrum import FloatArray

_EDM_TOLERANCE = 1e-8
_MAX_ITERATIONS = 50
_TINY = 1e-300  # expectation instead of zero or less where events were seen


@dataclass(frozen=True, eq=False)
class ManyEnds:
    """Where each of n spectra ended: internal coordinates, with the yield of the peak last if there is one.

    `points` (n, n_coordinates), the others (n,); `values` is the negative log-likelihood minus that of the
    saturated model, `peak_errors` the standard deviations of the yield (NaN without a peak).
    """

    points: FloatArray
    values: FloatArray
    edm: FloatArray
    peak_errors: FloatArray
    at_bound: npt.NDArray[np.bool_]

    @property
    def converged(self) -> npt.NDArray[np.bool_]:
        """Spectra (n,) that reached a minimum."""
        return self.edm < _EDM_TOLERANCE

    @classmethod
    def joined(cls, parts: Sequence["ManyEnds"]) -> "ManyEnds":
        """Several, one after the other."""
        return cls(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls)))


def descend(
    term: BackgroundTerm,
    counts: FloatArray,
    starts: FloatArray,
    *,
    known: FloatArray | None = None,
    peak: FloatArray | None = None,
    low: FloatArray | None = None,
) -> ManyEnds:
    """Minima of the negative log-likelihood of counts (n, n_bins).

    Starts (n, n_parameters) of the background in internal coordinates, for the peak zero; `known` events
    (n, n_bins) add to the expectation; `peak` (n_bins,) are the events of a signal for a yield of one, which
    stays above `low` (n,).
    """
    if peak is None:
        return _Descent(term, counts, starts, known).run()
    starts = np.append(starts, np.zeros((len(starts), 1)), axis=1)
    return _Descent(term, counts, starts, known, peak, low).run()


class _Descent:
    """All arrays follow the spectra; methods get the indices of those that still move."""

    def __init__(
        self,
        term: BackgroundTerm,
        counts: FloatArray,
        starts: FloatArray,
        known: FloatArray | None = None,
        peak: FloatArray | None = None,
        low: FloatArray | None = None,
    ) -> None:
        self._term, self._counts, self._peak = term, counts, peak
        self._known = known if known is not None and np.any(known) else None
        self._n = term.design.shape[1]
        self._corner = np.triu_indices(self._n)
        self._products = np.prod(term.design[:, self._corner], axis=1)
        self._point, self._low = starts, np.full(starts.shape, -np.inf)
        if low is not None:
            self._low[:, -1] = low
        logs = np.log(counts, out=np.zeros_like(counts), where=counts > 0)
        self._saturated = np.sum(counts * logs - counts, axis=1)
        self._rounding = 1e-14 * counts.sum(axis=1)
        self._nodes, self._expected, self._value = self._evaluate(np.arange(len(counts)), starts)
        self._edm = np.full(len(counts), np.inf)

    def run(self) -> ManyEnds:
        moving = np.flatnonzero(np.isfinite(self._value))
        for _ in range(_MAX_ITERATIONS):
            if not moving.size:
                break
            step, gradient = self._steps(moving)
            stuck = self._move(moving, step, gradient)
            self._edm[moving] = -0.5 * _dot(gradient, step)
            moving = moving[~stuck & (self._edm[moving] >= _EDM_TOLERANCE)]
        on_bound = np.asarray(self._point <= self._low)
        errors = self._errors(on_bound)
        return ManyEnds(self._point, self._value, self._edm, errors, np.any(on_bound, axis=1))

    def _evaluate(
        self, which: npt.NDArray[np.intp], points: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Background at the nodes, expected counts, and values (n,), infinite where impossible."""
        with np.errstate(over="ignore", invalid="ignore"):
            nodes = self._term.at_nodes(points[:, : self._n])
            expected = self._term.over_bins(nodes)
            if self._known is not None:
                expected += self._known[which]
            if self._peak is not None:
                expected += points[:, -1:] * self._peak
            logs = _dot(self._counts[which], np.log(np.maximum(expected, _TINY)))
            value = expected.sum(axis=1) - logs + self._saturated[which]
        return nodes, expected, np.where(np.isfinite(value), value, np.inf)

    def _steps(self, moving: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Newton steps (n, n_coordinates), and the gradients that are free to follow."""
        gradient, hessian = self._derivatives(moving)
        room = self._low[moving] - self._point[moving]
        held = (room >= 0) & (gradient > 0)
        gradient = np.where(held, 0.0, gradient)
        step = -_solved(hessian, gradient, held)
        beyond = step < room
        if np.any(beyond & ~held):
            # Who would cross the bound goes to it, and the other coordinates follow.
            to_bound = np.where(beyond, room, 0.0)
            pull = gradient + np.einsum("nij,nj->ni", hessian, to_bound)
            step = to_bound - _solved(hessian, np.where(held | beyond, 0.0, pull), held | beyond)
        return step, gradient

    def _errors(self, held: npt.NDArray[np.bool_]) -> FloatArray:
        """Standard deviations (n,) of the yield, NaN without a peak."""
        if self._peak is None:
            return np.full(len(held), np.nan)
        _, hessian = self._derivatives(np.arange(len(held)))
        last = np.zeros(held.shape)
        last[:, -1] = 1
        return np.sqrt(_solved(hessian, last, held)[:, -1])

    def _derivatives(self, moving: npt.NDArray[np.intp]) -> tuple[FloatArray, FloatArray]:
        """Gradients (n, n_coordinates), and Hessians that neglect what varies inside a bin."""
        nodes, expected = self._nodes[moving], self._expected[moving]
        divisor = np.where(expected == 0, 1.0, expected)  # a steep background underflows, in empty bins
        ratio = self._counts[moving] / divisor
        gradient = (nodes * self._term.to_nodes(1 - ratio)) @ self._term.design
        if self._peak is None and self._known is None:
            return gradient, self._symmetric(nodes @ self._products)
        bend = ratio / divisor
        others = 1 - bend * (expected - self._term.over_bins(nodes))
        hessian = self._symmetric((nodes * self._term.to_nodes(others)) @ self._products)
        if self._peak is None:
            return gradient, hessian
        mixed = (nodes * self._term.to_nodes(bend * self._peak)) @ self._term.design
        corner = (bend @ self._peak**2)[:, None, None]
        sides = np.concatenate([hessian, mixed[:, None]], axis=1), mixed[:, :, None]
        bordered = np.concatenate([sides[0], np.concatenate([sides[1], corner], axis=1)], axis=2)
        return np.append(gradient, ((1 - ratio) @ self._peak)[:, None], axis=1), bordered

    def _symmetric(self, corner: FloatArray) -> FloatArray:
        """Matrices (n, n_parameters, n_parameters) from their upper right halves."""
        rows, columns = self._corner
        matrix = np.empty((len(corner), self._n, self._n))
        matrix[:, rows, columns] = matrix[:, columns, rows] = corner
        return matrix

    def _move(
        self, moving: npt.NDArray[np.intp], step: FloatArray, gradient: FloatArray
    ) -> npt.NDArray[np.bool_]:
        """Take the steps, halved for each spectrum until its value falls; true where it never does."""
        waiting = np.arange(len(moving))
        for length in 0.5 ** np.arange(20):
            which = moving[waiting]
            points = np.maximum(self._point[which] + length * step[waiting], self._low[which])
            nodes, expected, value = self._evaluate(which, points)
            promised = 1e-4 * _dot(gradient[waiting], points - self._point[which])
            good = value <= self._value[which] + promised + self._rounding[which]
            taken = which[good]
            self._point[taken], self._value[taken] = points[good], value[good]
            self._nodes[taken], self._expected[taken] = nodes[good], expected[good]
            waiting = waiting[~good]
            if not waiting.size:
                break
        stuck = np.zeros(len(moving), dtype=bool)
        stuck[waiting] = True
        return stuck


def _dot(left: FloatArray, right: FloatArray) -> FloatArray:
    return np.asarray(np.einsum("ij,ij->i", left, right))


def _solved(hessian: FloatArray, gradient: FloatArray, held: npt.NDArray[np.bool_]) -> FloatArray:
    """Inverse Hessian times gradient, zero for coordinates that are held; all (n, ...)."""
    free = np.where(held[:, :, None] | held[:, None, :], 0.0, hessian)
    # In units of their own curvature the yield is a coordinate like the others.
    units = np.sqrt(np.abs(np.diagonal(free, axis1=1, axis2=2)))
    units = 1 / np.where(units > 0, units, 1.0)
    sizes, axes = np.linalg.eigh(free * units[:, :, None] * units[:, None, :])
    # Absolute values keep the step downhill where the curvature is negative, a floor where there is none.
    along = np.einsum("nij,ni->nj", axes, units * gradient) / np.maximum(np.abs(sizes), 1e-10)
    return units * np.einsum("nij,nj->ni", axes, along)
