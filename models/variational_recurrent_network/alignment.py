"""The published alignment of jets (arXiv:2105.09274, algorithm 1): only the shape of a jet is left.

Turned and boosted, all jets have the same direction, mass and energy, so that a network can learn neither of
them, and its score does not follow the mass.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_Momenta = NDArray[np.float64]
_Mask = NDArray[np.bool_]

MASS, ENERGY = 0.25, 1.0
"""Of every aligned jet."""
FEWEST = 3
"""Constituents of a jet that has a shape."""

_RAPIDITY = np.arccosh(ENERGY / MASS)
_RADIUS = 1.0  # around the axis of the aligned jet, outside of which constituents are dropped
_LIGHTEST = 1e-6  # mass of a jet over its transverse energy, below which rounding decides


def aligned_sequences(constituents: NDArray[Any], length: int) -> Floats:
    """Constituents of jets, aligned and in the order in which a network reads them.

    A jet is turned and boosted along the beam so that it flies along x, scaled to the mass 0.25, boosted to
    the energy 1, and turned about x so that its most energetic constituent is at eta = 0. What is farther
    than 1 from the axis is dropped, and the rest aligned again, until nothing is. Of more than `length`
    constituents those with the largest pt times distance from the axis stay, and are aligned again. The most
    energetic one is the first; each of the others is the one with the largest pt times distance from the one
    before it. The jet is reflected so that the second has eta above 0.

    Args:
        constituents: pt, eta and phi (n_jets, particles, 3) of massless particles; without pt there is none.
        length: largest number of constituents to keep.

    Returns:
        pt, eta and phi (n_jets, length, 3) in the frame of the aligned jets, where the energy of all is 1; 0
        behind the last constituent, and everywhere for a jet of fewer than three.
    """
    pt, eta, phi = np.moveaxis(constituents.astype(np.float64), -1, 0)
    momenta = np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=-1)
    momenta, there = _settled(momenta, pt > 0)
    if momenta.shape[1] > length:
        chosen = np.argsort(-_from_axis(momenta, there), axis=1, kind="stable")[:, :length]
        momenta = np.take_along_axis(momenta, chosen[..., None], axis=1)
        momenta, there = _settled(momenta, np.take_along_axis(there, chosen, axis=1))
    sequences = np.zeros((len(momenta), length, 3), np.float32)
    sequences[:, : momenta.shape[1]] = _in_order(_polar(momenta), there)
    return sequences


def lengths(sequences: Floats) -> NDArray[np.int32]:
    """Number of constituents of aligned jets (n_jets, length, 3): (n_jets,)."""
    return np.count_nonzero(sequences[..., 0], axis=1).astype(np.int32)


def _settled(momenta: _Momenta, there: _Mask) -> tuple[_Momenta, _Mask]:
    """Align jets and drop what is far from their axes, until nothing is; jets of too few have none left."""
    momenta, there = momenta.copy(), there.copy()
    unsettled = np.arange(len(momenta))
    while len(unsettled):
        jets, seen = momenta[unsettled], there[unsettled]
        jets, defined = _aligned(jets, seen)
        near = seen & defined[:, None] & (np.hypot(*_polar(jets)[..., 1:].transpose(2, 0, 1)) < _RADIUS)
        near &= near.sum(axis=1, keepdims=True) >= FEWEST
        momenta[unsettled], there[unsettled] = jets, near
        unsettled = unsettled[(near != seen).any(axis=1) & near.any(axis=1)]
    return momenta, there


def _aligned(jets: _Momenta, there: _Mask) -> tuple[_Momenta, _Mask]:
    """Jets in the frame where those that are there add up to an aligned jet, and whether they have a mass."""
    jets = np.where(there[..., None], jets, 0)
    energy, x, y, z = np.moveaxis(jets, -1, 0)
    total = jets.sum(axis=1)
    x, y = _turned(x, y, np.arctan2(total[:, 2], total[:, 1]))
    energy, z = _boosted(energy, z, _rapidity(total[:, 0], total[:, 3]))
    total_energy, total_x = energy.sum(axis=1), x.sum(axis=1)
    mass = np.sqrt(np.maximum(total_energy**2 - total_x**2, 0))
    defined = mass > _LIGHTEST * total_energy
    mass = np.where(defined, mass, 1.0)
    energy, x = _boosted(energy, x, _rapidity(total_energy, total_x) - _RAPIDITY)
    scale = (MASS / mass)[:, None]
    energy, x, y, z = (scale * part for part in (energy, x, y, z))
    first = np.arange(len(jets)), energy.argmax(axis=1)
    y, z = _turned(y, z, np.arctan2(z[first], y[first]))
    return np.stack([energy, x, y, z], axis=-1), defined


def _rapidity(energy: _Momenta, along: _Momenta) -> _Momenta:
    """Of jets (n_jets,) along an axis; 0 where it is none."""
    velocity = np.divide(along, energy, out=np.zeros_like(along), where=energy > 0)
    return np.arctanh(np.clip(velocity, _LIGHTEST**2 - 1, 1 - _LIGHTEST**2))


def _boosted(energy: _Momenta, along: _Momenta, rapidity: _Momenta) -> tuple[_Momenta, _Momenta]:
    """Energy and momentum (n_jets, particles) seen from a frame with a rapidity (n_jets,)."""
    cosh, sinh = np.cosh(rapidity)[:, None], np.sinh(rapidity)[:, None]
    return cosh * energy - sinh * along, cosh * along - sinh * energy


def _turned(first: _Momenta, second: _Momenta, angle: _Momenta) -> tuple[_Momenta, _Momenta]:
    """Two components (n_jets, particles) turned back by an angle (n_jets,)."""
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    return cos * first + sin * second, cos * second - sin * first


def _polar(momenta: _Momenta) -> _Momenta:
    """The pt, eta and phi of momenta (..., 4); eta is 0 without pt."""
    _, x, y, z = np.moveaxis(momenta, -1, 0)
    pt = np.hypot(x, y)
    eta = np.arcsinh(np.divide(z, pt, out=np.zeros_like(z), where=pt > 0))
    return np.stack([pt, eta, np.arctan2(y, x)], axis=-1)


def _from_axis(momenta: _Momenta, there: _Mask) -> _Momenta:
    """Transverse momentum times distance from the axis; below 0 for what is not there."""
    pt, eta, phi = np.moveaxis(_polar(momenta), -1, 0)
    return np.where(there, pt * np.hypot(eta, phi), -1)


def _in_order(polar: _Momenta, there: _Mask) -> _Momenta:
    """Constituents as each follows from the one before it, reflected, with 0 behind the last."""
    jets, left = np.arange(len(polar)), there.copy()
    ordered = np.zeros_like(polar)
    score = np.where(there, polar[..., 0], -1)
    for place in range(polar.shape[1]):
        chosen = score.argmax(axis=1)
        ordered[:, place] = np.where(left[jets, chosen, None], polar[jets, chosen], 0)
        left[jets, chosen] = False
        distance = np.hypot(*(polar[..., 1:] - ordered[:, None, place, 1:]).transpose(2, 0, 1))
        score = np.where(left, polar[..., 0] * distance, -1)
    ordered[..., 1] *= np.where(ordered[:, 1:2, 1] < 0, -1, 1)
    return ordered
