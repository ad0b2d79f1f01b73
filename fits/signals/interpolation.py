"""Signal shapes as a function of the resonance mass."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import make_interp_spline

from errors import MaplessError
from fits.signals.double_crystal_ball import DoubleCrystalBall


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
