"""The double Crystal Ball: a Gaussian core with a power-law tail on either side."""

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from errors import MaplessError
from fits.results import FitResult
from fits.signals.shape import Derivatives, LocationScaleShape
from fits.signals.simulation_fit import fit_simulation
from fits.spectrum import FloatArray

_SQRT_2 = float(np.sqrt(2))
_SQRT_HALF_PI = float(np.sqrt(np.pi / 2))


@dataclass(frozen=True)
class DoubleCrystalBall(LocationScaleShape):
    """Gaussian core with a power-law tail on either side.

    `mean` and `sigma` in GeV; tails start `alpha` sigmas from the mean and fall with power `n` > 1. `mass` is
    the resonance mass in GeV that it describes, `fit_result` the fit that it came from, if any. Source:
    Oreglia, SLAC-R-236, as used two-sided in CMS EXO-22-026 (arXiv:2412.03747).

    >>> shape = DoubleCrystalBall(3000, 100, 1.2, 3, 1.8, 9, mass=3000)
    >>> round(float(shape.cdf(2900)), 3)
    0.251
    >>> shape.scaled_to(6000).sigma
    200.0
    """

    mean: float
    sigma: float
    alpha_low: float
    n_low: float
    alpha_high: float
    n_high: float
    mass: float | None = None
    fit_result: FitResult | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not (self.sigma > 0 and self.alpha_low > 0 and self.alpha_high > 0):
            raise MaplessError("a double Crystal Ball needs sigma and both alphas above zero")
        if not (self.n_low > 1 and self.n_high > 1):
            raise MaplessError("a double Crystal Ball needs tail powers above 1, or its integral is infinite")
        if self.mass is not None and not self.mass > 0:
            raise MaplessError(f"a double Crystal Ball of mass {self.mass:g} GeV; give one above zero")

    @classmethod
    def fit(
        cls, values: npt.ArrayLike, mass: float, weights: npt.ArrayLike | None = None, window: float = 0.2
    ) -> "DoubleCrystalBall":
        """Maximum-likelihood shape of simulated dijet masses (n_events,) in GeV of a resonance of this mass.

        Only values within `window` times the mass of the mass count. Raises MaplessError if there are fewer
        than 50 of them or if the fit does not converge from two starting points; `fit_result` of the shape
        has the covariance.
        """

        def fractions(parameters: FloatArray, edges: FloatArray) -> FloatArray:
            return cls(*parameters.tolist()).bin_fractions(edges)

        result = fit_simulation(np.asarray(values, dtype=float), mass, weights, window, fractions)
        return cls(**result.parameters, mass=float(mass), fit_result=result)

    def varied(self, mean: float, sigma: float) -> "DoubleCrystalBall":
        """The same tails at another position and width, in GeV."""
        return replace(self, mean=mean, sigma=sigma, fit_result=None)

    def standard(self, z: FloatArray) -> Derivatives:
        """Cumulative probability, density, and slope of the density at z = (mass - mean) / sigma."""
        area_low, core, area_high = self._areas
        inside = np.clip(z, -self.alpha_low, self.alpha_high)
        density = np.exp(-0.5 * inside**2)
        slope = -inside * density
        left = area_low + _SQRT_HALF_PI * float(erf(self.alpha_low / _SQRT_2))
        cumulative = left + _SQRT_HALF_PI * erf(inside / _SQRT_2)
        below, above = z < -self.alpha_low, z > self.alpha_high
        area, density[below], slope[below] = _tail(-z[below] - self.alpha_low, self.alpha_low, self.n_low)
        cumulative[below] = area
        area, density[above], slope[above] = _tail(z[above] - self.alpha_high, self.alpha_high, self.n_high)
        cumulative[above] = area_low + core + area_high - area
        slope[above] *= -1
        total = area_low + core + area_high
        return cumulative / total, density / total, slope / total

    def to_json(self) -> dict[str, Any]:
        """Shape parameters and status of the fit, for JSON."""
        numbers = {name: value for name, value in asdict(self).items() if name != "fit_result"}
        return numbers | {"fit_result": self.fit_result.to_json() if self.fit_result else None}

    @classmethod
    def from_json(cls, stored: dict[str, Any] | str | Path) -> "DoubleCrystalBall":
        """Shape from `to_json()`, or from a file that holds it."""
        numbers = dict(stored if isinstance(stored, dict) else json.loads(Path(stored).read_text()))
        numbers.pop("fit_result", None)
        try:
            return cls(**numbers)
        except TypeError as error:
            raise MaplessError(f"not a stored double Crystal Ball: {error}; write it with to_json") from None

    @property
    def _areas(self) -> tuple[float, float, float]:
        """Areas of low tail, core and high tail in units of z, for a peak of height one."""
        core = _SQRT_HALF_PI * (erf(self.alpha_low / _SQRT_2) + erf(self.alpha_high / _SQRT_2))
        edge = np.zeros(1)
        low, high = _tail(edge, self.alpha_low, self.n_low)[0], _tail(edge, self.alpha_high, self.n_high)[0]
        return float(low[0]), float(core), float(high[0])


def _tail(depth: FloatArray, alpha: float, n: float) -> Derivatives:
    """A tail from `depth` sigmas beyond its start: area to infinity, height, and slope towards the peak."""
    reach = 1 + alpha * depth / n
    height = np.exp(-0.5 * alpha**2) * reach**-n
    return n / (alpha * (n - 1)) * reach * height, height, alpha * height / reach
