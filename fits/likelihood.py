"""Binned Poisson likelihood: any number of categories, each a sum of terms, with shared and constrained parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from errors import MaplessError
from fits.kernel import Term
from fits.spectrum import FloatArray


@dataclass(frozen=True, eq=False)
class Category:
    """Observed counts (n_bins,) and the terms that add up to their expectation."""

    counts: FloatArray
    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Constraint:
    """Gaussian knowledge of one parameter from elsewhere: an auxiliary measurement at `centre` with `width`."""

    parameter: str
    centre: float = 0.0
    width: float = 1.0


class Likelihood:
    """Negative log-likelihood minus that of the saturated model, with exact gradient and Hessian.

    Functions take internal coordinates (n_parameters,), see `fits.kernel`; `physical` turns them into the
    parameters that `names` lists. Terms that name the same parameter share it, also across categories.
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
        self._places = {id(term): [self.names.index(name) for name in term.parameters] for term in terms}
        self.transform = np.eye(len(self.names))
        for term in terms:
            self.transform[np.ix_(self._places[id(term)], self._places[id(term)])] = term.transform
        self.n_events = float(sum(category.counts.sum() for category in self.categories))
        self._saturated = [_saturated(category.counts) for category in self.categories]

    def physical(self, internal: FloatArray) -> FloatArray:
        """Physical parameters from internal coordinates."""
        return self.transform @ internal

    def internal(self, physical: Mapping[str, float] | FloatArray) -> FloatArray:
        """Internal coordinates from physical parameters; those not named are zero."""
        if isinstance(physical, Mapping):
            physical = np.array([physical.get(name, 0.0) for name in self.names])
        return self._inverse @ physical

    @cached_property
    def _inverse(self) -> FloatArray:
        return np.linalg.inv(self.transform)

    def expected(self, internal: FloatArray) -> list[FloatArray]:
        """Expected counts of each category."""
        return [
            np.sum([term.expected(internal[self._places[id(term)]]) for term in category.terms], axis=0)
            for category in self.categories
        ]

    def value(self, internal: FloatArray) -> float:
        """Negative log-likelihood; infinite where the expectation of a bin is not positive."""
        with np.errstate(over="ignore"):
            expected = self.expected(internal)
        total = self._constraint_value(internal)
        for category, constant, mu in zip(self.categories, self._saturated, expected, strict=True):
            if not (np.all(mu > 0) and np.all(np.isfinite(mu))):
                return np.inf
            total += float(np.sum(mu - category.counts * np.log(mu) + constant))
        return total

    def gradient(self, internal: FloatArray) -> FloatArray:
        """First derivatives (n_parameters,)."""
        return self.derivatives(internal)[1]

    def hessian(self, internal: FloatArray) -> FloatArray:
        """Second derivatives (n_parameters, n_parameters)."""
        return self.derivatives(internal)[2]

    def derivatives(self, internal: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Value, gradient (n_parameters,) and Hessian (n_parameters, n_parameters)."""
        n = len(self.names)
        value, gradient, hessian = self._constraint_value(internal), np.zeros(n), np.zeros((n, n))
        for category, constant in zip(self.categories, self._saturated, strict=True):
            parts = [
                (self._places[id(term)], term.evaluate(internal[self._places[id(term)]]))
                for term in category.terms
            ]
            expected = np.sum([part.expected for _, part in parts], axis=0)
            jacobian = np.zeros((len(expected), n))
            ratio = category.counts / expected
            for places, part in parts:
                jacobian[:, places] += part.jacobian
                hessian[np.ix_(places, places)] += part.curvature(1 - ratio)
            value += float(np.sum(expected - category.counts * np.log(expected) + constant))
            gradient += jacobian.T @ (1 - ratio)
            hessian += jacobian.T @ ((ratio / expected)[:, None] * jacobian)
        for constraint in self.constraints:
            row = self.transform[self.names.index(constraint.parameter)] / constraint.width
            gradient += row * (row @ internal - constraint.centre / constraint.width)
            hessian += np.outer(row, row)
        return value, gradient, hessian

    def _constraint_value(self, internal: FloatArray) -> float:
        pulls = [
            (self.transform[self.names.index(c.parameter)] @ internal - c.centre) / c.width
            for c in self.constraints
        ]
        return 0.5 * float(np.sum(np.square(pulls)))


def _saturated(counts: FloatArray) -> FloatArray:
    """Per bin n ln n - n, which makes the likelihood of a perfect description zero."""
    return np.where(counts > 0, counts * np.log(np.maximum(counts, 1e-300)) - counts, 0.0)
