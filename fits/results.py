"""What a fit gives back: never a number without its status."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from errors import MaplessError
from fits.spectrum import FloatArray


class FitStatus(StrEnum):
    """How a fit ended."""

    CONVERGED = "converged"
    AT_BOUND = "at_bound"  # a true minimum, with a parameter at the end of its allowed range
    NOT_CONVERGED = "not_converged"
    NOT_CONFIRMED = "not_confirmed"  # a second minimisation ended elsewhere
    NO_COVARIANCE = "no_covariance"  # the curvature at the minimum does not fix all parameters


@dataclass(frozen=True, eq=False)
class FitResult:
    """End of one minimisation.

    `values` (n,) and `covariance` (n, n) follow `names`; parameters that were held or sit at a bound have
    zero covariance. `nll` is the negative log-likelihood minus that of the saturated model, plus constraint
    terms. `edm` is the estimated vertical distance to the minimum.
    """

    status: FitStatus
    names: tuple[str, ...]
    values: FloatArray
    covariance: FloatArray
    nll: float
    edm: float
    n_iterations: int

    @property
    def converged(self) -> bool:
        """Whether the numbers may be used."""
        return self.status in (FitStatus.CONVERGED, FitStatus.AT_BOUND)

    @property
    def found_minimum(self) -> bool:
        """Whether there are values with a covariance, confirmed or not."""
        return self.status not in (FitStatus.NOT_CONVERGED, FitStatus.NO_COVARIANCE)

    @property
    def parameters(self) -> dict[str, float]:
        """Values by name."""
        return dict(zip(self.names, self.values.tolist(), strict=True))

    @property
    def errors(self) -> dict[str, float]:
        """Standard deviations by name."""
        return dict(zip(self.names, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    def require_convergence(self, what: str) -> "FitResult":
        """This result, or MaplessError naming `what` was fitted if its numbers may not be used."""
        if not self.converged:
            raise MaplessError(f"{what}: fit ended as {self.status}; try another range or fewer parameters")
        return self

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON; numbers of a failed fit are left out."""
        head: dict[str, Any] = {"status": str(self.status), "converged": self.converged}
        if not self.converged:
            return head
        numbers = {
            "parameters": self.parameters,
            "errors": self.errors,
            "covariance": self.covariance.tolist(),
        }
        return head | numbers | {"nll": self.nll, "edm": self.edm, "n_iterations": self.n_iterations}
