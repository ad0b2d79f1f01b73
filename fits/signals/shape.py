"""What every signal shape can do, and what functions of (mass - mean) / sigma have in common."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.spectrum import FloatArray

Derivatives = tuple[FloatArray, FloatArray, FloatArray]

# How far from its mean a peak is known, relative to it and in widths: the larger counts. Shapes are fitted to
# simulation within 20 %; a power law goes on where parton densities end the signal, up to masses where a lone
# event would make an excess.
_REACH, _WIDTHS = 0.5, 5.0


class SignalShape(Protocol):
    """A peak whose position and width can be varied."""

    @property
    def mean(self) -> float:
        """Peak position in GeV."""

    @property
    def sigma(self) -> float:
        """Width in GeV, as far as the detector makes it."""

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest mass (GeV) at which the shape is known; likelihoods expect nothing beyond."""

    def varied(self, mean: float, sigma: float) -> "SignalShape":
        """The same shape at another position and width, in GeV."""

    def bin_fractions(self, edges: FloatArray) -> FloatArray:
        """Probability (n_bins,) of each bin."""

    def derivatives(self, edges: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Bin probabilities (n_bins,), with derivatives (n_bins, 2) and (n_bins, 2, 2) in (mean, sigma)."""

    def varied_fractions(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> FloatArray:
        """Probabilities (..., n_bins) at other positions and widths (...)."""

    def varied_derivatives(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> Derivatives:
        """The same as `derivatives` at other positions and widths (...)."""


class LocationScaleShape(ABC):
    """A shape that is a function of z = (mass - mean) / sigma: it only has to know `standard`.

    Subclasses are frozen dataclasses; `mass` is the resonance mass in GeV that the shape describes, if known.
    """

    mean: float
    sigma: float
    mass: float | None

    @abstractmethod
    def standard(self, z: FloatArray) -> Derivatives:
        """Cumulative probability, density, and slope of the density at z of any shape but a single number."""

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest mass (GeV) at which the shape is known."""
        return peak_reach(self.mean, self.sigma)

    def varied(self, mean: float, sigma: float) -> Self:
        """The same shape at another position and width, in GeV."""
        return replace(self, mean=mean, sigma=sigma)  # type: ignore[type-var]

    def scaled_to(self, mass: float) -> Self:
        """The shape at another mass, mean and sigma in proportion to it: for when only one mass is simulated.

        Raises MaplessError if the shape does not know its mass.
        """
        if self.mass is None:
            raise MaplessError(
                "this signal shape does not know its mass; create it with mass=... to scale it"
            )
        factor = mass / self.mass
        moved = self.varied(self.mean * factor, self.sigma * factor)
        return replace(moved, mass=mass)  # type: ignore[type-var]

    def pdf(self, mass: npt.ArrayLike) -> FloatArray:
        """Probability density per GeV, normalised over all masses."""
        z = self._reduced(mass)
        return self.standard(np.atleast_1d(z))[1].reshape(z.shape) / self.sigma

    def cdf(self, mass: npt.ArrayLike) -> FloatArray:
        """Probability below each mass in GeV."""
        z = self._reduced(mass)
        return self.standard(np.atleast_1d(z))[0].reshape(z.shape)

    def bin_fractions(self, edges: FloatArray) -> FloatArray:
        """Probability (n_bins,) of each bin; the sum is below one if the shape reaches beyond the edges."""
        return np.diff(self.cdf(edges))

    def derivatives(self, edges: FloatArray) -> Derivatives:
        """Bin probabilities (n_bins,), with derivatives (n_bins, 2) and (n_bins, 2, 2) in (mean, sigma)."""
        return self.varied_derivatives(edges, np.asarray(self.mean), np.asarray(self.sigma))

    def varied_fractions(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> FloatArray:
        """Probabilities (..., n_bins) at other positions and widths (...)."""
        return np.diff(self.standard((edges - mean[..., None]) / sigma[..., None])[0])

    def varied_derivatives(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> Derivatives:
        """The same as `derivatives` at other positions and widths (...)."""
        sigma = sigma[..., None]
        z = (edges - mean[..., None]) / sigma
        cumulative, density, slope = self.standard(z)
        first = -np.stack([density, z * density], axis=-1) / sigma[..., None]
        mixed = density + z * slope
        second = np.stack([slope, mixed, mixed, 2 * z * density + z**2 * slope], axis=-1)
        second = np.diff(second / sigma[..., None] ** 2, axis=-2)
        return np.diff(cumulative), np.diff(first, axis=-2), second.reshape(*second.shape[:-1], 2, 2)

    def _reduced(self, mass: npt.ArrayLike) -> FloatArray:
        return np.asarray((np.asarray(mass, dtype=float) - self.mean) / self.sigma)


def peak_reach(mean: float, sigma: float) -> tuple[float, float]:
    """How far from its mean a peak of this width is known, in GeV.

    >>> peak_reach(3000.0, 100.0)
    (1500.0, 4500.0)
    """
    half = max(_REACH * mean, _WIDTHS * sigma)
    return mean - half, mean + half
