"""Every process starts in Pythia, and a signal is the resonance with the prongs that it says."""

from pathlib import Path

import numpy as np
import pytest

from analysis.simulation.card import read_card
from analysis.simulation.catalogue import PROCESSES
from analysis.simulation.generator import Generator
from analysis.simulation.processes import create
from errors import MaplessError

N_EVENTS = 40
CARD = {"card": {"card": ("NewGaugeBoson:ffbar2Wprime = on", "34:m0 = 2500")}}
PRONGS = {
    "qstar_to_qw": 3,
    "x_to_yy": 4,
    "wprime_to_bt": 6,
    "wkk_to_rw": 6,
    "x_to_yh": 8,
    "zprime_to_tt": 10,
    "y_to_hh": 12,
    "y_to_hx": 4,
    "graviton_to_tt": 6,
    "graviton_to_ww": 4,
}


def quarks(name: str, **parameters: object) -> tuple[np.ndarray, np.ndarray]:
    """Number of quarks of the hard process in each event, and their invariant mass."""
    process = create(name, PROCESSES, **parameters)
    batch = next(Generator(process, "tiny", 3).batches(N_EVENTS))
    pt, eta, phi = (column.astype(float) for column in (batch.quarks.pt, batch.quarks.eta, batch.quarks.phi))
    momenta = (batch.quarks.energy, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta))
    energy, *momentum = (np.bincount(batch.quarks.event, sums, batch.n_events) for sums in momenta)
    mass = np.sqrt(np.maximum(energy**2 - sum(part**2 for part in momentum), 0))
    return np.bincount(batch.quarks.event, minlength=batch.n_events), mass


@pytest.mark.parametrize(("name", "prongs"), PRONGS.items())
def test_signal_is_its_resonance_with_its_prongs(name: str, prongs: int) -> None:
    n_quarks, mass = quarks(name, resonance_mass=3000)
    hadronic = n_quarks == prongs  # the others have a lepton or a neutrino
    assert n_quarks.max() == prongs
    assert hadronic.any()
    radiated = 0.15 if name == "graviton_to_tt" else 0.08  # coloured daughters radiate, light ones more
    assert np.median(mass[hadronic]) == pytest.approx(3000, rel=radiated)
    assert np.all(mass < 3000 * 1.12)


@pytest.mark.parametrize("name", ["qcd", "ttbar", "single_top", "vector_boson_jets"])
def test_backgrounds_start(name: str) -> None:
    n_quarks, _ = quarks(name, mjj_min=1900)
    assert len(n_quarks) == N_EVENTS


@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("wprime_to_bt", {"b_prime_mass": 25}, 6),  # too light for a Z boson
        ("y_to_hx", {"x_decay": "three-prong"}, 4),  # and a gluon
        ("y_to_hx", {"x_decay": "heavy-flavour"}, 4),
        ("y_to_hx", {"x_decay": "dark"}, 2),  # of the Higgs boson
    ],
)
def test_other_decays_have_their_prongs(name: str, parameters: dict[str, object], expected: int) -> None:
    assert quarks(name, **parameters)[0].max() == expected


def test_slower_coupling_gives_fewer_constituents() -> None:
    """Twice the scale of final-state radiation is a weaker coupling: fewer particles."""
    counts = []
    for scale in (0.5, 2.0):
        process = create("x_to_yy", PROCESSES, final_state_radiation_scale=scale)
        batch = next(Generator(process, "tiny", 3).batches(100))
        counts.append(len(batch.stable.pt) / 100)
    assert counts[0] > 1.1 * counts[1]


def test_vincia_showers_the_same_quarks_otherwise() -> None:
    counts = []
    for shower in ("simple", "vincia"):
        process = create("x_to_yy", PROCESSES, shower=shower)
        batch = next(Generator(process, "tiny", 3).batches(20))
        assert len(batch.quarks.pt) == 4 * 20
        counts.append(len(batch.stable.pt) / 20)
    assert counts[0] != counts[1]
    assert counts[1] == pytest.approx(counts[0], rel=0.25)


def test_card_of_a_user_is_simulated(tmp_path: Path) -> None:
    path = tmp_path / "model.cmnd"
    path.write_text("! my model\nNewGaugeBoson:ffbar2Wprime = on\n34:m0 = 2500\n")
    n_quarks, mass = quarks("card", card=read_card(path))
    assert np.median(mass[n_quarks == 2]) == pytest.approx(2500, rel=0.1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nothing here\n", "holds no setting of Pythia"),
        ("Beams:eCM = 8000\n", "give beam_energy and the seed instead"),
    ],
)
def test_card_that_cannot_be_used_is_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "model.cmnd"
    path.write_text(text)
    with pytest.raises(MaplessError, match=message):
        create("card", PROCESSES, card=read_card(path))


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("zprime_to_tt", {"t_prime_mass": 1600}, "resonance_mass must be above t_prime_mass"),
        ("wprime_to_bt", {"b_prime_mass": 2900}, "resonance_mass must be above b_prime_mass . top quark"),
        ("y_to_hh", {"h_mass": 300}, "h_mass: .*greater than"),
        ("y_to_hx", {"x_decay": "odd"}, "x_decay: .*two-prong"),
        ("qcd", {"shower": "vincia", "final_state_radiation_scale": 2}, "belongs to the shower 'simple'"),
        ("qcd", {"min_delta_eta": 2.6}, "min_delta_eta must be below max_delta_eta"),
    ],
)
def test_impossible_signals_are_told(name: str, parameters: dict[str, object], message: str) -> None:
    with pytest.raises(MaplessError, match=message):
        create(name, PROCESSES, **parameters)
