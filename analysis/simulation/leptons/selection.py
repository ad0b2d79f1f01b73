"""Events with a lepton: which are kept, and the columns of their objects under the names of NanoAOD."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.simulation.columns import Columns
from analysis.simulation.detector import ELECTRON, MUON, PHOTON, Detector, Objects
from analysis.simulation.generator import GeneratedBatch, of_events, offsets
from analysis.simulation.jets import find_jets
from analysis.simulation.leptons.lepton_process import LeptonProcess
from analysis.simulation.leptons.objects import Found, find
from analysis.simulation.leptons.performance import ObjectPerformance
from analysis.simulation.leptons.small_jets import small_jets

ACCEPTANCE = 5.2  # of the calorimeters, in |eta|: the missing momentum needs all of them
LEPTON_ETA, BARREL_ETA = 2.5, 1.05
LEPTON_PT, PHOTON_PT = 10.0, 15.0  # GeV
ELECTRON_CONE, MUON_CONE, PHOTON_CONE = 0.3, 0.4, 0.3  # of isolation, as in NanoAOD
DRESSING_CONE = 0.1  # photons this near to an electron are part of its cluster
LOOSE_ISOLATION, PHOTON_ISOLATION = 0.25, 0.15


def select_leptons(
    batch: GeneratedBatch,
    objects: Objects,
    process: LeptonProcess,
    detector: Detector,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], Columns]:
    """The numbers of the events with a lepton, and flat columns of them.

    Where jets are taken for electrons more often than in nature, no other lepton counts.
    """
    n_events, performance = batch.n_events, process.performance
    jets, added = small_jets(batch, objects, rng)
    electrons, muons, photons = _leptons_and_photons(objects, n_events, performance, rng)
    fakes = fake_electrons(jets, process, rng)
    electrons = Found.joined([electrons, fakes])
    all_count = process.enhancement == 1
    leading_electrons = _leading(electrons if all_count else fakes, process.min_lepton_pt)
    leading_muons = _leading(muons if all_count else muons.select(slice(0)), process.min_lepton_pt)
    selected = np.union1d(leading_electrons.event, leading_muons.event)
    columns = _large_jets(batch, objects, process, detector, selected, rng)
    columns |= of_events("Jet", jets, selected, n_events)
    columns |= of_events("Electron", _electron_columns(electrons), selected, n_events)
    columns |= of_events("Muon", _muon_columns(muons), selected, n_events)
    columns |= of_events("Photon", _photon_columns(photons), selected, n_events)
    columns |= _missing_momentum(objects, added, selected)
    fired = triggered(leading_electrons, leading_muons, performance, rng)
    columns["passes_trigger"] = np.isin(selected, fired)
    return selected, columns


def fake_electrons(jets: Columns, process: LeptonProcess, rng: np.random.Generator) -> Found:
    """Jets that are taken for tight, isolated electrons, at most one in each event."""
    candidates = np.flatnonzero((jets["pt"] > process.min_lepton_pt) & (np.abs(jets["eta"]) < LEPTON_ETA))
    probability = process.performance.electron_fakes * process.enhancement
    taken = candidates[rng.random(len(candidates)) < probability]
    taken = taken[np.unique(jets["event"][taken], return_index=True)[1]]
    charge = rng.choice([-1, 1], len(taken))
    event, pt, eta, phi = (jets[name][taken] for name in ("event", "pt", "eta", "phi"))
    isolation, identification = np.zeros(len(taken), np.float32), np.full(len(taken), 3)
    return Found(event, pt, eta, phi, charge, isolation, identification)


def triggered(
    electrons: Found, muons: Found, performance: ObjectPerformance, rng: np.random.Generator
) -> NDArray[Any]:
    """Events in which one of the leptons fires the trigger."""
    in_barrel = np.abs(muons.eta) < BARREL_ETA
    muon_trigger = np.where(in_barrel, performance.muon_trigger_barrel, performance.muon_trigger_endcap)
    return np.concatenate(
        [
            electrons.event[rng.random(len(electrons.event)) < performance.electron_trigger],
            muons.event[rng.random(len(muons.event)) < muon_trigger],
        ]
    )


def _leptons_and_photons(
    objects: Objects, n_events: int, performance: ObjectPerformance, rng: np.random.Generator
) -> tuple[Found, Found, Found]:
    starts = offsets(objects.event, n_events)
    efficiencies = performance.electron_identification
    electrons = find(objects, starts, ELECTRON, LEPTON_PT, ELECTRON_CONE, efficiencies, rng, DRESSING_CONE)
    muons = find(objects, starts, MUON, LEPTON_PT, MUON_CONE, performance.muon_identification, rng)
    photons = find(objects, starts, PHOTON, PHOTON_PT, PHOTON_CONE, performance.photon_identification, rng)
    return electrons, muons, photons


def _leading(leptons: Found, min_pt: float) -> Found:
    """Leptons that an event is kept for: loosely identified and isolated."""
    loose = (leptons.identification > 0) & (leptons.isolation < LOOSE_ISOLATION)
    return leptons.select(loose & (leptons.pt > min_pt) & (np.abs(leptons.eta) < LEPTON_ETA))


def _large_jets(
    batch: GeneratedBatch,
    objects: Objects,
    process: LeptonProcess,
    detector: Detector,
    selected: NDArray[np.int64],
    rng: np.random.Generator,
) -> Columns:
    """Large jets of the selected events; the others are left empty, which takes no time."""
    there = objects.select(np.isin(objects.event, selected))
    _, columns = find_jets(batch, there, process.jet_criteria, detector, rng)
    counts = {name: columns[name][selected] for name in columns if name.startswith("n_")}
    return columns | counts


def _electron_columns(electrons: Found) -> Columns:
    level = electrons.identification
    named = {"charge": electrons.charge, "cutBased": np.where(level > 0, level + 1, 0)}
    return _momenta(electrons) | named | {"pfRelIso03_all": electrons.isolation}


def _muon_columns(muons: Found) -> Columns:
    levels = {
        f"{name}Id": (muons.identification >= level).astype(np.int32)
        for level, name in enumerate(("loose", "medium", "tight"), start=1)
    }
    return _momenta(muons) | {"charge": muons.charge} | levels | {"pfRelIso04_all": muons.isolation}


def _photon_columns(photons: Found) -> Columns:
    """Identification asks photons for isolation too, as that of CMS does: jets are full of photons."""
    level = np.where(photons.isolation < PHOTON_ISOLATION, photons.identification, 0)
    return _momenta(photons) | {"cutBased": level, "pfRelIso03_all": photons.isolation}


def _momenta(found: Found) -> Columns:
    return {name: getattr(found, name) for name in ("event", "pt", "eta", "phi")}


def _missing_momentum(
    objects: Objects, added: Sequence[NDArray[Any]], selected: NDArray[np.int64]
) -> Columns:
    """What balances all objects, and what the resolution adds to small jets."""
    px, py = (
        -(np.bincount(objects.event, objects.pt * function(objects.phi), len(more)) + more)[selected]
        for more, function in zip(added, (np.cos, np.sin), strict=True)
    )
    columns = {"PuppiMET_pt": np.hypot(px, py), "PuppiMET_phi": np.arctan2(py, px)}
    return {name: values.astype(np.float32) for name, values in columns.items()}
