"""Gaussian resonance: a given width, smeared by the detector."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.special import ndtr

from errors import MaplessError
from fits.signals.shape import Derivatives, LocationScaleShape, peak_reach
from fits.spectrum import FloatArray


@dataclass(frozen=True)
class Gaussian(LocationScaleShape):
    """A Gaussian of standard deviation sqrt(sigma^2 + natural_width^2), in GeV.

    `sigma` is the resolution of the detector, and what its uncertainty changes; `natural_width` stays. Such
    shapes of 0 to 15 % width are what the ATLAS searches quote generic limits for (arXiv:1910.08447). Raises
    MaplessError for widths that are impossible.

    >>> shape = Gaussian.of_width(3000, relative_width=0.1, resolution=0.03)
    >>> round(float(shape.cdf(3000 + 3000 * np.hypot(0.1, 0.03))), 4)
    0.8413
    """

    mean: float
    sigma: float
    natural_width: float = 0.0
    mass: float | None = None

    def __post_init__(self) -> None:
        if not (self.sigma > 0 and self.natural_width >= 0 and np.isfinite(self.mean)):
            raise MaplessError("a Gaussian needs sigma above zero and a natural width that is not negative")

    @classmethod
    def of_width(cls, mass: float, relative_width: float, resolution: float) -> "Gaussian":
        """A peak at a mass (GeV) whose natural width and resolution are given relative to the mass."""
        return cls(mass, resolution * mass, relative_width * mass, mass)

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest mass (GeV) at which the shape is known."""
        return peak_reach(self.mean, self._total)

    def scaled_to(self, mass: float) -> Self:
        """The shape at another mass, mean and both widths in proportion to it."""
        factor = mass / (self.mass or np.nan)
        return replace(super().scaled_to(mass), natural_width=self.natural_width * factor)

    def standard(self, z: FloatArray) -> Derivatives:
        """Cumulative probability, density, and slope of the density at z = (mass - mean) / sigma."""
        narrow = self.sigma / self._total
        t = z * narrow
        density = np.exp(-0.5 * t**2) / np.sqrt(2 * np.pi)
        return ndtr(t), narrow * density, -(narrow**2) * t * density

    def varied_fractions(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> FloatArray:
        """Probabilities (..., n_bins) at other positions and resolutions (...)."""
        total = np.hypot(sigma, self.natural_width)
        return np.diff(ndtr((edges - mean[..., None]) / total[..., None]))

    def varied_derivatives(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> Derivatives:
        """The same as `derivatives` at other positions and resolutions (...)."""
        if self.natural_width == 0:
            return super().varied_derivatives(edges, mean, sigma)
        total = np.hypot(sigma, self.natural_width)
        raw, first, second = Gaussian(self.mean, self.sigma).varied_derivatives(edges, mean, total)
        # The chain rule, for the total width as a function of sigma.
        chain = np.stack([np.ones_like(total), sigma / total], axis=-1)[..., None, :]
        bent = second * chain[..., None] * chain[..., None, :]
        bent[..., 1, 1] += first[..., 1] * (self.natural_width**2 / total**3)[..., None]
        return raw, first * chain, bent

    @property
    def _total(self) -> float:
        return float(np.hypot(self.sigma, self.natural_width))
