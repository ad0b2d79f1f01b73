"""Smooth background families: functions of mass whose logarithm is linear in the parameters.

For such a family the binned Poisson likelihood of a background-only fit is convex, so its minimum is unique.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.spectrum import FloatArray

_NARROW = 0.0025  # half width over centre, below which two nodes are plenty
_gauss_legendre = cache(np.polynomial.legendre.leggauss)


class LogLinearBackground(Protocol):
    """Event density per GeV of the form exp(design(mass) @ parameters)."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, the logarithm of the normalisation first."""

    @property
    def name(self) -> str:
        """What tables and plots call it."""

    def columns(self, mass: Any, numpy: Any = np) -> list[Any]:
        """Functions of mass that multiply the parameters, written with the functions of `numpy`."""

    def design(self, mass: npt.ArrayLike) -> FloatArray:
        """The columns side by side, (..., n_parameters)."""


@dataclass(frozen=True)
class Dijet:
    """The dijet function exp(p0) (1 - x)^p1 / x^(p2 + p3 ln x + p4 ln^2 x + ...), x = m / collision_energy.

    `n_parameters` (2 to 5) counts the shape parameters p1, p2, ...; p0 is the logarithm of the events per
    GeV. Source: CMS EXO-22-026 (arXiv:2412.03747), three parameters also in arXiv:1911.03947.

    >>> Dijet(3).parameters
    ('p0', 'p1', 'p2', 'p3')
    """

    n_parameters: int
    collision_energy: float = 13000.0

    def __post_init__(self) -> None:
        if self.n_parameters not in (2, 3, 4, 5):
            raise MaplessError(f"a dijet function has 2 to 5 shape parameters, not {self.n_parameters}")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names p0, p1, ... in the order of the columns of `design`."""
        return tuple(f"p{i}" for i in range(self.n_parameters + 1))

    @property
    def name(self) -> str:
        """For tables and plots."""
        return f"dijet, {self.n_parameters} parameters"

    def columns(self, mass: Any, numpy: Any = np) -> list[Any]:
        """Functions of mass that multiply p0, p1, ...: 1, ln(1-x), -ln x, -ln^2 x, ...

        `numpy` is numpy or a module with the same functions, so that automatic differentiation uses this
        formula.
        """
        x = mass / self.collision_energy
        powers = [-(numpy.log(x) ** i) for i in range(1, self.n_parameters)]
        return [numpy.ones_like(x), numpy.log1p(-x), *powers]

    def design(self, mass: npt.ArrayLike) -> FloatArray:
        """The columns side by side, (..., n_parameters), for masses of any shape in GeV."""
        mass = np.asarray(mass, dtype=float)
        if np.any(mass <= 0) or np.any(mass >= self.collision_energy):
            raise MaplessError(f"the dijet function needs masses between 0 and {self.collision_energy:g} GeV")
        return np.stack(self.columns(mass), axis=-1)


def density(background: LogLinearBackground, values: npt.ArrayLike, mass: npt.ArrayLike) -> FloatArray:
    """Expected events per GeV at masses of any shape, for parameter values (n_parameters,)."""
    return np.exp(background.design(mass) @ np.asarray(values, dtype=float))


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
