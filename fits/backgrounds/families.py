"""Smooth background families: functions of mass whose logarithm is linear in the parameters.

For such a family the binned Poisson likelihood of a background-only fit is convex, so its minimum is unique.
All are functions of x = mass / collision_energy, and p0 is the logarithm of the events per GeV:

| family              | shape                                                              |
|---------------------|--------------------------------------------------------------------|
| Dijet               | (1 - x)^p1 / x^(p2 + p3 ln x + p4 ln^2 x + p5 ln^3 x)              |
| ModifiedDijet       | (1 - x^(1/3))^p1 / x^(p2 + p3 ln x + p4 ln^2 x + p5 ln^3 x)        |
| ExtendedDijet       | (1 - x)^p1 / x^(p2 + p3 ln x) exp(p4 x + p5 x^2 + p6 x^3)          |
| ModifiedExponential | exp(-p1 x) / x^(p2 + p3 ln x + p4 ln^2 x)                          |
| UA2                 | x^-p1 exp(-p2 x - p3 x^2 - p4 x^3)                                 |
| AtlasDijet          | (1 - x)^p2 x^(-p3 + p4 ln x)                                       |
| AtlasUA2            | x^p2 exp(-p3 x + p4 x^2)                                           |

The last two are in `fits.backgrounds.atlas`; `fits.backgrounds.catalogue` finds all of them by name.

Two forms of CMS dijet searches are not log-linear and therefore not here: a dijet function times the
polynomial 1 + p4 x + p5 x^2 + ..., which can get negative, and exp(p1 x^p2 + p3 (1 - x)^p4), whose parameters
hardly differ in effect. ExtendedDijet, which has the polynomial in the exponent, describes both as well as
data can tell, and stays positive with a unique minimum.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.spectrum import FloatArray

_NARROW = 0.0025  # half width over centre, below which two nodes are plenty
_gauss_legendre = cache(np.polynomial.legendre.leggauss)


class LogLinearBackground(ABC):
    """Event density per GeV of the form exp(design(mass) @ parameters)."""

    @property
    @abstractmethod
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, the logarithm of the normalisation first."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables and plots call it."""

    @abstractmethod
    def columns(self, mass: Any, numpy: Any = np) -> list[Any]:
        """Functions of mass that multiply the parameters, the most important first.

        `numpy` is numpy or a module with the same functions, so that automatic differentiation uses this
        formula.
        """

    def design(self, mass: npt.ArrayLike) -> FloatArray:
        """The columns side by side, (..., n_parameters), for masses of any shape in GeV."""
        return np.stack(self.columns(np.asarray(mass, dtype=float)), axis=-1)


@dataclass(frozen=True)
class CollisionBackground(LogLinearBackground):
    """Functions of x = mass / collision_energy, with `n_parameters` shape parameters p1, p2, ... beside p0.

    Raises MaplessError for a number of parameters that the family does not have, and for masses (GeV) that
    are not between zero and the collision energy (GeV).
    """

    n_parameters: int
    collision_energy: float = 13000.0
    label: ClassVar[str]
    sizes: ClassVar[tuple[int, int]]

    def __post_init__(self) -> None:
        low, high = self.sizes
        if not low <= self.n_parameters <= high:
            raise MaplessError(
                f"a {self.label} function has {low} to {high} shape parameters, not {self.n_parameters}"
            )
        if not 0 < self.collision_energy < np.inf:
            raise MaplessError(f"a collision energy of {self.collision_energy:g} GeV; give one above zero")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names p0, p1, ... in the order of the columns of `design`."""
        return tuple(f"p{i}" for i in range(self.n_parameters + 1))

    @property
    def name(self) -> str:
        """For tables and plots."""
        return f"{self.label}, {self.n_parameters} parameters"

    @abstractmethod
    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Functions of x that multiply the shape parameters."""

    def columns(self, mass: Any, numpy: Any = np) -> list[Any]:
        """Functions of mass that multiply p0, p1, ...: 1 and the shape columns."""
        x = mass / self.collision_energy
        return [numpy.ones_like(x), *self.shape_columns(x, numpy)[: self.n_parameters]]

    def design(self, mass: npt.ArrayLike) -> FloatArray:
        """The columns side by side, (..., n_parameters), for masses of any shape in GeV."""
        mass = np.asarray(mass, dtype=float)
        if not np.all((mass > 0) & (mass < self.collision_energy)):
            raise MaplessError(
                f"the {self.label} function needs masses between 0 and {self.collision_energy:g} GeV"
            )
        return super().design(mass)


