"""Single collisions as the level-1 trigger sees them: sparse calorimeter towers, and muons.

Charged particles are bent by the solenoid; those that do not reach the barrel calorimeter are lost. Photons
and electrons deposit all their energy in the electromagnetic calorimeter, hadrons a random share of theirs.
Muons come from the collision only; `soft_muons` adds those of decays in flight and of punch-through.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.detector import (
    CHARGED_HADRONS,
    INVISIBLE,
    PDG_ELECTRON,
    PDG_MUON,
    PDG_PHOTON,
    Detector,
    smearing,
)  # fmt: skip
from analysis.simulation.generator import FIRST_EXOTIC, Particles, offsets
from selections import headers
from selections.level1.digitise import digitise
from selections.level1.hardware import N_SLOTS, PT_STEP, SLOT_NAMES
from selections.root import import_root

NEGATIVE = (PDG_ELECTRON, PDG_MUON, 3112, 3312, 3334)  # charged particles whose PDG number is above 0
MUON_INPUTS = slice(3 * SLOT_NAMES.index("muon0"), 3 * SLOT_NAMES.index("muon0") + 3)


@dataclass(frozen=True)
class TriggerDetector:
    """What the level-1 trigger depends on, beside the calorimeter resolutions of `Detector` (m, T, GeV)."""

    calorimeter_eta: float = 3.0
    barrel_eta: float = 1.479
    barrel_radius: float = 1.29
    endcap_distance: float = 3.14
    magnetic_field: float = 3.8
    largest_em_share: float = 0.6  # of a hadron's energy; uniform from 0
    muon_eta: float = 2.4
    muon_pt: float = 3.0
    muon_efficiency: float = 0.9
    muon_resolution: float = 0.2


class Collisions(NamedTuple):
    """Collisions as `mapless/level1_crossing.h` wants them, one after the other.

    `starts` (n + 1,) delimit the towers of each: `tower` = eta number * 72 + phi number, `em` and `had`
    transverse energies in 0.5 GeV / 8; `muon_starts` (n + 1,) its `muons` (m, 3), hardware pt, eta, phi.
    """

    starts: NDArray[np.int64]
    tower: NDArray[np.uint16]
    em: NDArray[np.uint16]
    had: NDArray[np.uint16]
    muon_starts: NDArray[np.int64]
    muons: NDArray[np.int16]

    @property
    def n(self) -> int:
        """Number of collisions."""
        return len(self.starts) - 1

    @classmethod
    def joined(cls, parts: list["Collisions"]) -> "Collisions":
        """The collisions of several parts, one part after the other."""
        starts, tower, em, had, muon_starts, muons = zip(*parts, strict=True)
        numbers, em_all, had_all = map(np.concatenate, (tower, em, had))
        all_muons = np.concatenate(muons)
        return cls(joined_starts(starts), numbers, em_all, had_all, joined_starts(muon_starts), all_muons)


def joined_starts(parts: tuple[NDArray[np.int64], ...]) -> NDArray[np.int64]:
    """The starts of jagged arrays laid one after the other.

    >>> joined_starts((np.array([0, 2]), np.array([0, 1, 4]))).tolist()
    [0, 2, 3, 6]
    """
    return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part) for part in parts]))])


@cache
def cpp() -> Any:
    """The C++ namespace of the level-1 trigger."""
    headers.load("mapless/level1_crossing.h")
    return import_root().mapless.level1


def digitise_collisions(particles: Particles, n_events: int, rng: np.random.Generator) -> Collisions:
    """Towers and muons of `n_events` collisions from their stable particles."""
    trigger = TriggerDetector()
    muons = find_muons(particles.select(np.abs(particles.pdg_id) == PDG_MUON), trigger, rng)
    visible = particles.select(deposits_energy(particles, trigger))
    arriving, phi = arrive(visible, trigger)
    event, tower, em, had = add_up(arriving, phi, trigger, rng)
    return Collisions(offsets(event, n_events), tower, em, had, offsets(muons[0], n_events), muons[1])


def deposits_energy(particles: Particles, trigger: TriggerDetector) -> NDArray[np.bool_]:
    """Whether a particle is stopped in the calorimeters."""
    code = np.abs(particles.pdg_id)
    hidden = np.isin(code, (*INVISIBLE, PDG_MUON)) | (code >= FIRST_EXOTIC)
    return ~hidden & (np.abs(particles.eta) < trigger.calorimeter_eta)


def arrive(particles: Particles, trigger: TriggerDetector) -> tuple[Particles, NDArray[Any]]:
    """Particles that reach the calorimeter, and their azimuth there after the bend in the solenoid."""
    code = np.abs(particles.pdg_id)
    charge = np.sign(particles.pdg_id) * np.isin(code, (*CHARGED_HADRONS, PDG_ELECTRON))
    charge = np.where(np.isin(code, NEGATIVE), -charge, charge)
    curvature = 0.3 * trigger.magnetic_field / 2 / particles.pt  # 1/m, half of one over the radius
    barrel = np.abs(particles.eta) < trigger.barrel_eta
    sine = curvature * trigger.barrel_radius
    turning = curvature * trigger.endcap_distance / np.sinh(np.maximum(np.abs(particles.eta), 1))
    angle = np.where(barrel, np.arcsin(np.minimum(sine, 1)), turning)
    arrives = (charge == 0) | ~barrel | (sine < 1)
    return particles.select(arrives), (particles.phi - charge * angle)[arrives]


def add_up(
    particles: Particles, phi: NDArray[Any], trigger: TriggerDetector, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]:
    """Event, number and transverse energies of the towers that the particles hit, ordered by event."""
    detector = Detector()
    key = particles.event * cpp().n_towers + tower_number(particles.eta, phi)
    hit, index = np.unique(key, return_inverse=True)
    electromagnetic = np.isin(np.abs(particles.pdg_id), (PDG_ELECTRON, PDG_PHOTON))
    share = np.where(electromagnetic, 1, rng.uniform(0, trigger.largest_em_share, len(key)))
    cosh = np.cosh(tower_eta(hit % cpp().n_towers))

    def deposit(part: NDArray[Any], stochastic: float, constant: float) -> NDArray[np.uint16]:
        pt = np.bincount(index, weights=part * particles.energy / np.cosh(particles.eta), minlength=len(hit))
        resolution = np.hypot(stochastic / np.sqrt(np.maximum(pt * cosh, 1e-3)), constant)
        return in_collision_units(pt * smearing(resolution, rng))

    em = deposit(share, detector.photon_stochastic, detector.photon_constant)
    had = deposit(1 - share, detector.hadron_stochastic, detector.hadron_constant)
    kept = (em > 0) | (had > 0)
    event, tower = np.divmod(hit[kept], cpp().n_towers)
    return event, tower.astype(np.uint16), em[kept], had[kept]


def in_collision_units(pt: NDArray[Any]) -> NDArray[np.uint16]:
    """Transverse energies in 0.5 GeV / 8, at most what 16 bits hold: 4 TeV."""
    return np.minimum(np.rint(pt * cpp().collision_units / PT_STEP), 2**16 - 1).astype(np.uint16)


@cache
def edges() -> NDArray[np.float64]:
    """Upper pseudorapidity edges of the towers of one half."""
    return np.array(list(cpp().tower_edges))


def tower_number(eta: NDArray[Any], phi: NDArray[Any]) -> NDArray[np.int64]:
    """Number of the tower at (eta, phi), eta number * 72 + phi number."""
    half, n_phi = len(edges()), cpp().n_phi
    ring = np.minimum(np.searchsorted(edges(), np.abs(eta), side="right"), half - 1)
    turns = np.remainder(np.asarray(phi, np.float64) / (2 * np.pi), 1)
    eta_number = np.where(eta < 0, half - 1 - ring, half + ring)
    return eta_number * n_phi + np.minimum(turns * n_phi, n_phi - 1).astype(np.int64)


def tower_eta(tower: NDArray[Any]) -> NDArray[np.float64]:
    """Pseudorapidity of the centres of towers, without sign."""
    half = len(edges())
    number = tower // cpp().n_phi
    ring = np.where(number < half, half - 1 - number, number - half)
    return (np.concatenate([[0], edges()[:-1]]) + edges())[ring] / 2


def find_muons(
    muons: Particles, trigger: TriggerDetector, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """Event (m,) and hardware pt, eta, phi (m, 3) of the muons that the trigger finds."""
    pt = muons.pt * smearing(np.full(len(muons.pt), trigger.muon_resolution), rng)
    found = (np.abs(muons.eta) < trigger.muon_eta) & (pt > trigger.muon_pt)
    found &= rng.random(len(pt)) < trigger.muon_efficiency
    return muons.event[found].astype(np.int64), digitised_muons(pt[found], muons.eta[found], muons.phi[found])


def digitised_muons(pt: NDArray[Any], eta: NDArray[Any], phi: NDArray[Any]) -> NDArray[np.int16]:
    """Hardware pt, eta, phi (m, 3) of muons."""
    alone = np.zeros((len(pt), N_SLOTS, 3))  # each digitised in an event of its own
    alone[:, SLOT_NAMES.index("muon0")] = np.column_stack([pt, eta, phi])
    return digitise(alone)[:, MUON_INPUTS].astype(np.int16)
