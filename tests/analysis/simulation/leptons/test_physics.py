"""Leptons, small jets and missing momentum show masses that are known, and published performance."""

from itertools import combinations
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest

from analysis.simulation import simulate
from selections.leptons import boosted_w
from selections.sources import open_events
from selections.sources.objects import COLUMNS
from tests.analysis.simulation.conftest import read

pytestmark = pytest.mark.physics

BOTTOM, W_MASS, TOP_MASS, Z_MASS = 5, 80.4, 172.5, 91.19


def simulated(folder: Path, process: str, n_events: int, **parameters: Any) -> Path:
    """The file of a sample."""
    path = folder / f"{process}.root"
    simulate(process, n_events, output=path, seed=3, workers=1, quality="full", **parameters)
    return path


@pytest.fixture(scope="module")
def top_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Top pairs with a lepton."""
    return simulated(tmp_path_factory.mktemp("top_pairs"), "lepton_ttbar", 1500)


def objects(path: Path, *kinds: str) -> Any:
    """Columns of objects of some kinds as the reader chooses them by default."""
    names = [name for name in COLUMNS if name.startswith(kinds)]
    return ak.from_rdataframe(open_events(path).with_columns(names).frame, columns=names)


def momenta(events: Any, kind: str) -> Any:
    """(px, py, pz, E) of objects of a kind; leptons weigh nothing."""
    pt, eta, phi = (events[f"{kind}_{name}"] for name in ("pt", "eta", "phi"))
    mass = events[f"{kind}_mass"] if kind == "small_jet" else 0.0
    return pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2)


def invariant_mass(parts: Any) -> Any:
    """Mass of four-momenta, summed over the last axis."""
    px, py, pz, energy = (ak.sum(part, axis=-1) for part in parts)
    return np.sqrt(np.maximum(energy**2 - px**2 - py**2 - pz**2, 0))


def distance(events: Any, generated: Any, kind: str) -> Any:
    """Distance from each object of a kind to the nearest bottom quark of the hard process."""
    bottom = abs(generated["generator_quark_pdg_id"]) == BOTTOM
    quarks = ak.zip({name: generated[f"generator_quark_{name}"][bottom] for name in ("eta", "phi")})
    ours = ak.zip({name: events[f"{kind}_{name}"] for name in ("eta", "phi")})
    one, other = ak.unzip(ak.cartesian([ours, quarks], nested=True))
    turn = np.remainder(one.phi - other.phi + np.pi, 2 * np.pi) - np.pi
    return ak.fill_none(ak.min(np.hypot(one.eta - other.eta, turn), axis=-1), 9.0)


def test_z_bosons_have_their_mass_and_nothing_is_missing(tmp_path: Path) -> None:
    events = objects(simulated(tmp_path, "lepton_z_jets", 800), "electron", "muon", "missing")
    for kind in ("electron", "muon"):
        pairs = events[ak.num(events[f"{kind}_pt"]) == 2]
        mass = ak.to_numpy(invariant_mass(momenta(pairs, kind)))
        low, median, high = np.percentile(mass, [16, 50, 84])
        assert median == pytest.approx(Z_MASS, abs=0.6)
        assert high - low < 8  # the natural width alone has 4
        peak = pairs[abs(mass - Z_MASS) < 15]
        assert ak.mean(ak.sum(peak[f"{kind}_charge"], axis=1) == 0) > 0.99
        px, py = (ak.to_numpy(ak.sum(part, axis=1)) for part in momenta(peak, kind)[:2])
        pt = np.hypot(px, py)
        missing_x, missing_y = (peak.missing_pt * turn(peak.missing_phi) for turn in (np.cos, np.sin))
        along, across = (missing_x * px + missing_y * py) / pt, (missing_y * px - missing_x * py) / pt
        assert abs(np.mean(along)) < 0.1 * np.mean(pt)  # all of the recoil is found
        assert 5 < np.std(across) < 13  # GeV; the best that CMS has, with little pile-up (arXiv:1106.5048)


def test_the_transverse_mass_of_w_bosons_ends_at_their_mass(tmp_path: Path) -> None:
    events = objects(simulated(tmp_path, "lepton_w_jets", 800), "electron", "muon", "missing")
    single = events[ak.num(events.electron_pt) + ak.num(events.muon_pt) == 1]
    pt, phi = (
        ak.flatten(ak.concatenate([single[f"electron_{name}"], single[f"muon_{name}"]], axis=1))
        for name in ("pt", "phi")
    )
    mass = ak.to_numpy(np.sqrt(2 * pt * single.missing_pt * (1 - np.cos(phi - single.missing_phi))))
    counts, edges = np.histogram(mass, np.arange(0, 200, 10))
    assert 60 <= edges[counts.argmax()] <= 80
    assert np.mean(mass > W_MASS + 30) < 0.1


def test_three_jets_have_the_mass_of_the_top_quark(top_pairs: Path) -> None:
    events = objects(top_pairs, "small_jet")
    masses = np.array([mass for event in events for mass in three_jet_mass(event)])
    peak = np.abs(masses - TOP_MASS) < 40
    assert np.mean(peak) > 0.5
    assert np.median(masses[peak]) == pytest.approx(TOP_MASS, rel=0.06)  # jets of 0.4 are smaller than quarks


def three_jet_mass(event: Any) -> list[float]:
    """Mass of the bottom jet and the two others that look most like a hadronic top quark, if any do."""
    parts = np.array([ak.to_numpy(part) for part in momenta(event, "small_jet")])[:, :6]
    is_bottom = ak.to_numpy(event.small_jet_b_tag)[:6] > 0.4
    found = []
    for first, second in combinations(np.flatnonzero(~is_bottom), 2):
        w_mass = float(invariant_mass(parts[:, [first, second]]))
        found += [
            (abs(w_mass - W_MASS), float(invariant_mass(parts[:, [first, second, bottom]])))
            for bottom in np.flatnonzero(is_bottom)
        ]
    return [mass for off, mass in [min(found)] if off < 15] if found else []


def test_jets_of_bottom_quarks_are_tagged(top_pairs: Path) -> None:
    events = objects(top_pairs, "small_jet")
    from_bottom = distance(events, read(top_pairs), "small_jet")
    tagged = events.small_jet_b_tag > 0.4
    assert ak.mean(tagged[from_bottom < 0.2]) == pytest.approx(0.77, abs=0.04)
    assert ak.mean(tagged[from_bottom > 0.5]) < 0.12  # half of the W bosons to quarks have a charm quark


def test_leptons_of_bosons_are_isolated_and_those_of_hadrons_are_not(top_pairs: Path) -> None:
    events = ak.Array(read(top_pairs))
    for kind, cone in (("Electron", "03"), ("Muon", "04")):
        isolated = events[f"{kind}_pfRelIso{cone}_all"] < 0.15
        from_bottom = distance(events, events, kind)
        hard = events[f"{kind}_pt"] > 25
        assert ak.mean(isolated[hard & (from_bottom > 0.6)]) > 0.92
        assert ak.mean(isolated[hard & (from_bottom < 0.3)]) < 0.1


def test_large_jets_beside_a_lepton_have_the_mass_of_the_w_boson(top_pairs: Path) -> None:
    region = boosted_w(lund_planes=False)(open_events(top_pairs))
    mass = region.frame.AsNumpy(["jet1_softdrop_mass"])["jet1_softdrop_mass"]
    heavy = mass[mass > 40]
    counts, edges = np.histogram(heavy, np.arange(30, 250, 20))
    assert edges[counts.argmax()] == 70
    assert (
        np.mean(np.abs(heavy - W_MASS) < 20) > 0.35
    )  # tops, and bottom quarks with one quark, are there too


def test_phi_is_a_resonance_of_two_jets_beside_a_lepton(tmp_path: Path) -> None:
    path = simulated(tmp_path, "lepton_wkk_to_wphi", 300, resonance_mass=1500, phi_mass=500)
    events = objects(path, "small_jet")
    pairs = events[ak.num(events.small_jet_pt) >= 2]
    mass = ak.to_numpy(invariant_mass([part[:, :2] for part in momenta(pairs, "small_jet")]))
    counts, edges = np.histogram(mass, np.arange(100, 1000, 50))
    assert 400 <= edges[counts.argmax()] <= 500


def test_a_leptoquark_is_a_resonance_of_the_hardest_jet_and_muon(tmp_path: Path) -> None:
    path = tmp_path / "leptoquark.root"
    simulate("lepton_leptoquark", 150, output=path, seed=5, workers=1, quality="tiny", leptoquark_mass=4800)
    events = objects(path, "muon", "small_jet")
    events = events[(ak.num(events.muon_pt) > 0) & (ak.num(events.small_jet_pt) > 0)]
    assert len(events) > 120
    both = zip(momenta(events, "muon"), momenta(events, "small_jet"), strict=True)
    mass = ak.to_numpy(
        invariant_mass([ak.concatenate([one[:, :1], jet[:, :1]], axis=1) for one, jet in both])
    )
    assert np.median(mass) == pytest.approx(4800, rel=0.1)  # muons of 2 TeV are measured to a quarter
    assert np.mean(abs(mass / 4800 - 1) < 0.15) > 0.5
