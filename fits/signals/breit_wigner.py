"""Breit-Wigner resonance smeared by a Gaussian resolution."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import wofz

from errors import MaplessError
from fits.signals.shape import Derivatives, peak_reach
from fits.spectrum import FloatArray

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_ROOT_2 = float(np.sqrt(2))
_ROOT_PI = float(np.sqrt(np.pi))


@dataclass(frozen=True)
class BreitWigner:
    """A Breit-Wigner of full width `natural_width` convolved with a Gaussian of width `sigma`, in GeV.

    The Voigt profile (RooVoigtian), computed from the Faddeeva function. `sigma` is the resolution of the
    detector, and what its uncertainty changes. Raises MaplessError for widths that are not above zero.

    >>> shape = BreitWigner.of_width(3000, relative_width=0.05, resolution=0.03)
    >>> round(float(shape.bin_fractions(np.array([2800.0, 3200.0]))[0]), 3)
    0.719
    """

    mean: float
    sigma: float
    natural_width: float
    mass: float | None = None

    def __post_init__(self) -> None:
        if not (self.sigma > 0 and self.natural_width > 0 and np.isfinite(self.mean)):
            raise MaplessError("a smeared Breit-Wigner needs a resolution and a natural width above zero")

    @classmethod
    def of_width(cls, mass: float, relative_width: float, resolution: float) -> "BreitWigner":
        """A peak at a mass (GeV) whose natural width and resolution are given relative to the mass."""
        return cls(mass, resolution * mass, relative_width * mass, mass)

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest mass (GeV) at which the shape is known."""
        return peak_reach(self.mean, self.sigma + self.natural_width)

    def varied(self, mean: float, sigma: float) -> "BreitWigner":
        """The same natural width at another position and resolution, in GeV."""
        return replace(self, mean=mean, sigma=sigma)

    def scaled_to(self, mass: float) -> "BreitWigner":
        """The shape at another mass, mean and both widths in proportion to it; MaplessError without mass."""
        if self.mass is None:
            raise MaplessError("this signal shape does not know its mass; create it with mass=...")
        factor = mass / self.mass
        return BreitWigner(self.mean * factor, self.sigma * factor, self.natural_width * factor, mass)

    def pdf(self, mass: npt.ArrayLike) -> FloatArray:
        """Probability density per GeV, normalised over all masses."""
        z = self._complex(np.asarray(mass, dtype=float))
        return wofz(z).real / (_ROOT_2 * _ROOT_PI * self.sigma)

    def bin_fractions(self, edges: FloatArray) -> FloatArray:
        """Probability (n_bins,) of each bin, by Gauss-Legendre in panels narrower than the peak."""
        edges = np.asarray(edges, dtype=float)
        n_panels = int(np.ceil(np.max(np.diff(edges)) / (self.sigma + 0.5 * self.natural_width)))
        steps = np.diff(edges)[:, None, None] / n_panels
        starts = edges[:-1, None, None] + steps * np.arange(n_panels)[None, :, None]
        return np.sum(self.pdf(starts + 0.5 * steps * (1 + _NODES)) * 0.5 * steps * _WEIGHTS, axis=(1, 2))

    def derivatives(self, edges: FloatArray) -> Derivatives:
        """Bin probabilities (n_bins,), with derivatives (n_bins, 2) and (n_bins, 2, 2) in (mean, sigma).

        The profile V obeys the heat equation, dV/dsigma = sigma V'', so all follow from V, V', V'' and V'''.
        """
        value, slope, bend, third = self._density_with_derivatives(np.asarray(edges, dtype=float))
        first = np.stack([-value, self.sigma * slope], axis=-1)
        mixed, wide = -self.sigma * bend, slope + self.sigma**2 * third
        second = np.stack([slope, mixed, mixed, wide], axis=-1)
        return self.bin_fractions(edges), np.diff(first, axis=0), np.diff(second, axis=0).reshape(-1, 2, 2)

    def varied_fractions(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> FloatArray:
        """Probabilities (..., n_bins) at other positions and resolutions (...)."""
        parts = [shape.bin_fractions(edges) for shape in self._many(mean, sigma)]
        return np.reshape(parts, (*np.shape(mean), -1))

    def varied_derivatives(self, edges: FloatArray, mean: FloatArray, sigma: FloatArray) -> Derivatives:
        """The same as `derivatives` at other positions and resolutions (...)."""
        parts = zip(*(shape.derivatives(edges) for shape in self._many(mean, sigma)), strict=True)
        value, first, second = (np.reshape(part, (*np.shape(mean), *part[0].shape)) for part in parts)
        return value, first, second

    def _many(self, mean: FloatArray, sigma: FloatArray) -> "Iterator[BreitWigner]":
        for place in zip(np.ravel(mean).tolist(), np.ravel(sigma).tolist(), strict=True):
            yield self.varied(*place)

    def _complex(self, mass: FloatArray) -> npt.NDArray[np.complex128]:
        return np.asarray((mass - self.mean + 0.5j * self.natural_width) / (_ROOT_2 * self.sigma))

    def _density_with_derivatives(self, mass: FloatArray) -> list[FloatArray]:
        """The density and its first three derivatives in the mass, from w' = -2 z w + 2 i / sqrt(pi)."""
        z = self._complex(mass)
        w = wofz(z)
        w1 = -2 * z * w + 2j / _ROOT_PI
        w2 = -2 * (w + z * w1)
        w3 = -2 * (2 * w1 + z * w2)
        unit = _ROOT_2 * self.sigma
        return [term.real / (_ROOT_PI * unit ** (order + 1)) for order, term in enumerate((w, w1, w2, w3))]
