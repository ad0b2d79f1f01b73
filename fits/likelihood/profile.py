"""A likelihood with a parameter of interest: fits with some parameters held, Asimov data, test statistics.

Limits, significances, profile errors, scans and impacts are all functions of a `ProfileLikelihood`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from errors import MaplessError
from fits.likelihood.binned import Likelihood
from fits.likelihood.minimise import Bounds, Confirmation, minimise
from fits.results import FitResult


class FitFailedError(Exception):
    """A fit on the way to a result did not converge: the result gets a status and no number."""


@dataclass(frozen=True, eq=False)
class ProfileLikelihood:
    """A likelihood, the name of its parameter of interest, and how to fit all the others.

    `start` are physical starting values, `bounds` allowed ranges, `fixed` parameters known exactly (at their
    starting value). The parameter of interest is zero without signal. Raises MaplessError for names that the
    likelihood does not have.
    """

    likelihood: Likelihood
    start: Mapping[str, float]
    parameter: str = "signal_yield"
    bounds: Bounds = field(default_factory=dict)
    fixed: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = self.likelihood.names
        unknown = [name for name in (self.parameter, *self.bounds, *self.fixed) if name not in known]
        if unknown:
            raise MaplessError(f"no parameter {unknown[0]} in the likelihood; there are {', '.join(known)}")

    @property
    def nuisances(self) -> tuple[str, ...]:
        """All parameters that are fitted, but the one of interest."""
        return tuple(n for n in self.likelihood.names if n not in self.fixed and n != self.parameter)

    def fit(
        self,
        held: Mapping[str, float] | None = None,
        start: Mapping[str, float] | None = None,
        confirmation: Confirmation = "migrad",
    ) -> FitResult:
        """Minimum with some parameters held at given values; look at its status before its numbers."""
        held = held or {}
        self._check_held(held)
        return minimise(
            self.likelihood,
            {**(start or self.start), **held},
            bounds={name: ends for name, ends in self.bounds.items() if name not in held},
            fixed=(*self.fixed, *held),
            confirmation=confirmation,
        )

    def holding(self, values: Mapping[str, float]) -> "ProfileLikelihood":
        """The same with more parameters known exactly."""
        return replace(self, start={**self.start, **values}, fixed=(*self.fixed, *values))

    def without_deficits(self) -> "ProfileLikelihood":
        """The same where the parameter of interest cannot be negative, as in q0 and q-tilde."""
        _, high = self.bounds.get(self.parameter, (0.0, np.inf))
        return replace(self, bounds={**self.bounds, self.parameter: (0.0, high)})

    def asimov(self, at: Mapping[str, float]) -> "ProfileLikelihood":
        """The same for data that are exactly as expected at physical parameter values.

        The centres of the constraints move there too: auxiliary measurements are data.
        """
        return replace(self, likelihood=self.likelihood.asimov(self.likelihood.internal(at)), start=dict(at))

    def fitted_asimov(self, value: float) -> "ProfileLikelihood":
        """Asimov data with the parameter of interest at a value and all others fitted to the data there.

        Combine's `--toysFrequentist -t -1 --expectSignal`. Raises FitFailedError if that fit fails.
        """
        return self.asimov(converged(self.fit({self.parameter: value})).parameters)

    def _check_held(self, held: Iterable[str]) -> None:
        """Only parameters that are their own internal coordinate can be held."""
        names = self.likelihood.names
        unit = np.eye(len(names))
        able = [
            n
            for n, row, one in zip(names, self.likelihood.transform, unit, strict=True)
            if (row == one).all()
        ]
        wrong = [name for name in held if name not in able]
        if wrong:
            raise MaplessError(f"{wrong[0]} cannot be held or scanned; what can: {', '.join(able)}")


def converged(result: FitResult) -> FitResult:
    """This result; FitFailedError if it did not converge."""
    if not result.converged:
        raise FitFailedError(str(result.status))
    return result
