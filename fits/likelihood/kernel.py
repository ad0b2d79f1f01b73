"""Terms of the expected counts, with exact first and second derivatives: what they are, and backgrounds.

A term knows the names of its parameters and turns internal coordinates into expected counts. Internal
coordinates are a linear map of the physical parameters, chosen so that minimisers see a round valley: in the
raw parameters of a dijet function the correlations exceed 0.998 and MIGRAD stops above the minimum.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from errors import MaplessError
from fits.backgrounds.families import LogLinearBackground, bin_quadrature
from fits.spectrum import FloatArray, Spectrum

_EVENTS_PER_GROUP = 10  # enough for ln(counts) to be nearly Gaussian


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Expected counts (n_bins,), their jacobian (n_bins, n), and the second derivatives summed over bins.

    `curvature(weights)` is sum_bins weights * d2 expected / du2, shape (n, n), for weights (n_bins,). For
    many data sets, each with its own internal coordinates, all have one more axis in front.
    """

    expected: FloatArray
    jacobian: FloatArray
    curvature: Callable[[FloatArray], FloatArray]


class Term(Protocol):
    """One additive part of the expected counts.

    Internal coordinates are (n,), or (n_data_sets, n), and what comes back has the same leading axis.
    """

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names; terms that share a name share the parameter."""

    @property
    def transform(self) -> FloatArray:
        """Matrix (n, n): physical = transform @ internal."""

    def expected(self, internal: FloatArray) -> FloatArray:
        """Expected counts (n_bins,)."""

    def evaluate(self, internal: FloatArray) -> Evaluation:
        """Expected counts with derivatives."""


class BackgroundTerm:
    """A log-linear background integrated over bins, in an orthonormal basis.

    `expectation` (n_bins,) is a smooth guess of the counts: in the internal coordinates the Fisher
    information of a spectrum like it is the unit matrix. `n_nodes=1` evaluates at bin centres, as Combine
    does by default. `prefix` keeps apart the parameters of several categories.
    """

    def __init__(
        self,
        background: LogLinearBackground,
        edges: FloatArray,
        expectation: FloatArray,
        n_nodes: int | None = None,
        prefix: str = "",
    ) -> None:
        masses, widths = bin_quadrature(edges, n_nodes)
        self.parameters = tuple(prefix + name for name in background.parameters)
        self._shape = masses.shape
        self._widths = widths.ravel()
        raw = background.design(masses.ravel())
        self.transform = orthonormal_basis(raw, np.tile(expectation / len(masses), len(masses)))
        self.design = raw @ self.transform

    def at_nodes(self, internal: FloatArray) -> FloatArray:
        """Expected counts of all nodes; internal coordinates (n,), or (n_toys, n) for many spectra."""
        return self._widths * np.exp(internal @ self.design.T)

    def over_bins(self, at_nodes: FloatArray) -> FloatArray:
        """Sum over the nodes of each bin, along the last axis."""
        return at_nodes.reshape(*at_nodes.shape[:-1], *self._shape).sum(axis=-2)

    def to_nodes(self, per_bin: FloatArray) -> FloatArray:
        """Repeat a number per bin for each of its nodes, along the last axis."""
        return np.concatenate([per_bin] * self._shape[0], axis=-1)

    def expected(self, internal: FloatArray) -> FloatArray:
        """Expected counts (n_bins,)."""
        return self.over_bins(self.at_nodes(internal))

    def evaluate(self, internal: FloatArray) -> Evaluation:
        """Expected counts with derivatives."""
        nodes = self.at_nodes(internal)
        slopes = nodes[..., None] * self.design
        jacobian = slopes.reshape(*nodes.shape[:-1], *self._shape, -1).sum(axis=-3)
        return Evaluation(
            self.over_bins(nodes),
            jacobian,
            lambda weights: slopes.swapaxes(-1, -2) @ (self.to_nodes(weights)[..., None] * self.design),
        )


def orthonormal_basis(design: FloatArray, expectation: FloatArray) -> FloatArray:
    """Matrix T (n, n) such that design @ T has unit Fisher information for these expected counts."""
    _, upper = np.linalg.qr(np.sqrt(expectation)[:, None] * design)
    if np.any(np.abs(np.diag(upper)) < 1e-12 * np.abs(upper[0, 0])):
        raise MaplessError("the spectrum has too few bins for this background function; use fewer parameters")
    return np.linalg.inv(upper)


def starting_values(spectrum: Spectrum, background: LogLinearBackground) -> FloatArray:
    """First guess (n_parameters,) of the physical background parameters.

    Least squares on ln(counts) with two, three, ... parameters; the guess with the largest likelihood wins,
    because with few events the larger ones may explode where there are none. Raises MaplessError for a
    spectrum with fewer events or filled bins than parameters.
    """
    n_parameters = len(background.parameters)
    _check_fittable(spectrum, n_parameters)
    groups = spectrum.merged(
        _EVENTS_PER_GROUP if spectrum.total > _EVENTS_PER_GROUP * 2 * n_parameters else 1
    )
    # The last group has an arbitrary width, so its centre says little.
    counts, widths, centres = groups.counts[:-1], groups.widths[:-1], groups.centres[:-1]
    design = np.sqrt(counts)[:, None] * background.design(centres)
    logs = np.sqrt(counts) * np.log(counts / widths)
    guesses = np.zeros((n_parameters - 1, n_parameters))
    for guess, n_columns in zip(guesses, range(2, n_parameters + 1), strict=True):
        guess[:n_columns] = np.linalg.lstsq(design[:, :n_columns], logs, rcond=None)[0]
    return min(guesses, key=lambda guess: _poisson_deviance(spectrum, background, guess))


def _poisson_deviance(spectrum: Spectrum, background: LogLinearBackground, values: FloatArray) -> float:
    """Negative log-likelihood at bin centres, up to a constant."""
    logs = background.design(spectrum.centres) @ values + np.log(spectrum.widths)
    with np.errstate(over="ignore"):
        return float(np.sum(np.exp(logs)) - spectrum.counts @ logs)


def _check_fittable(spectrum: Spectrum, n_parameters: int) -> None:
    if spectrum.total == 0:
        raise MaplessError(
            "the spectrum is empty: no event in any bin; check the selection and the mass range"
        )
    filled = np.count_nonzero(spectrum.counts)
    if filled <= n_parameters or spectrum.total <= n_parameters:
        raise MaplessError(
            f"{spectrum.total:g} events in {filled} filled bins cannot fix {n_parameters} background "
            "parameters; widen the mass range or loosen the selection"
        )
