"""Signal shapes as a function of the resonance mass."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import make_interp_spline

from errors import MaplessError
from fits.signals.double_crystal_ball import DoubleCrystalBall

FEWEST_SHAPES = 4
"""Of a closure: two at the ends, two to leave out."""


@dataclass(frozen=True)
class Closure:
    """A shape known at a mass, and what the interpolation through all other masses says it is."""

    mass: float
    known: DoubleCrystalBall
    predicted: DoubleCrystalBall

    @property
    def misplaced(self) -> float:
        """Fraction of the events that would have to move to turn one into the other."""
        edges = self.mass * np.linspace(0.3, 2.0, 2001)
        difference = self.predicted.bin_fractions(edges) - self.known.bin_fractions(edges)
        return float(0.5 * np.sum(np.abs(difference)))


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

    def to_json(self) -> list[dict[str, Any]]:
        """All shapes in plain types, for JSON."""
        return [shape.to_json() for shape in self.shapes]

    def closure(self) -> tuple[Closure, ...]:
        """Each mass but the first and last, predicted from the others.

        Raises MaplessError for fewer than four shapes: two are left for an interpolation of any use.
        """
        if len(self.shapes) < FEWEST_SHAPES:
            raise MaplessError(
                f"closure of an interpolation needs at least {FEWEST_SHAPES} shapes, not {len(self.shapes)}"
            )
        found = []
        for place, known in enumerate(self.shapes[1:-1], start=1):
            others = InterpolatedSignal([*self.shapes[:place], *self.shapes[place + 1 :]])
            mass = float(self.masses[place])
            found.append(Closure(mass, known, others(mass)))
        return tuple(found)
