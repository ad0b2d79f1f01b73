import numpy as np
import pytest

from analysis.simulation.generator import Particles
from analysis.simulation.level1.towers import (
    Collisions,
    cpp,
    digitise_collisions,
    tower_eta,
    tower_number,
)  # fmt: skip

UNIT = 0.5 / 8  # GeV
ELECTRON, MUON, PHOTON, PION, NEUTRINO, KAON_LONG = 11, 13, 22, 211, 12, 130


def collide(*particles: tuple[int, float, float, float], n_events: int = 1) -> Collisions:
    """One particle (PDG number, pt, eta, phi) in each of the first events."""
    pdg_id, pt, eta, phi = (np.array(column) for column in zip(*particles, strict=True))
    event = np.arange(len(pt)) % n_events
    stable = Particles(event, pdg_id, pt, eta, phi, pt * np.cosh(eta))
    stable = stable.select(np.argsort(event, kind="stable"))
    return digitise_collisions(stable, n_events, np.random.default_rng(1))


def test_photon_is_one_electromagnetic_tower_of_its_energy() -> None:
    found = collide((PHOTON, 100, 1.0, 0.1))
    assert found.tower.tolist() == [(28 + 11) * 72 + 1]
    assert found.em[0] * UNIT == pytest.approx(100, rel=0.05)
    assert found.had[0] == 0


def test_hadrons_share_their_energy_between_the_calorimeters() -> None:
    found = collide(*[(KAON_LONG, 200, 0.5, 0.1)] * 500, n_events=500)
    em, had = found.em * UNIT, found.had * UNIT
    assert (em + had).mean() == pytest.approx(200, rel=0.02)
    assert em.mean() == pytest.approx(60, rel=0.1)


def test_positive_and_negative_particles_bend_apart() -> None:
    minus, straight, plus = (int(collide((code, 2, 0.5, 1.0)).tower[0] % 72) for code in (-211, PHOTON, 211))
    assert straight - plus == pytest.approx(minus - straight, abs=1)
    shift = 2 * np.pi / 72 * (minus - straight)
    assert shift == pytest.approx(np.arcsin(0.3 * 3.8 * 1.29 / 2 / 2), abs=2 * np.pi / 72)


@pytest.mark.parametrize(
    "particle",
    [
        (PION, 0.7, 0.3, 0),  # turns before the calorimeter
        (NEUTRINO, 50, 0, 0),
        (MUON, 50, 0, 0),
        (PHOTON, 50, 3.1, 0),
    ],
)
def test_what_does_not_reach_the_calorimeter_leaves_nothing(particle) -> None:
    assert collide(particle).tower.size == 0


def test_towers_of_an_event_belong_to_it() -> None:
    found = collide((PHOTON, 10, 0, 0.1), (PHOTON, 20, 0, 0.1), (PHOTON, 40, 1, 2), n_events=3)
    assert found.starts.tolist() == [0, 1, 2, 3]
    assert (found.em * UNIT).tolist() == pytest.approx([10, 20, 40], rel=0.1)


def test_muons_are_found_with_the_efficiency_and_resolution_of_the_trigger() -> None:
    found = collide(*[(MUON, 30.0, -1.5, 3.0)] * 4000, n_events=4000)
    pt, eta, phi = found.muons.T
    assert len(pt) / 4000 == pytest.approx(0.9, abs=0.02)
    momentum = (pt - 1) * 0.5
    assert momentum.mean() == pytest.approx(30, rel=0.02)
    assert momentum.std() == pytest.approx(6, rel=0.1)
    assert set(eta) == {-138}
    assert set(phi) == {275}
    assert found.muon_starts[-1] == len(pt)


def test_muons_outside_the_chambers_are_lost() -> None:
    assert collide(*[(MUON, 30.0, 2.45, 0.0)] * 20, n_events=20).muons.size == 0


def test_towers_are_numbered_from_negative_eta_and_from_phi_zero() -> None:
    eta = np.array([-2.99, -0.01, 0.01, 0.088, 2.99])
    assert tower_number(eta, np.zeros(5)).tolist() == [0, 27 * 72, 28 * 72, 29 * 72, 55 * 72]
    assert tower_number(np.zeros(2), np.array([-0.01, 2 * np.pi - 0.01])).tolist() == [28 * 72 + 71] * 2
    assert tower_eta(np.array([0, 28 * 72])).tolist() == pytest.approx([2.825, 0.0435])
    assert cpp().hardware_eta(0) == -cpp().hardware_eta(55) == -65
