"""Fit of a peak with two power-law tails to simulated masses of one resonance."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.results import FitResult, FitStatus
from fits.spectrum import FloatArray

Fractions = Callable[[FloatArray, FloatArray], FloatArray]

_MINIMUM_EVENTS = 50
# Starting tails (alpha_low, n_low, alpha_high, n_high): typical jets, long tails, nearly Gaussian.
_STARTING_TAILS = ((1.2, 5.0, 1.2, 5.0), (0.8, 2.0, 1.5, 10.0), (2.0, 3.0, 2.0, 3.0))
# Lower ends of sigma, alpha_low, n_low, alpha_high, n_high; the fit moves the logarithm of the distance to
# them.
_LOWEST = np.array([0.0, 0.0, 1.0, 0.0, 1.0])
# A peak with hardly any tail does not determine alpha and n: weak log-normal knowledge of (alpha, n - 1),
# factors of e and e^2 wide, keeps the minimum unique, and moves a well determined tail by far less than its
# error.
_TYPICAL_TAIL = np.log(np.array([1.5, 4.0, 1.5, 4.0]))
_TAIL_SPREAD = np.array([1.0, 2.0, 1.0, 2.0])
_AGREEMENT = 0.01  # two starts whose negative log-likelihoods differ by less have found the same minimum


def fit_simulation(
    values: FloatArray, mass: float, weights: npt.ArrayLike | None, window: float, fractions: Fractions
) -> FitResult:
    """Fit of mean, sigma, alpha_low, n_low, alpha_high and n_high; see `DoubleCrystalBall.fit`.

    `fractions` gives the probability of each bin for these six parameters (6,) and edges.
    """
    # Bins of 0.2 % of the mass are a tenth of the smallest width allowed: binned and unbinned fits agree.
    edges = mass * np.linspace(1 - window, 1 + window, max(int(window * 1000), 10) + 1)
    weights = np.ones_like(values) if weights is None else np.asarray(weights, dtype=float)
    if not (np.all(np.isfinite(values)) and np.all(np.isfinite(weights))):
        raise MaplessError("simulated masses or weights contain NaN or infinity; remove those events first")
    counts, _ = np.histogram(values, edges, weights=weights)
    squares, _ = np.histogram(values, edges, weights=weights**2)
    inside = np.count_nonzero((values >= edges[0]) & (values <= edges[-1]))
    if inside < _MINIMUM_EVENTS or counts.sum() <= 0:
        raise MaplessError(
            f"{inside} simulated events within {window:.0%} of {mass:g} GeV; a signal shape needs at least "
            f"{_MINIMUM_EVENTS}: check the mass, or simulate more"
        )
    # Scaling to the effective number of events keeps the errors honest for weighted samples.
    counts *= counts.sum() / squares.sum()
    ends = sorted(
        (_minuit_fit(counts, edges, mass, tails, fractions) for tails in _STARTING_TAILS),
        key=lambda end: end.nll,
    )
    agreed = sum(end.nll - ends[0].nll < _AGREEMENT for end in ends) > 1
    result = ends[0] if agreed else replace(ends[0], status=FitStatus.NOT_CONFIRMED)
    return result.require_convergence(f"signal shape at {mass:g} GeV")


def _minuit_fit(
    counts: FloatArray, edges: FloatArray, mass: float, tails: Sequence[float], fractions: Fractions
) -> FitResult:
    from iminuit import Minuit

    names = ("mean", "sigma", "alpha_low", "n_low", "alpha_high", "n_high")
    saturated = np.sum(counts * np.log(np.maximum(counts, 1e-300) / counts.sum()), where=counts > 0)

    def negative_log_likelihood(free: FloatArray) -> float:
        shares = fractions(_from_free(free, mass), edges)
        inside = shares.sum()  # zero for a peak that has left the window on the way
        shares = np.divide(shares, inside, out=np.zeros_like(shares), where=inside > 0)
        likelihood = saturated - np.sum(counts * np.log(np.maximum(shares, 1e-300)))
        return float(likelihood + 0.5 * np.sum(((free[2:] - _TYPICAL_TAIL) / _TAIL_SPREAD) ** 2))

    peak = edges[np.argmax(np.convolve(counts, np.ones(9), "same"))]
    minuit = Minuit(
        negative_log_likelihood, _to_free(np.array([peak, 0.05 * mass, *tails]), mass), name=names
    )
    minuit.errordef = Minuit.LIKELIHOOD
    minuit.errors = (0.01, 0.1, 0.3, 0.5, 0.3, 0.5)
    minuit.migrad()
    minuit.hesse()
    free = np.array(minuit.values)
    jacobian = np.append(mass, np.exp(free[1:]))
    covariance = np.zeros((6, 6)) if minuit.covariance is None else np.array(minuit.covariance)
    return FitResult(
        FitStatus.CONVERGED if minuit.valid else FitStatus.NOT_CONVERGED,
        names,
        _from_free(free, mass),
        jacobian[:, None] * covariance * jacobian,
        float(minuit.fval or 0.0),
        minuit.fmin.edm,
        minuit.nfcn,
    )


def _to_free(parameters: FloatArray, mass: float) -> FloatArray:
    """Unbounded numbers: mean / mass and the logarithms of sigma, alpha, n - 1, alpha, n - 1."""
    return np.append(parameters[0] / mass, np.log(parameters[1:] - _LOWEST))


def _from_free(free: FloatArray, mass: float) -> FloatArray:
    return np.append(free[0] * mass, np.exp(np.clip(free[1:], -20, 20)) + _LOWEST)
