"""Selections of events with a lepton, on events whose answer is known."""

from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from selections.leptons import boosted_w, jet_and_lepton, lepton_preselection
from selections.sources import open_events

EVENTS = 6


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A W boson in a jet beside a muon; then one thing after the other that an event must have is missing."""

    def everywhere(*values: float) -> np.ndarray:
        return np.array([values] * EVENTS, dtype="f4")

    columns = {
        "run": np.ones(EVENTS, "u4"),
        "luminosity_block": np.ones(EVENTS, "u4"),
        "event": np.arange(EVENTS, dtype="u8"),
        "passes_trigger": np.arange(EVENTS) != 1,
        **{f"jet_{name}": everywhere(value) for name, value in (("pt", 300), ("eta", 0), ("phi", 0))},
        **{f"jet_{name}": everywhere(80) for name in ("mass", "softdrop_mass")},
        **{f"Muon_{name}": everywhere(value) for name, value in (("pt", 80), ("eta", 0), ("phi", 3))},
        "Muon_pfRelIso04_all": everywhere(0.01),
        **{name: np.ones((EVENTS, 1), "i4") for name in ("Muon_mediumId", "Muon_charge")},
        **{f"Electron_{name}": everywhere(value) for name, value in (("pt", 30), ("eta", 1), ("phi", -2))},
        "Electron_pfRelIso03_all": everywhere(0.01),
        **{f"Electron_{name}": np.full((EVENTS, 1), 4, "i4") for name in ("charge", "cutBased")},
        **{f"Photon_{name}": everywhere(value) for name, value in (("pt", 30), ("eta", 2), ("phi", 0))},
        "Photon_cutBased": np.full((EVENTS, 1), 3, "i4"),
        **{f"Jet_{name}": everywhere(value) for name, value in (("pt", 60), ("eta", 0), ("phi", 2))},
        "Jet_mass": everywhere(5),
        "Jet_btagDeepFlavB": everywhere(0.9),
        "Jet_jetId": np.full((EVENTS, 1), 6, "i4"),
        # two prongs 0.4 apart, each of two particles 0.05 apart
        "constituent_jet": np.zeros((EVENTS, 4), "i4"),
        "constituent_pt": everywhere(120, 120, 30, 30),
        "constituent_eta": everywhere(0.2, -0.2, 0.25, -0.25),
        "constituent_phi": everywhere(0, 0, 0, 0),
        "PuppiMET_pt": np.full(EVENTS, 100, "f4"),
        "PuppiMET_phi": np.full(EVENTS, 2.5, "f4"),
    }
    columns["Muon_pt"][2] = 50
    columns["Muon_pfRelIso04_all"][3] = 0.3
    columns["PuppiMET_pt"][4] = 40
    columns["Jet_phi"][5] = 0.5  # in the large jet
    with uproot.recreate(tmp_path / "events.root") as file:
        lists = {
            name: ak.from_regular(ak.Array(values)) for name, values in columns.items() if values.ndim > 1
        }
        file.mkrntuple("Events", columns | lists)
    return tmp_path / "events.root"


def test_every_cut_takes_the_event_that_lacks_what_it_asks_for(events: Path) -> None:
    selected = boosted_w(lund_planes=False)(open_events(events))
    assert list(selected.cutflow().events) == [6, 5, 5, 3, 3, 2, 2, 2, 1]
    found = selected.frame.AsNumpy(["event", "lepton_pt", "leptonic_w_pt", "transverse_mass", "jet1_pt"])
    assert found["event"].tolist() == [0]
    assert found["lepton_pt"].tolist() == [80]
    both = np.hypot(80 * np.cos(3) + 100 * np.cos(2.5), 80 * np.sin(3) + 100 * np.sin(2.5))
    assert found["leptonic_w_pt"].tolist() == pytest.approx([both], rel=1e-5)
    assert found["transverse_mass"].tolist() == pytest.approx([np.sqrt(16000 * (1 - np.cos(0.5)))], rel=1e-5)


def test_a_softer_lepton_is_enough_where_asked_for(events: Path) -> None:
    selected = lepton_preselection(lepton_pt_min=45.0)(open_events(events))
    assert selected.frame.AsNumpy(["event"])["event"].tolist() == [0, 2, 4, 5]


def test_a_jet_beside_a_lepton_has_a_matrix_and_masses_of_pairs(events: Path) -> None:
    found = jet_and_lepton()(open_events(events)).frame.AsNumpy(
        ["event", "rapidity_mass_inputs", "m_bmu", "m_jmu"]
    )
    assert found["event"].tolist() == [0, 4, 5]
    assert np.array([list(one) for one in found["rapidity_mass_inputs"]]).shape == (3, 1287)
    energy = np.hypot(60, 5)  # of the b jet, 1 in phi from a muon of 80 GeV
    assert found["m_bmu"][0] == pytest.approx(np.sqrt(25 + 160 * (energy - 60 * np.cos(1))), rel=1e-5)
    assert found["m_jmu"].tolist() == [-1, -1, -1]


def test_the_lund_plane_of_a_boosted_w_holds_the_splitting_of_each_prong(events: Path) -> None:
    names = ("n_prongs", "lund_subjet_pt", "lund_subjet", "lund_log_inverse_angle", "lund_log_kt")
    frame = boosted_w()(open_events(events)).frame
    found = frame.AsNumpy([f"jet1_{name}" for name in names])
    n_prongs, subjet_pt, subjet, log_inverse_angle, log_kt = (
        np.array(found[f"jet1_{name}"][0]) for name in names
    )
    assert n_prongs == 2
    assert subjet_pt == pytest.approx([150, 150], rel=1e-4)
    assert sorted(subjet) == [0, 1]
    assert log_inverse_angle == pytest.approx(np.log(0.8 / 0.05), rel=1e-4)
    assert log_kt == pytest.approx(np.log(30 * 0.05), rel=1e-4)
