"""Background forms of the ATLAS weakly supervised dijet search, with parameters that do not correlate.

The search (arXiv:2005.02983) tries three forms in turn: `AtlasDijet` with two shape parameters, with three,
and `AtlasUA2`. In each, constants xi mix the parameters so that their estimates are uncorrelated. They are no
free parameters: the function that fits best does not depend on them, only what p2, p3 and p4 mean.

The form with two parameters is also that of the ATLAS diboson search (arXiv:1708.04445), with xi = 4.3 in
public code for it. How the constants enter the two others could not be compared with a text or code; fits,
limits and significances are the same however they do.
"""

from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from errors import MaplessError
from fits.backgrounds.families import CollisionBackground
from fits.spectrum import FloatArray

Atlas = TypeVar("Atlas", bound="_Mixed")


@dataclass(frozen=True)
class _Mixed(CollisionBackground):
    """Parameters p2, p3 and p4 such that p2 - xi1 p3, p3 and p4 - xi2 p3 - xi3 p2 multiply functions of x.

    `xi` = (xi1, xi2, xi3) are zero by default; `decorrelated` finds those of a spectrum.
    """

    xi: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names p0, p2, p3 (and p4) as published; p0 is the logarithm of the published p1."""
        return ("p0", "p2", "p3", "p4")[: self.n_parameters + 1]

    def columns(self, mass: Any, numpy: Any = np) -> list[Any]:
        """Functions of mass that multiply p0, p2, p3 (and p4)."""
        unity, second, third, *fourth = super().columns(mass, numpy)
        xi1, xi2, xi3 = self.xi
        if not fourth:
            return [unity, second, third - xi1 * second]
        return [unity, second - xi3 * fourth[0], third - xi1 * second - xi2 * fourth[0], fourth[0]]


@dataclass(frozen=True)
class AtlasDijet(_Mixed):
    """exp(p0) (1 - x)^(p2 - xi1 p3) x^(-p3), and with three parameters x^((p4 - xi2 p3 - xi3 p2) ln x) more.

    First and second form of ATLAS, arXiv:2005.02983; the first is in arXiv:1708.04445. As functions of mass
    they are dijet functions.

    >>> AtlasDijet(2, xi=(4.3, 0, 0)).parameters
    ('p0', 'p2', 'p3')
    """

    label = "ATLAS dijet"
    sizes = (2, 3)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns ln(1-x), -ln x, ln^2 x, before mixing."""
        logs = numpy.log(x)
        return [numpy.log1p(-x), -logs, logs**2]


@dataclass(frozen=True)
class AtlasUA2(_Mixed):
    """exp(p0) x^(p2 - xi1 p3) exp(-p3 x + (p4 - xi2 p3 - xi3 p2) x^2), three parameters.

    Third form of ATLAS, arXiv:2005.02983. As a function of mass it is that of UA2.
    """

    n_parameters: int = 3
    label = "ATLAS UA2"
    sizes = (3, 3)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns ln x, -x, x^2, before mixing."""
        return [numpy.log(x), -x, x**2]


def decorrelated(background: Atlas, covariance: FloatArray) -> Atlas:
    """The same function with the constants xi for which the shape parameters do not correlate.

    `covariance` (n, n) is that of all parameters, p0 first, in a fit of `background` to the spectrum, as in
    `SpectrumFit.background_covariance`. Raises MaplessError for a covariance of another size or of a failed
    fit.
    """
    n = len(background.parameters)
    if np.shape(covariance) != (n, n) or not np.all(np.diag(covariance) > 0):
        raise MaplessError(f"xi need the covariance ({n}, {n}) of a converged fit of {background.name}")
    unmix = _unmixing(background.xi)[: n - 1, : n - 1]
    plain = np.zeros((3, 3))  # covariance for xi = 0
    plain[: n - 1, : n - 1] = unmix @ np.asarray(covariance)[1:, 1:] @ unmix.T
    xi1, xi2 = -plain[[0, 2], 1] / plain[1, 1]
    # Covariance with p4 and variance of p2 once p2 no longer correlates with p3.
    xi3 = -(plain[2, 0] + xi1 * plain[2, 1]) / (plain[0, 0] + xi1 * plain[0, 1])
    return replace(background, xi=(float(xi1), float(xi2), float(xi3)))


def _unmixing(xi: tuple[float, float, float]) -> FloatArray:
    """Matrix from p2, p3 and p4 to what multiplies the functions of x."""
    xi1, xi2, xi3 = xi
    return np.array([[1, -xi1, 0], [0, 1, 0], [-xi3, -xi2, 1]])
