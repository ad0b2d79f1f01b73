"""Fits of one spectrum: background only, and background plus a signal of free yield."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.backgrounds import LogLinearBackground, density, expected_counts
from fits.kernel import BackgroundTerm, SignalTerm, rough_expectation
from fits.likelihood import Category, Constraint, Likelihood
from fits.minimise import Confirmation, minimise
from fits.results import FitResult, FitStatus
from fits.signals import SignalShape
from fits.spectrum import FloatArray, Spectrum

# A negative signal may take away at most this part of the background in any bin, or the expectation loses its
# sign.
_LARGEST_DEFICIT = 0.9
_SMALLEST_FRACTION_INSIDE = 0.5


@dataclass(frozen=True, eq=False)
class SpectrumFit:
    """A fit with what was fitted; `background_term` and `signal_term` can be used again in other likelihoods."""

    spectrum: Spectrum
    background: LogLinearBackground
    result: FitResult
    background_term: BackgroundTerm
    signal_term: SignalTerm | None = None

    @property
    def status(self) -> FitStatus:
        """How the fit ended."""
        return self.result.status

    @property
    def converged(self) -> bool:
        """Whether the numbers may be used."""
        return self.result.converged

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

    def background_density(self, mass: npt.ArrayLike) -> FloatArray:
        """Fitted background in events per GeV at masses of any shape."""
        return density(self.background, self.background_values, mass)

    def relative_background_error(self, mass: npt.ArrayLike) -> FloatArray:
        """Relative standard deviation of the fitted background density at masses of any shape.

        The logarithm of the density is linear in the parameters, so this is no approximation of the function.
        """
        design = self.background.design(mass)
        return np.sqrt(np.einsum("...i,ij,...j", design, self.background_covariance, design))

    def expected_background(self, edges: FloatArray | None = None) -> FloatArray:
        """Fitted background events (n_bins,), by default in the bins of the spectrum."""
        return expected_counts(
            self.background, self.background_values, self.spectrum.edges if edges is None else edges
        )

    def expected_signal(self) -> FloatArray:
        """Fitted signal events (n_bins,) in the bins of the spectrum; zero for a background-only fit."""
        if self.signal_term is None:
            return np.zeros(self.spectrum.n_bins)
        return self.signal_term.expected(
            np.array([self.result.parameters[n] for n in self.signal_term.parameters])
        )


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
    values = rough_expectation(spectrum, background)
    term, result = _minimum(spectrum, background, values, n_nodes, "none")
    if result.converged:
        term, result = _minimum(spectrum, background, result.values, n_nodes, confirmation)
    return SpectrumFit(spectrum, background, result, term)


def fit_signal(
    null: SpectrumFit,
    signal: SignalShape | SignalTerm,
    *,
    constraints: tuple[Constraint, ...] = (),
    confirmation: Confirmation = "migrad",
) -> SpectrumFit:
    """Background plus signal of free yield, starting from the background-only fit of the same spectrum.

    The yield may be negative as long as the expectation stays positive in every bin; a fit that ends there
    has status `at_bound`. Parameters: those of the background, `signal_yield` (events inside the range),
    nuisances of a SignalTerm, which `constraints` must cover. Raises MaplessError if most of the signal is
    outside the range.
    """
    term = signal if isinstance(signal, SignalTerm) else signal_term(null.spectrum, signal)
    null.result.require_convergence("background-only fit before a fit with signal")
    likelihood = Likelihood([Category(null.spectrum.counts, (null.background_term, term))], constraints)
    lowest = lowest_yield(
        null.background_term.expected(likelihood.internal(null.result.parameters)[: null.n_parameters]), term
    )
    result = minimise(
        likelihood,
        null.result.parameters,
        bounds={term.yield_name: (lowest, np.inf)},
        confirmation=confirmation,
    )
    return SpectrumFit(null.spectrum, null.background, result, null.background_term, term)


def signal_term(spectrum: Spectrum, shape: SignalShape) -> SignalTerm:
    """Signal without nuisances in the bins of a spectrum; MaplessError if most of it lies outside."""
    inside = float(shape.derivatives(np.array([spectrum.low, spectrum.high]))[0][0])
    if not inside >= _SMALLEST_FRACTION_INSIDE:
        raise MaplessError(
            f"only {inside:.0%} of a signal at {shape.mean:.0f} GeV lies in the spectrum "
            f"({spectrum.low:g} to {spectrum.high:g} GeV); choose another mass or range"
        )
    return SignalTerm(shape, spectrum.edges)


def lowest_yield(background: FloatArray, term: SignalTerm) -> float:
    """Most negative yield that leaves the expectation of every bin positive, for expected background (n_bins,)."""
    fractions = term.expected(np.eye(len(term.parameters))[0])
    return -_LARGEST_DEFICIT * float(np.min(background / np.maximum(fractions, 1e-300)))


def _minimum(
    spectrum: Spectrum,
    background: LogLinearBackground,
    values: FloatArray,
    n_nodes: int | None,
    confirmation: Confirmation,
) -> tuple[BackgroundTerm, FitResult]:
    """One minimisation, in the basis that is orthonormal for the expectation that the starting values give."""
    expectation = expected_counts(background, values, spectrum.edges)
    term = BackgroundTerm(background, spectrum.edges, expectation, n_nodes)
    likelihood = Likelihood([Category(spectrum.counts, (term,))])
    start = dict(zip(background.parameters, values.tolist(), strict=True))
    return term, minimise(likelihood, start, confirmation=confirmation)
