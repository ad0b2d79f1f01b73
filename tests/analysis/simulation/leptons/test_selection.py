"""Samples with leptons hold them, and are read by the reader's own choice of objects."""

import json
from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from analysis.simulation import SimulatedSample, simulate
from analysis.simulation.catalogue import PROCESSES
from analysis.simulation.leptons.selection import LOOSE_ISOLATION
from analysis.simulation.processes import create
from selections.sources import open_events
from selections.sources.objects import COLUMNS
from tests.analysis.simulation.conftest import read


def test_every_event_has_a_lepton(top_pairs: SimulatedSample) -> None:
    events = read(top_pairs.path)
    electrons = (events["Electron_cutBased"] >= 2) & (events["Electron_pfRelIso03_all"] < LOOSE_ISOLATION)
    muons = (events["Muon_looseId"] > 0) & (events["Muon_pfRelIso04_all"] < LOOSE_ISOLATION)
    leading = ak.max(
        ak.concatenate([events["Electron_pt"][electrons], events["Muon_pt"][muons]], axis=1), axis=1
    )
    assert ak.all(leading > 60)
    assert 0.6 < ak.mean(events["passes_trigger"]) < 1
    assert ak.sum(ak.num(events["jet_pt"])) > 5
    assert ak.all(ak.num(events["generator_quark_pt"]) >= 2)
    assert float(ak.sum(events["weight"])) == pytest.approx(top_pairs.cross_section, rel=1e-5)


def test_the_reader_chooses_objects_as_for_nanoaod(top_pairs: SimulatedSample) -> None:
    events = open_events(top_pairs.path)
    assert (events.format, set(events.lacks) & set(COLUMNS)) == ("simulation", set())
    names = [f"{kind}_{name}" for kind in ("small_jet", "muon") for name in ("pt", "eta", "phi")]
    found = ak.from_rdataframe(events.with_columns(names).frame, columns=names)
    assert ak.all(found["small_jet_pt"] > 30)
    assert ak.all(found["small_jet_pt"][:, :-1] >= found["small_jet_pt"][:, 1:])
    jets, muons = (
        ak.zip({name: found[f"{kind}_{name}"] for name in ("eta", "phi")}) for kind in ("small_jet", "muon")
    )
    jet, muon = ak.unzip(ak.cartesian([jets, muons]))
    turn = np.remainder(jet.phi - muon.phi + np.pi, 2 * np.pi) - np.pi
    assert ak.sum(ak.num(turn)) > 50
    assert ak.all(np.hypot(jet.eta - muon.eta, turn) >= 0.4)


def test_the_choice_of_objects_is_a_setting(top_pairs: SimulatedSample) -> None:
    events = open_events(top_pairs.path, objects={"muon": {"pt_min": 77, "isolation": "none"}})
    passing = next(column for column in events.offered if column.name == "passing_muons")
    assert "77.0f" in passing.expression
    assert "pfRelIso04_all" not in passing.expression


def test_photons_in_jets_are_not_identified(top_pairs: SimulatedSample) -> None:
    events = read(top_pairs.path)
    in_jets = events["Photon_pfRelIso03_all"] > 0.15
    assert ak.sum(in_jets) > 20
    assert not ak.any(events["Photon_cutBased"][in_jets])


def test_leptons_of_multijets_are_jets_that_are_taken_for_electrons(tmp_path: Path) -> None:
    sample = simulate("lepton_qcd", 20, output=tmp_path / "qcd.root", workers=1, quality="tiny")
    electrons = read(sample.path)
    tight = (electrons["Electron_cutBased"] == 4) & (electrons["Electron_pt"] > 60)
    assert ak.all(ak.any(tight & (electrons["Electron_pfRelIso03_all"] == 0), axis=1))
    told = json.loads((tmp_path / "qcd.root.json").read_text())
    assert told["n_selected"] / told["n_generated"] > 0.02  # 0.05 for every jet above 60 GeV
    assert 10 < sample.cross_section < 1000  # pb: of 10^7 with such jets one in 10^5


def test_slices_of_one_process_do_not_overlap(tmp_path: Path) -> None:
    masses = {"boson": "W", "min_mass": 700.0, "max_mass": 1400.0}
    simulate("lepton_off_shell_boson", 30, output=tmp_path / "w.root", workers=1, quality="tiny", **masses)
    events = read(tmp_path / "w.root")
    lepton = ak.max(ak.concatenate([events["Electron_pt"], events["Muon_pt"]], axis=1), axis=1)
    assert (
        np.median(ak.to_numpy(ak.drop_none(lepton))) > 250
    )  # half of the mass, where the lepton goes across the beams
    process = create("lepton_w_jets", PROCESSES, min_hard_pt=300, max_hard_pt=600)
    assert {"PhaseSpace:pTHatMin = 300.0", "PhaseSpace:pTHatMax = 600.0"} <= set(process.pythia())
