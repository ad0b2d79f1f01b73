"""Momenta of the particles of a jet as the network sees them: in the frame of the jet, or as measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Frame = Literal["jet", "laboratory"]

_FASTEST = 1 - 1e-12  # along the beam, which rounding must not let reach the speed of light


def momenta(constituents: NDArray[Any], frame: Frame) -> Floats:
    """Momenta (px, py, pz) in GeV of constituents given by pt, eta and phi, both (n_jets, particles, 3).

    In the frame of the jet it is turned about the beam and boosted along it so that the sum of all momenta is
    the x axis; masses are neglected. What has no pt stays zero.

    >>> (momenta(np.array([[[3.0, 1.0, 0.5], [0.0, 0.0, 0.0]]]), "jet").round(3) + 0).tolist()
    [[[3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]]
    """
    pt, eta, phi = np.moveaxis(constituents.astype(np.float32), -1, 0)
    if frame == "jet":
        x, y, z = _cartesian(pt, eta, phi).sum(axis=1, dtype=np.float64).T
        energy = (pt * np.cosh(eta)).sum(axis=1, dtype=np.float64)
        velocity = np.divide(z, energy, out=np.zeros_like(z), where=energy > 0)
        rapidity = np.arctanh(np.clip(velocity, -_FASTEST, _FASTEST))
        eta = eta - rapidity[:, None].astype(np.float32)
        phi = phi - np.arctan2(y, x)[:, None].astype(np.float32)
    return _cartesian(pt, eta, phi)


def _cartesian(pt: Floats, eta: NDArray[Any], phi: NDArray[Any]) -> Floats:
    parts = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta))
    return np.stack(parts, axis=-1).astype(np.float32)


@dataclass(frozen=True)
class Standardisation:
    """Mean and standard deviation of each component of the momenta (GeV), both (3,); ValueError if not."""

    mean: Floats
    deviation: Floats

    def __post_init__(self) -> None:
        if not self.mean.shape == self.deviation.shape == (3,) or not (self.deviation > 0).all():
            raise ValueError("momenta are standardised by three means and three widths above 0")

    @classmethod
    def learn(cls, parts: Iterable[Floats]) -> Self:
        """Learn them from momenta (n_jets, particles, 3), some jets at a time; particles without pt count."""
        number, total, squares = 0, np.zeros(3), np.zeros(3)
        for part in parts:
            number += part.shape[0] * part.shape[1]
            total += part.sum(axis=(0, 1), dtype=np.float64)
            squares += np.square(part).sum(axis=(0, 1), dtype=np.float64)
        mean = total / number
        deviation = np.sqrt(np.maximum(squares / number - mean**2, 0))
        return cls(mean.astype(np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32))

    def __call__(self, part: Floats) -> Floats:
        """Momenta in units of order one."""
        return (part - self.mean) / self.deviation
