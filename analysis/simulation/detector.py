"""A parametric CMS-like detector: tracks, calorimeter cells and the objects that particle flow makes of them.

Charged hadrons inside the tracker become tracks, unless lost; the chance to lose one grows in the dense
core of a jet. Photons, neutral hadrons and lost tracks deposit energy in calorimeter cells: what shares a
cell is merged, and its position is the cell's, smeared. All objects are massless.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from analysis.simulation.generator import FIRST_EXOTIC, Particles

CHARGED_HADRON, PHOTON, NEUTRAL_HADRON, ELECTRON, MUON = range(5)  # the kinds, as in clustering.h
PDG_ELECTRON, PDG_MUON, PDG_PHOTON = 11, 13, 22
CHARGED_HADRONS = (211, 321, 2212, 3112, 3222, 3312, 3334)
INVISIBLE = (12, 14, 16)
ACCEPTANCE = 3.4  # large jets end at 2.5, and reach 0.8 further


class Detector(BaseModel):
    """Resolutions and efficiencies; sigma(E)/E = stochastic / sqrt(E) (+) constant, E in GeV."""

    model_config = ConfigDict(extra="forbid", frozen=True)

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
    """Reconstructed massless objects, ordered by event: `kind` as above, momenta in GeV, float32.

    The charge is that of electrons and muons, 0 for others.
    """

    event: NDArray[Any]
    kind: NDArray[Any]
    pt: NDArray[Any]
    eta: NDArray[Any]
    phi: NDArray[Any]
    charge: NDArray[Any]

    def select(self, mask: NDArray[Any]) -> "Objects":
        """The objects chosen by a mask or an index array."""
        return Objects(*(column[mask] for column in self))


def reconstruct(
    particles: Particles, detector: Detector, rng: np.random.Generator, acceptance: float = ACCEPTANCE
) -> Objects:
    """What the detector makes of stable particles with |eta| below `acceptance`."""
    particles = particles.select(leaves_a_signal(particles, acceptance))
    code = np.abs(particles.pdg_id)
    in_tracker = (np.abs(particles.eta) < detector.tracker_eta) & (particles.pt > detector.track_pt)
    tracked = np.isin(code, CHARGED_HADRONS) & in_tracker
    tracked[tracked] = found_tracks(particles.select(tracked), detector, rng)
    electron, muon, photon = (code == kind for kind in (PDG_ELECTRON, PDG_MUON, PDG_PHOTON))
    parts = [
        tracks(particles.select(tracked), CHARGED_HADRON, detector, rng),
        tracks(particles.select(electron & in_tracker), ELECTRON, detector, rng),
        tracks(particles.select(muon & in_tracker), MUON, detector, rng),
        photons(particles.select(photon), detector, rng),
        neutral_hadrons(particles.select(~(tracked | electron | muon | photon)), detector, rng),
    ]
    joined = Objects(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    return joined.select(np.argsort(joined.event, kind="stable"))


def leaves_a_signal(particles: Particles, acceptance: float) -> NDArray[np.bool_]:
    """Whether a particle is inside the detector and interacts there."""
    code = np.abs(particles.pdg_id)
    return (np.abs(particles.eta) < acceptance) & ~np.isin(code, INVISIBLE) & (code < FIRST_EXOTIC)


def found_tracks(charged: Particles, detector: Detector, rng: np.random.Generator) -> NDArray[np.bool_]:
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
    return as_objects(particles, kind, pt, particles.eta, particles.phi)


def photons(particles: Particles, detector: Detector, rng: np.random.Generator) -> Objects:
    """Electromagnetic clusters at the centres of their cells."""
    merged = merge_cells(particles, detector.photon_cell)
    resolution = np.hypot(detector.photon_stochastic / np.sqrt(merged.energy), detector.photon_constant)
    pt = merged.pt * smearing(resolution, rng)
    objects = as_objects(merged, PHOTON, pt, merged.eta, merged.phi)
    return objects.select(objects.pt > detector.photon_threshold)


def neutral_hadrons(particles: Particles, detector: Detector, rng: np.random.Generator) -> Objects:
    """Hadronic clusters near the centres of their cells."""
    merged = merge_cells(particles, detector.hadron_cell)
    resolution = np.hypot(detector.hadron_stochastic / np.sqrt(merged.energy), detector.hadron_constant)
    pt = merged.pt * smearing(resolution, rng)
    eta = merged.eta + rng.normal(0, detector.hadron_position, len(pt))
    phi = merged.phi + rng.normal(0, detector.hadron_position, len(pt))
    objects = as_objects(merged, NEUTRAL_HADRON, pt, eta, phi)
    return objects.select(objects.pt > detector.hadron_threshold)


def smearing(resolution: NDArray[np.floating], rng: np.random.Generator) -> NDArray[np.floating]:
    """Gaussian factors of mean 1, cut at 0."""
    return np.maximum(1 + resolution * rng.standard_normal(len(resolution)), 0)


def as_objects(
    particles: Particles, kind: int, pt: NDArray[Any], eta: NDArray[Any], phi: NDArray[Any]
) -> Objects:
    """Objects of one kind in the events of `particles`, in single precision."""
    pt, eta, phi = (column.astype(np.float32) for column in (pt, eta, phi))
    charge = -np.sign(particles.pdg_id) * (kind in (ELECTRON, MUON))
    return Objects(particles.event, np.full(len(pt), kind, np.int32), pt, eta, phi, charge)


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
    eta_number, phi_number = (number[first] for number in cell_numbers(particles, size))
    eta, phi = (eta_number + 0.5) * size - ACCEPTANCE, (phi_number + 0.5) * size - np.pi
    energy = np.bincount(cell, weights=particles.energy, minlength=len(first))
    return Particles(particles.event[first], particles.pdg_id[first], energy / np.cosh(eta), eta, phi, energy)