@dataclass(frozen=True)
class Dijet(CollisionBackground):
    """The dijet function exp(p0) (1 - x)^p1 / x^(p2 + p3 ln x + p4 ln^2 x + p5 ln^3 x), 2 to 5 parameters.

    Source: CMS EXO-22-026 (arXiv:2412.03747), three parameters also in arXiv:1911.03947. With other signs it
    is the function of ATLAS dijet searches, p1 (1 - x)^p2 x^(p3 + p4 ln x + p5 ln^2 x) (arXiv:1910.08447).

    >>> Dijet(3).parameters
    ('p0', 'p1', 'p2', 'p3')
    """

    label = "dijet"
    sizes = (2, 5)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns ln(1-x), -ln x, -ln^2 x, ..."""
        return [numpy.log1p(-x), *_powers_of_log(x, numpy, 4)]


@dataclass(frozen=True)
class ModifiedDijet(CollisionBackground):
    """exp(p0) (1 - x^(1/3))^p1 / x^(p2 + p3 ln x + p4 ln^2 x + p5 ln^3 x), 2 to 5 parameters.

    Source: ATLAS diphoton search, arXiv:1606.03833; an alternative in CMS dijet searches.
    """

    label = "modified dijet"
    sizes = (2, 5)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns ln(1-x^(1/3)), -ln x, -ln^2 x, ..."""
        return [numpy.log1p(-(x ** (1 / 3))), *_powers_of_log(x, numpy, 4)]


@dataclass(frozen=True)
class ExtendedDijet(CollisionBackground):
    """exp(p0) (1 - x)^p1 / x^(p2 + p3 ln x) exp(p4 x + p5 x^2 + p6 x^3), 4 to 6 parameters.

    The dijet function of three parameters times a polynomial, which CMS dijet searches use as an alternative,
    with the polynomial in the exponent: to first order in p4, p5 and p6 they are equal.
    """

    label = "extended dijet"
    sizes = (4, 6)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns ln(1-x), -ln x, -ln^2 x, x, x^2, x^3."""
        return [numpy.log1p(-x), *_powers_of_log(x, numpy, 2), x, x**2, x**3]


@dataclass(frozen=True)
class ModifiedExponential(CollisionBackground):
    """exp(p0) exp(-p1 x) / x^(p2 + p3 ln x + p4 ln^2 x), 2 to 4 parameters.

    First alternative of the bias test of CMS EXO-22-026 (arXiv:2412.03747).
    """

    label = "modified exponential"
    sizes = (2, 4)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns -x, -ln x, -ln^2 x, -ln^3 x."""
        return [-x, *_powers_of_log(x, numpy, 3)]


@dataclass(frozen=True)
class UA2(CollisionBackground):
    """exp(p0) x^-p1 exp(-p2 x - p3 x^2 - p4 x^3), 2 to 4 parameters.

    Source: UA2, Z. Phys. C 49 (1991) 17, which has p1, p2 and p3; with p4 it is the second alternative of the
    bias test of CMS EXO-22-026 (arXiv:2412.03747).
    """

    label = "UA2"
    sizes = (2, 4)

    def shape_columns(self, x: Any, numpy: Any) -> list[Any]:
        """Columns -ln x, -x, -x^2, -x^3."""
        return [-numpy.log(x), -x, -(x**2), -(x**3)]


def density(background: LogLinearBackground, values: npt.ArrayLike, mass: npt.ArrayLike) -> FloatArray:
    """Expected events per GeV at masses of any shape, for parameter values (n_parameters,)."""
    return np.exp(background.design(mass) @ np.asarray(values, dtype=float))


def relative_error(
    background: LogLinearBackground, covariance: FloatArray, mass: npt.ArrayLike
) -> FloatArray:
    """Relative standard deviation of the density at masses of any shape, for a covariance (n, n).

    The logarithm of the density is linear in the parameters, so this is no approximation of the function.
    """
    design = background.design(mass)
    return np.sqrt(np.einsum("...i,ij,...j", design, covariance, design))


def expected_counts(background: LogLinearBackground, values: npt.ArrayLike, edges: FloatArray) -> FloatArray:
    """Expected events (n_bins,) between edges in GeV, integrated over each bin."""
    nodes, weights = bin_quadrature(edges)
    return np.sum(weights * density(background, values, nodes), axis=0)


def bin_quadrature(edges: FloatArray, n_nodes: int | None = None) -> tuple[FloatArray, FloatArray]:
    """Gauss-Legendre masses and weights, each (n_nodes, n_bins), in GeV.

    One node is evaluation at the bin centre. By default two nodes serve 4 GeV bins (relative error of a
    dijet function below 1e-9) and six serve bins as wide as the mass resolution.
    """
    centres, half_widths = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    if n_nodes is None:
        n_nodes = 2 if np.max(half_widths / centres) < _NARROW else 6
    nodes, weights = _gauss_legendre(n_nodes)
    return centres + half_widths * nodes[:, None], half_widths * weights[:, None]


def _powers_of_log(x: Any, numpy: Any, highest: int) -> list[Any]:
    """Columns -ln x, -ln^2 x, ... up to a power."""
    logs = numpy.log(x)
    columns = [-logs]
    for _ in range(highest - 1):
        columns.append(columns[-1] * logs)  # five times faster than powers
    return columns
