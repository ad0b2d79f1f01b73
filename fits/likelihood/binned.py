"""Binned Poisson likelihood of any number of categories, each a sum of terms that may share parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.likelihood.kernel import Evaluation, Term
from fits.spectrum import FloatArray

_NEXT_TO_NOTHING = 1e-15  # events
_FAR_BELOW = -0.9  # relative difference of expected to observed counts, where rounding to -1 comes near


@dataclass(frozen=True, eq=False)
class Category:
    """Observed counts (n_bins,) and the terms that add up to their expectation."""

    counts: FloatArray
    terms: tuple[Term, ...]

    @cached_property
    def filled(self) -> npt.NDArray[np.bool_]:
        """Bins with events."""
        return self.counts > 0

    def deviance(self, expected: FloatArray) -> float:
        """Negative log-likelihood of the counts minus that of the saturated model."""
        filled, empty, counts = self._observed
        seen = expected[filled]
        # In terms of the relative difference the large numbers cancel bin by bin, before rounding can hurt.
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            difference = (seen - counts) / counts
            logs = _log_ratio(difference, seen, counts)
            value = float(counts @ (difference - logs) + expected[empty].sum())
        return value if np.isfinite(value) else np.inf

    @cached_property
    def _observed(self) -> tuple[slice | npt.NDArray[np.intp], npt.NDArray[np.intp], FloatArray]:
        """Places of bins with and without events, and the counts of the former."""
        filled = np.flatnonzero(self.filled)
        places = slice(None) if self.filled.all() else filled
        return places, np.flatnonzero(~self.filled), self.counts[filled]


@dataclass(frozen=True)
class Constraint:
    """Gaussian knowledge of one parameter: an auxiliary measurement at `centre` with `width`."""

    parameter: str
    centre: float = 0.0
    width: float = 1.0


class Likelihood:
    """Negative log-likelihood minus that of the saturated model, with exact gradient and Hessian.

    Functions take internal coordinates (n_parameters,), see `fits.likelihood.kernel`; `physical` turns them
    into the parameters that `names` lists. Terms that name the same parameter share it, also across
    categories.
    """

    def __init__(self, categories: Sequence[Category], constraints: Sequence[Constraint] = ()) -> None:
        self.categories = tuple(categories)
        self.constraints = tuple(constraints)
        terms = [term for category in self.categories for term in category.terms]
        self.names = tuple(dict.fromkeys(name for term in terms for name in term.parameters))
        unknown = [c.parameter for c in self.constraints if c.parameter not in self.names]
        if unknown:
            raise MaplessError(
                f"constraint on {unknown[0]}, which no term has; parameters: {', '.join(self.names)}"
            )
        self._places = {id(t): np.array([self.names.index(name) for name in t.parameters]) for t in terms}
        self.transform = np.eye(len(self.names))
        seen: set[str] = set()
        for term in terms:
            _check_shared(term, seen)
            seen.update(term.parameters)
            places = self._places[id(term)]
            self.transform[places[:, None], places] = term.transform
        self.n_events = float(sum(category.counts.sum() for category in self.categories))

    def physical(self, internal: FloatArray) -> FloatArray:
        """Physical parameters from internal coordinates."""
        return np.asarray(self.transform @ internal)

    def internal(self, physical: Mapping[str, float] | FloatArray) -> FloatArray:
        """Internal coordinates from physical parameters; those not named are zero."""
        if isinstance(physical, Mapping):
            physical = np.array([physical.get(name, 0.0) for name in self.names])
        return np.asarray(self._inverse @ physical)

    @cached_property
    def _inverse(self) -> FloatArray:
        return np.asarray(np.linalg.inv(self.transform))

    def expected(self, internal: FloatArray) -> list[FloatArray]:
        """Expected counts (n_bins,) of each category, or (n, n_bins) for internal coordinates (n, ...)."""
        return [self._expected(category, internal) for category in self.categories]

    def value(self, internal: FloatArray) -> float:
        """Negative log-likelihood; infinite where events were seen but the expectation is not positive.

        Elsewhere a negative expectation is only a negative contribution to the total, as in an unbinned fit.
        """
        with np.errstate(over="ignore"):
            expected = self.expected(internal)
        total = 0.5 * sum(float(row @ internal - centre) ** 2 for row, centre in self._pulls)
        for category, mu in zip(self.categories, expected, strict=True):
            total += category.deviance(mu)
        return total

    def asimov(self, internal: FloatArray) -> "Likelihood":
        """The same likelihood for data that are exactly as expected at a point.

        Constraints move to the point too, as in Combine, pyhf and RooStats: auxiliary measurements are data.
        """
        # A bin of next to no events would forbid the expectation to become zero there, and says nothing else.
        expected = [np.where(mu > _NEXT_TO_NOTHING, mu, 0.0) for mu in self.expected(internal)]
        values = dict(zip(self.names, self.physical(internal).tolist(), strict=True))
        categories = [Category(mu, old.terms) for mu, old in zip(expected, self.categories, strict=True)]
        return Likelihood(categories, [replace(c, centre=values[c.parameter]) for c in self.constraints])

    def gradient(self, internal: FloatArray) -> FloatArray:
        """First derivatives (n_parameters,)."""
        gradient = np.zeros(len(self.names))
        for category in self.categories:
            expected, jacobian, _ = self.evaluate(category, internal)
            gradient += jacobian.T @ (1 - _divided(category.counts, expected, category.filled))
        for row, centre in self._pulls:
            gradient += row * (row @ internal - centre)
        return gradient

    def hessian(self, internal: FloatArray) -> FloatArray:
        """Second derivatives (n_parameters, n_parameters)."""
        return self.derivatives(internal)[1]

    def derivatives(self, internal: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Gradient (n_parameters,) and Hessian (n_parameters, n_parameters)."""
        n = len(self.names)
        gradient, hessian = np.zeros(n), np.zeros((n, n))
        for category in self.categories:
            expected, jacobian, parts = self.evaluate(category, internal)
            ratio = _divided(category.counts, expected, category.filled)
            for places, part in parts:
                hessian[places[:, None], places] += part.curvature(1 - ratio)
            gradient += jacobian.T @ (1 - ratio)
            hessian += jacobian.T @ (_divided(ratio, expected, category.filled)[:, None] * jacobian)
        for row, centre in self._pulls:
            gradient += row * (row @ internal - centre)
            hessian += np.outer(row, row)
        return gradient, hessian

    @cached_property
    def _pulls(self) -> list[tuple[FloatArray, float]]:
        """Each constraint as row (n_parameters,) and centre: its pull is row @ internal - centre."""
        return [
            (self.transform[self.names.index(c.parameter)] / c.width, c.centre / c.width)
            for c in self.constraints
        ]

    def evaluate(
        self, category: Category, internal: FloatArray
    ) -> tuple[FloatArray, FloatArray, list[tuple[npt.NDArray[np.intp], Evaluation]]]:
        """Expected counts (n_bins,), jacobian (n_bins, n_parameters), and the terms with their places.

        With a leading axis for many sets of internal coordinates.
        """
        shape = (*internal.shape[:-1], len(category.counts))
        expected, jacobian = np.zeros(shape), np.zeros((*shape, len(self.names)))
        parts = [
            (self._places[id(t)], t.evaluate(internal[..., self._places[id(t)]])) for t in category.terms
        ]
        for places, part in parts:
            expected += part.expected
            jacobian[..., places] += part.jacobian
        return expected, jacobian, parts

    def _expected(self, category: Category, internal: FloatArray) -> FloatArray:
        expected = np.zeros((*internal.shape[:-1], len(category.counts)))
        for term in category.terms:
            expected += term.expected(internal[..., self._places[id(term)]])
        return expected


def _check_shared(term: Term, seen: set[str]) -> None:
    """Only parameters that are their own internal coordinate can be shared."""
    shared = [name for name in term.parameters if name in seen]
    if shared and not np.array_equal(term.transform, np.eye(len(term.parameters))):
        raise MaplessError(
            f"two backgrounds share the parameter {shared[0]}; give each category its own prefix"
        )


def _log_ratio(difference: FloatArray, seen: FloatArray, counts: FloatArray) -> FloatArray:
    """Logarithm of expected over observed counts (n,), from their relative difference where that is exact."""
    if not difference.min(initial=0.0) < _FAR_BELOW:
        return np.log1p(difference)
    return np.where(
        difference < _FAR_BELOW, np.log(seen / counts), np.log1p(np.maximum(difference, _FAR_BELOW))
    )


def _divided(above: FloatArray, below: FloatArray, where: npt.NDArray[np.bool_]) -> FloatArray:
    """Quotient, zero where it does not matter."""
    return np.divide(above, below, out=np.zeros_like(below), where=where)
