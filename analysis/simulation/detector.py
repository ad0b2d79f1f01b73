"""A parametric CMS-like detector: tracks, calorimeter cells and the objects that particle flow makes of them.

Charged hadrons inside the tracker become tracks, unless lost; the chance to lose one grows in the dense
core of a jet. Photons, neutral hadrons and lost tracks deposit energy in calorimeter cells: what shares a
cell is merged, and its position is the cell's, smeared. All objects are massless.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.generator import Particles

CHARGED_HADRON, PHOTON, NEUTRAL_HADRON, ELECTRON, MUON = range(5)
INVISIBLE = (12, 14, 16)
ACCEPTANCE = 3.4  # jets end at 2.5, and reach 0.8 further


@dataclass(frozen=True)
class Detector:
    """Resolutions and efficiencies; sigma(E)/E = stochastic / sqrt(E) (+) constant, E in GeV."""

    tracker_eta: float = 2.5
    track_pt: float = 0.5
    track_efficiency: float = 0.96
    dense_core_cell: float = 0.03
    dense_core_loss: float = 0.04
    track_resolution: float = 0.01
    track_resolution_slope: float = 1e-4
    photon_cell: float = 0.0174
    photon_stochastic: float = 0.03
    photon_constant: float = 0.01
    photon_threshold: float = 0.3
    hadron_cell: float = 0.087
    hadron_stochastic: float = 1.0
    hadron_constant: float = 0.05
    hadron_position: float = 0.02
    hadron_threshold: float = 1.0
    jet_energy_resolution: float = 0.03
    jet_mass_resolution: float = 0.08


class Objects(NamedTuple):
    """Reconstructed massless objects, ordered by event; `pt` in GeV, `kind` one of this module's constants."""

    event: NDArray[np.int64]
    kind: NDArray[np.int32]
    pt: NDArray[np.float32]
    eta: NDArray[np.float32]
    phi: NDArray[np.float32]


