"""A signal shape that is a histogram of simulated masses."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from errors import MaplessError
from fits.signals.shape import Derivatives, LocationScaleShape
from fits.spectrum import FloatArray, Spectrum


@dataclass(frozen=True, eq=False)
class Template(LocationScaleShape):
    """The shape of a histogram; `mean` and `sigma` (GeV) place it.

    Bins of the histogram get exactly their contents; inside them the cumulative probability is a monotone
    cubic (Fritsch and Carlson, SIAM J. Numer. Anal. 17 (1980) 238), so that a shifted or widened template
    changes smoothly. Make one with `Template.of`. `knots` and `cumulative` are in units of
    (mass - mean) / sigma.

    >>> template = Template.of(Spectrum([2000, 2500, 3000, 3500], [1, 6, 3]), mass=3000)
    >>> template.bin_fractions(np.array([2000.0, 2500, 3000, 3500])).round(6).tolist()
    [0.1, 0.6, 0.3]
    """

    mean: float
    sigma: float
    knots: FloatArray = field(repr=False)
    cumulative: FloatArray = field(repr=False)
    mass: float | None = None

    @classmethod
    def of(cls, histogram: Spectrum, mass: float | None = None) -> "Template":
        """The shape of a histogram in bins of any width; MaplessError if it is empty."""
        if histogram.total <= 0:
            raise MaplessError("a signal template has no events; check the selection and the mass range")
        shares = histogram.counts / histogram.total
        mean = float(shares @ histogram.centres)
        inside = histogram.widths**2 / 12
        sigma = float(np.sqrt(shares @ ((histogram.centres - mean) ** 2 + inside)))
        cumulative = np.append(0.0, np.cumsum(shares))
        return cls(mean, sigma, (histogram.edges - mean) / sigma, cumulative / cumulative[-1], mass)

    @classmethod
    def from_values(
        cls,
        values: npt.ArrayLike,
        edges: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        mass: float | None = None,
    ) -> "Template":
        """The shape of simulated masses (n_events,) in GeV, histogrammed between edges."""
        return cls.of(Spectrum.from_values(values, edges, weights), mass)

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest mass (GeV) at which the shape is known: it ends by itself."""
        return -np.inf, np.inf

    def standard(self, z: FloatArray) -> Derivatives:
        """Cumulative probability, density, and slope of the density at z = (mass - mean) / sigma."""
        inside = (z >= self.knots[0]) & (z <= self.knots[-1])
        at = np.clip(z, self.knots[0], self.knots[-1])
        return self._spline(at), self._spline(at, 1) * inside, self._spline(at, 2) * inside

    @cached_property
    def _spline(self) -> PchipInterpolator:
        return PchipInterpolator(self.knots, self.cumulative)
