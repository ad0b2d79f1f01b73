"""Resonance shapes in the dijet mass: the double Crystal Ball, interpolated or scaled in mass."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from errors import MaplessError
from fits.results import FitResult
from fits.spectrum import FloatArray

_SQRT_HALF_PI = float(np.sqrt(np.pi / 2))


class SignalShape(Protocol):
    """A peak whose position and width can be varied."""

    @property
    def mean(self) -> float:
        """Peak position in GeV."""

    @property
    def sigma(self) -> float:
        """Width in GeV."""

    def varied(self, mean: float, sigma: float) -> "SignalShape":
        """The same shape at another position and width, in GeV."""

    def bin_fractions(self, edges: FloatArray) -> FloatArray:
        """Probability (n_bins,) of each bin."""

    def derivatives(self, edges: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Bin probabilities (n_bins,), with derivatives (n_bins, 2) and (n_bins, 2, 2) in (mean, sigma)."""


@dataclass(frozen=True)
class DoubleCrystalBall:
    """Gaussian core with a power-law tail on either side.

    `mean` and `sigma` in GeV; tails start `alpha` sigmas from the mean and fall with power `n` > 1. `mass` is
    the resonance mass in GeV that it describes, `fit_result` the fit that it came from, if any. Source:
    Oreglia, SLAC-R-236, as used two-sided in CMS EXO-22-026 (arXiv:2412.03747).

    >>> shape = DoubleCrystalBall(3000, 100, 1.2, 3, 1.8, 9, mass=3000)
    >>> round(float(shape.cdf(2900)), 3)
    0.251
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

    @classmethod
    def fit(
        cls, values: npt.ArrayLike, mass: float, weights: npt.ArrayLike | None = None, window: float = 0.2
    ) -> "DoubleCrystalBall":
        """Maximum-likelihood shape of simulated dijet masses (n_events,) in GeV of a resonance of this mass.

        Only values within `window` times the mass of the mass count. Raises MaplessError if there are fewer
        than 50 of them or if the fit does not converge from two starting points; `fit_result` of the shape
        has the covariance.
        """
        from fits.signal_fit import fit_double_crystal_ball

        return fit_double_crystal_ball(np.asarray(values, dtype=float), mass, weights, window)

    @classmethod
    def interpolated(cls, shapes: Sequence["DoubleCrystalBall"]) -> "InterpolatedSignal":
        """Function of mass through shapes fitted at two or more masses."""
        return InterpolatedSignal(shapes)

    def scaled_to(self, mass: float) -> "DoubleCrystalBall":
        """The shape at another mass, mean and sigma in proportion to it: for when only one mass is simulated.

        >>> DoubleCrystalBall(2950, 100, 1.2, 3, 1.8, 9, mass=3000).scaled_to(6000).sigma
        200.0
        """
        if self.mass is None:
            raise MaplessError(
                "this signal shape does not know its mass; create it with mass=... to scale it"
            )
        factor = mass / self.mass
        return replace(self, mean=self.mean * factor, sigma=self.sigma * factor, mass=mass, fit_result=None)

    def varied(self, mean: float, sigma: float) -> "DoubleCrystalBall":
        """The same tails at another position and width, in GeV."""
        return replace(self, mean=mean, sigma=sigma, fit_result=None)

    def pdf(self, mass: npt.ArrayLike) -> FloatArray:
        """Probability density per GeV, normalised over all masses."""
        return self._density((np.asarray(mass, dtype=float) - self.mean) / self.sigma) / self.sigma

    def cdf(self, mass: npt.ArrayLike) -> FloatArray:
        """Probability below each mass in GeV."""
        return self._cumulative((np.asarray(mass, dtype=float) - self.mean) / self.sigma)

    def bin_fractions(self, edges: FloatArray) -> FloatArray:
        """Probability (n_bins,) of each bin; the sum is below one if the shape reaches beyond the edges."""
        return np.diff(self.cdf(edges))

    def derivatives(self, edges: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Bin probabilities (n_bins,), with derivatives (n_bins, 2) and (n_bins, 2, 2) in (mean, sigma)."""
        z = (np.asarray(edges, dtype=float) - self.mean) / self.sigma
        density, slope = self._density(z), self._slope(z)
        first = -np.stack([density, z * density], axis=-1) / self.sigma
        mixed = density + z * slope
        second = np.stack([slope, mixed, mixed, 2 * z * density + z**2 * slope], axis=-1) / self.sigma**2
        return np.diff(self._cumulative(z)), np.diff(first, axis=0), np.diff(second, axis=0).reshape(-1, 2, 2)

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
        core = _SQRT_HALF_PI * (erf(self.alpha_low / np.sqrt(2)) + erf(self.alpha_high / np.sqrt(2)))
        low, high = _tail_area(0.0, self.alpha_low, self.n_low), _tail_area(0.0, self.alpha_high, self.n_high)
        return float(low), float(core), float(high)

    def _by_region(self, z: FloatArray, parts: Sequence[Callable[[FloatArray], FloatArray]]) -> FloatArray:
        """Low tail (a function of depth), core (of z) and high tail (of depth), each where it holds."""
        low, core, high = parts
        depth_low, depth_high = np.maximum(-z - self.alpha_low, 0), np.maximum(z - self.alpha_high, 0)
        inside = core(np.clip(z, -self.alpha_low, self.alpha_high))
        return np.where(depth_low > 0, low(depth_low), np.where(depth_high > 0, high(depth_high), inside))

    def _density(self, z: FloatArray) -> FloatArray:
        shape = self._by_region(
            z,
            (
                lambda depth: _tail(depth, self.alpha_low, self.n_low),
                lambda core: np.exp(-0.5 * core**2),
                lambda depth: _tail(depth, self.alpha_high, self.n_high),
            ),
        )
        return shape / sum(self._areas)

    def _slope(self, z: FloatArray) -> FloatArray:
        """Derivative of the density in z."""
        ratio = self._by_region(
            z,
            (
                lambda depth: self.alpha_low / (1 + self.alpha_low * depth / self.n_low),
                np.negative,
                lambda depth: -self.alpha_high / (1 + self.alpha_high * depth / self.n_high),
            ),
        )
        return ratio * self._density(z)

    def _cumulative(self, z: FloatArray) -> FloatArray:
        low, core, high = self._areas
        left = low + _SQRT_HALF_PI * float(erf(self.alpha_low / np.sqrt(2)))
        area = self._by_region(
            z,
            (
                lambda depth: _tail_area(depth, self.alpha_low, self.n_low),
                lambda inside: left + _SQRT_HALF_PI * erf(inside / np.sqrt(2)),
                lambda depth: low + core + high - _tail_area(depth, self.alpha_high, self.n_high),
            ),
        )
        return area / (low + core + high)


