"""Fits of one spectrum: background only, and background plus a signal of free yield."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.backgrounds.families import LogLinearBackground, expected_counts, relative_error
from fits.likelihood.binned import Category, Constraint, Likelihood
from fits.likelihood.kernel import BackgroundTerm, starting_values
from fits.likelihood.minimise import Confirmation, minimise
from fits.likelihood.signal_term import SignalTerm
from fits.results import FitResult, FitStatus
from fits.signals import SignalShape
from fits.spectrum import FloatArray, Spectrum

# A negative signal may take away at most this part of the background in the bins under its peak, which are
# those with more than this fraction of the largest bin.
_LARGEST_DEFICIT = 0.9
_PEAK = 0.01
_SMALLEST_FRACTION_INSIDE = 0.5
_ROUND = 2.0  # largest variance of an internal coordinate at the minimum, and inverse of the smallest


@dataclass(frozen=True, eq=False)
class SpectrumFit:
    """A fit with what was fitted; likelihood and terms can be used again."""

    spectrum: Spectrum
    background: LogLinearBackground
    result: FitResult
    likelihood: Likelihood

    @property
    def status(self) -> FitStatus:
        """How the fit ended."""
        return self.result.status

    @property
    def converged(self) -> bool:
        """Whether the numbers may be used."""
        return self.result.converged

    @property
    def background_term(self) -> BackgroundTerm:
        """The background in the bins of the spectrum, for other likelihoods."""
        return self._terms[0]

    @property
    def _terms(self) -> tuple[Any, ...]:
        return self.likelihood.categories[0].terms

    @property
    def n_parameters(self) -> int:
        """Number of fitted parameters, normalisation included."""
        return len(self.result.names)

    @property
    def background_values(self) -> FloatArray:
        """Background parameters (n,), p0 first."""
        return self.result.values[: len(self.background.parameters)]

    @property
    def background_covariance(self) -> FloatArray:
        """Covariance (n, n) of the background parameters."""
        n = len(self.background.parameters)
        return self.result.covariance[:n, :n]

    def relative_background_error(self, mass: npt.ArrayLike) -> FloatArray:
        """Relative standard deviation of the fitted background density at masses of any shape."""
        return relative_error(self.background, self.background_covariance, mass)

    def expected_background(self, edges: FloatArray | None = None) -> FloatArray:
        """Fitted background events (n_bins,), by default in the bins of the spectrum."""
        return expected_counts(
            self.background, self.background_values, self.spectrum.edges if edges is None else edges
        )

    def expected_signal(self) -> FloatArray:
        """Fitted signal events (n_bins,) in the bins of the spectrum; zero for a background-only fit."""
        signals = [
            term.expected(np.array([self.result.parameters[name] for name in term.parameters]))
            for term in self._terms[1:]
        ]
        return sum(signals, start=np.zeros(self.spectrum.n_bins))


def fit_background(
    spectrum: Spectrum,
    background: LogLinearBackground,
    *,
    n_nodes: int | None = None,
    confirmation: Confirmation = "migrad",
) -> SpectrumFit:
    """Extended maximum-likelihood fit of a background to a spectrum.

    The expectation is integrated over each bin; `n_nodes=1` takes bin centres instead. Raises MaplessError
    for a spectrum that cannot be fitted at all; a fit that fails says so in its status.
    """
    values = starting_values(spectrum, background)
    likelihood, result = _minimum(spectrum, background, values, n_nodes, confirmation)
    if result.found_minimum and not _is_round(likelihood, result):
        likelihood, result = _minimum(spectrum, background, result.values, n_nodes, confirmation)
    return SpectrumFit(spectrum, background, result, likelihood)


def fit_signal(
    null: SpectrumFit,
    signal: SignalShape | SignalTerm,
    *,
    constraints: tuple[Constraint, ...] | None = None,
    confirmation: Confirmation = "migrad",
) -> SpectrumFit:
    """Background plus signal of free yield, starting from the background-only fit of the same spectrum.

    The yield may be negative as long as the expectation stays positive under the peak; a fit that ends there
    has status `at_bound`. Parameters: those of the background, `signal_yield` (events inside the range), and
    the nuisances of a SignalTerm, by default each with a unit Gaussian constraint. Raises MaplessError if
    most of the signal is outside the range, or if the background-only fit failed.
    """
    term = signal if isinstance(signal, SignalTerm) else signal_term(null.spectrum, signal)
    null.result.require_convergence("background-only fit before a fit with signal")
    if constraints is None:
        constraints = tuple(Constraint(name) for name in term.parameters[1:])
    likelihood = Likelihood([Category(null.spectrum.counts, (null.background_term, term))], constraints)
    background = null.background_term.expected(null.likelihood.internal(null.result.values))
    result = minimise(
        likelihood,
        null.result.parameters,
        bounds={term.yield_name: (float(lowest_yield(background, term)), np.inf)},
        confirmation=confirmation,
    )
    return SpectrumFit(null.spectrum, null.background, result, likelihood)


def signal_term(spectrum: Spectrum, shape: SignalShape) -> SignalTerm:
    """Signal without nuisances in the bins of a spectrum; MaplessError if most of it lies outside."""
    inside = float(shape.bin_fractions(np.array([spectrum.low, spectrum.high]))[0])
    if not inside >= _SMALLEST_FRACTION_INSIDE:
        raise MaplessError(
            f"only {inside:.0%} of a signal at {shape.mean:.0f} GeV lies in the spectrum "
            f"({spectrum.low:g} to {spectrum.high:g} GeV); choose another mass or range"
        )
    return SignalTerm(shape, spectrum.edges)


def lowest_yield(background: FloatArray, term: SignalTerm) -> FloatArray:
    """Most negative yield that leaves the expectation positive under the peak.

    One number for a background (n_bins,), (n,) for backgrounds (n, n_bins).
    """
    fractions = term.expected(term.nominal)
    # Far from the peak a power-law tail can exceed the background, where neither of them matters.
    peak = fractions > _PEAK * fractions.max()
    return -_LARGEST_DEFICIT * np.min(background[..., peak] / fractions[peak], axis=-1)


def _is_round(likelihood: Likelihood, result: FitResult) -> bool:
    """Whether the basis of the starting values is still nearly orthonormal at the minimum."""
    to_internal = np.linalg.inv(likelihood.transform)
    spread = np.linalg.eigvalsh(to_internal @ result.covariance @ to_internal.T)
    return bool(spread[0] > 1 / _ROUND and spread[-1] < _ROUND)


def _minimum(
    spectrum: Spectrum,
    background: LogLinearBackground,
    values: FloatArray,
    n_nodes: int | None,
    confirmation: Confirmation,
) -> tuple[Likelihood, FitResult]:
    """One minimisation, in the basis that is orthonormal for the expectation of the starting values."""
    expectation = expected_counts(background, values, spectrum.edges)
    term = BackgroundTerm(background, spectrum.edges, expectation, n_nodes)
    likelihood = Likelihood([Category(spectrum.counts, (term,))])
    start = dict(zip(background.parameters, values.tolist(), strict=True))
    return likelihood, minimise(likelihood, start, confirmation=confirmation)