def reconstruct(particles: Particles, detector: Detector, rng: np.random.Generator) -> Objects:
    """What the detector makes of stable particles."""
    code = np.abs(particles.pdg_id)
    seen = (np.abs(particles.eta) < ACCEPTANCE) & ~np.isin(code, INVISIBLE) & (code < 1_000_000)  # noqa: PLR2004
    particles, code = particles.select(seen), code[seen]
    charged = is_charged_hadron(code)
    lepton = (code == 11) | (code == 13)  # noqa: PLR2004 - electron and muon
    photon = code == 22  # noqa: PLR2004
    in_tracker = (np.abs(particles.eta) < detector.tracker_eta) & (particles.pt > detector.track_pt)
    tracked = charged & in_tracker
    tracked[tracked] = found_tracks(particles.select(tracked), detector, rng)
    parts = [
        tracks(particles.select(tracked), CHARGED_HADRON, detector, rng),
        tracks(particles.select(lepton & in_tracker & (code == 11)), ELECTRON, detector, rng),  # noqa: PLR2004
        tracks(particles.select(lepton & in_tracker & (code == 13)), MUON, detector, rng),  # noqa: PLR2004
        photons(particles.select(photon), detector, rng),
        neutral_hadrons(particles.select(~(tracked | lepton | photon)), detector, rng),
    ]
    joined = Objects(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    order = np.argsort(joined.event, kind="stable")
    return Objects(*(column[order] for column in joined))


def is_charged_hadron(code: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether a stable hadron of absolute PDG number `code` is charged.

    >>> is_charged_hadron(np.array([211, 321, 2212, 3112, 130, 2112, 22])).tolist()
    [True, True, True, True, False, False, False]
    """
    return np.isin(code, (211, 321, 2212, 3112, 3222, 3312, 3334))


def found_tracks(
    charged: Particles, detector: Detector, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which charged hadrons are found: the efficiency falls with every further one in the same small cell."""
    _, cell, count = np.unique(
        cell_index(charged, detector.dense_core_cell), return_inverse=True, return_counts=True
    )
    efficiency = detector.track_efficiency * np.exp(-detector.dense_core_loss * (count[cell] - 1))
    return rng.random(len(efficiency)) < efficiency


def tracks(particles: Particles, kind: int, detector: Detector, rng: np.random.Generator) -> Objects:
    """Tracks: the direction is exact, the transverse momentum smeared."""
    resolution = np.hypot(detector.track_resolution, detector.track_resolution_slope * particles.pt)
    pt = particles.pt * smearing(resolution, rng)
    return as_objects(particles, np.full(len(pt), kind, np.int32), pt, particles.eta, particles.phi)


def photons(particles: Particles, detector: Detector, rng: np.random.Generator) -> Objects:
    """Electromagnetic clusters at the centres of their cells."""
    merged = merge_cells(particles, detector.photon_cell)
    resolution = np.hypot(detector.photon_stochastic / np.sqrt(merged.energy), detector.photon_constant)
    pt = merged.pt * smearing(resolution, rng)
    kind = np.full(len(pt), PHOTON, np.int32)
    objects = as_objects(merged, kind, pt, merged.eta, merged.phi)
    return above(objects, detector.photon_threshold)


def neutral_hadrons(particles: Particles, detector: Detector, rng: np.random.Generator) -> Objects:
    """Hadronic clusters near the centres of their cells."""
    merged = merge_cells(particles, detector.hadron_cell)
    resolution = np.hypot(detector.hadron_stochastic / np.sqrt(merged.energy), detector.hadron_constant)
    pt = merged.pt * smearing(resolution, rng)
    eta = merged.eta + rng.normal(0, detector.hadron_position, len(pt))
    phi = merged.phi + rng.normal(0, detector.hadron_position, len(pt))
    kind = np.full(len(pt), NEUTRAL_HADRON, np.int32)
    return above(as_objects(merged, kind, pt, eta, phi), detector.hadron_threshold)


def smearing(resolution: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Gaussian factors of mean 1, cut at 0."""
    return np.maximum(1 + resolution * rng.standard_normal(len(resolution)), 0)


def as_objects(
    particles: Particles,
    kind: NDArray[np.int32],
    pt: NDArray[np.floating],
    eta: NDArray[np.floating],
    phi: NDArray[np.floating],
) -> Objects:
    """Objects of the events of `particles`, in single precision."""
    return Objects(particles.event, kind, *(column.astype(np.float32) for column in (pt, eta, phi)))


def above(objects: Objects, threshold: float) -> Objects:
    """Objects with a transverse momentum above `threshold`."""
    return Objects(*(column[objects.pt > threshold] for column in objects))


def cell_index(particles: Particles, size: float) -> NDArray[np.int64]:
    """One number for each (event, cell), with cells of `size` in pseudorapidity and azimuth."""
    eta, phi = cell_numbers(particles, size)
    return (particles.event * 4096 + eta) * 4096 + phi


def cell_numbers(particles: Particles, size: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cell number in pseudorapidity and in azimuth, both from 0."""
    eta = np.floor((particles.eta + ACCEPTANCE) / size).astype(np.int64)
    phi = np.floor((particles.phi + np.pi) / size).astype(np.int64)
    return eta, phi


def merge_cells(particles: Particles, size: float) -> Particles:
    """Particles summed by calorimeter cell: energies add up, and the cell's centre is the direction."""
    _, first, cell = np.unique(cell_index(particles, size), return_index=True, return_inverse=True)
    eta, phi = (number[first] for number in cell_numbers(particles, size))
    eta, phi = (eta + 0.5) * size - ACCEPTANCE, (phi + 0.5) * size - np.pi
    energy = np.bincount(cell, weights=particles.energy, minlength=len(first))
    return Particles(
        particles.event[first], particles.pdg_id[first], energy / np.cosh(eta), eta, phi, energy
    )