class InterpolatedSignal:
    """Signal shape as a function of mass, through shapes known at several masses.

    Mean and sigma follow a spline (a straight line for two masses), the tails change linearly from mass to
    mass, as in CMS EXO-22-026. Call it with a mass in GeV; outside the known masses it raises MaplessError.
    """

    def __init__(self, shapes: Sequence[DoubleCrystalBall]) -> None:
        if (
            not shapes
            or any(shape.mass is None for shape in shapes)
            or len({shape.mass for shape in shapes}) == 1
        ):
            raise MaplessError(
                "interpolation needs shapes at two or more different masses; for one mass use scaled_to"
            )
        self.shapes = tuple(sorted(shapes, key=lambda shape: shape.mass or 0))
        self.masses = np.array([shape.mass for shape in self.shapes], dtype=float)
        from scipy.interpolate import make_interp_spline

        peaks = np.array([[shape.mean, shape.sigma] for shape in self.shapes])
        self._tails = np.array([[s.alpha_low, s.n_low, s.alpha_high, s.n_high] for s in self.shapes])
        self._peak = make_interp_spline(self.masses, peaks, k=min(3, len(self.shapes) - 1))

    def __call__(self, mass: float) -> DoubleCrystalBall:
        """Shape at a mass in GeV."""
        if not self.masses[0] <= mass <= self.masses[-1]:
            raise MaplessError(
                f"no signal shape at {mass:g} GeV: simulated masses are {self.masses[0]:g} to "
                f"{self.masses[-1]:g} GeV"
            )
        mean, sigma = self._peak(mass)
        tails = [np.interp(mass, self.masses, column) for column in self._tails.T]
        numbers = np.array([mean, sigma, *tails, mass]).tolist()
        return DoubleCrystalBall(*numbers)


def _tail(depth: FloatArray, alpha: float, n: float) -> FloatArray:
    """Height of a tail at a distance of `depth` sigmas beyond its start."""
    return np.exp(-0.5 * alpha**2 - n * np.log1p(alpha * depth / n))


def _tail_area(depth: FloatArray | float, alpha: float, n: float) -> FloatArray:
    """Area of a tail from `depth` sigmas beyond its start to infinity."""
    return n / (alpha * (n - 1)) * np.exp(-0.5 * alpha**2 - (n - 1) * np.log1p(alpha * depth / n))
