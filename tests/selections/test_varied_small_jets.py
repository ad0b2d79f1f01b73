"""Small jets and missing momentum move with the energies of jets, against the same choice made by awkward."""

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.corrections import Correction
from selections.graph import Selection, book
from selections.jet_variations import (
    ENERGY,
    JetResolution,
    JetScale,
    JetSmearing,
    JetVariation,
    Resolution,
)
from selections.nodes import column_names
from selections.snapshot import write as write_snapshot
from selections.sources import open_events
from selections.sources.objects import COLUMNS
from selections.steps import Cut
from selections.variations import prepared
from tests.selections.test_jet_variations import RESOLUTION, gaussians
from tests.selections.test_objects import NO_CONDITIONS, apart, chosen, read, write

OPENING = {**NO_CONDITIONS, "objects": {"missing_momentum": "particle-flow"}}
SIZE = 0.2
OF_SMALL = {
    "schema_version": 2,
    "corrections": [
        {
            "name": "uncertainty",
            "version": 1,
            "inputs": [{"name": "JetEta", "type": "real"}],
            "output": {"name": "out", "type": "real"},
            "data": {
                "nodetype": "binning", "input": "JetEta", "flow": "error",
                "edges": [-9.0, 0.0, 9.0], "content": [0.1, 0.3],
            },
        }
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events in the layout of NanoAOD without large jets, and corrections."""
    folder = tmp_path_factory.mktemp("small_jets")
    write(folder / "events.root", np.random.default_rng(4), 9)
    (folder / "small.json").write_text(json.dumps(OF_SMALL))
    (folder / "resolution.json").write_text(json.dumps(RESOLUTION))
    return folder


def _source(folder: Path, kind: str) -> JetVariation:
    if kind == "size":
        return JetScale("jet_energy_scale", ENERGY, SIZE)
    of_small = Correction(folder / "small.json", "uncertainty")
    if kind == "correction":
        return JetScale("jet_energy_scale", ENERGY, correction=of_small, small_jets=of_small)
    if kind == "smearing":
        return JetSmearing("jet_energy_resolution", ENERGY, SIZE)
    resolution = Resolution(folder / "resolution.json", "resolution", "scale")
    return JetResolution("jet_energy_resolution", ENERGY, resolution, resolution)


def _factors(kind: str, shift: str, events: ak.Array, jets: ak.Array) -> ak.Array:
    """The factors of all small jets, by hand."""
    sign = 1 if shift == "up" else -1
    if kind == "size":
        return ak.ones_like(jets.pt) * (1 + sign * SIZE)
    if kind == "correction":
        return 1 + sign * ak.where(jets.eta < 0, 0.1, 0.3)
    most = int(ak.max(ak.num(jets)))
    drawn = gaussians(events, "jet_energy_resolution_small_jet", most)
    drawn = ak.from_regular(drawn)[ak.local_index(jets.pt)]
    scales = {"nominal": 1.2, "up": 1.3}
    size = SIZE if kind == "smearing" else 0.1 * np.sqrt(scales[shift] ** 2 - 1)
    return ak.where(1 + size * drawn < 0.01, 0.01, 1 + size * drawn)


def _by_hand(folder: Path, kind: str, shift: str) -> Path:
    """A file in which jets and missing momentum are what a shift makes of them."""
    path = folder / "events.root"
    events = uproot.open(path)["Events"].arrays()
    jets, kept = read(path, "Jet"), chosen(path)
    factors = _factors(kind, shift, events, jets)
    jets = ak.with_field(jets, factors, "factor")
    others = [kept[name] for name in ("muon", "electron", "photon")]
    balanced = apart(jets[(jets.pt > 15) & (abs(jets.eta) < 5.2)], others, 0.4)
    more = ak.sum((balanced.factor - 1) * balanced.pt * np.exp(1j * balanced.phi), axis=1)
    missing = np.asarray(events.MET_pt * np.exp(1j * events.MET_phi) - more)
    changed = {
        "Jet_pt": ak.values_astype(jets.pt * factors, "f4"),
        "Jet_mass": ak.values_astype(jets.mass * factors, "f4"),
        "MET_pt": abs(missing).astype("f4"),
        "MET_phi": np.angle(missing).astype("f4"),
    }
    made = folder / f"{kind}_{shift}.root"
    with uproot.recreate(made) as file:
        file["Events"] = {name: events[name] for name in events.fields if name[0] != "n"} | changed
    return made


@pytest.mark.parametrize(
    ("kind", "shift"),
    [
        *(("size", "up"), ("size", "down"), ("correction", "up"), ("smearing", "up")),
        *(("resolution", "nominal"), ("resolution", "up")),
    ],
)
def test_small_jets_and_missing_momentum_are_those_of_a_shifted_file(
    folder: Path, tmp_path: Path, kind: str, shift: str
) -> None:
    source = _source(folder, kind)
    events = prepared(open_events(folder / "events.root", **OPENING).with_columns(COLUMNS), [source])
    variation = source.variation_of(column_names(events.frame))
    selection = Selection("all", cuts=(Cut("true", "all"),), variations=(variation,))
    name = shift if shift == "nominal" else f"{source.name}:{shift}"
    selected = book(events, {"all": selection}, (name,))["all", name]
    found = uproot.open(write_snapshot(selected, tmp_path / "found.root", ("event", *COLUMNS)))[
        "Events"
    ].arrays()
    found = found[np.argsort(np.asarray(found.event))]
    by_hand = _by_hand(folder, kind, shift)
    expected: dict[str, Any] = {
        f"{kind}_{name}": one[name] for kind, one in chosen(by_hand).items() for name in ("pt", "eta", "phi")
    }
    expected["small_jet_mass"] = chosen(by_hand)["small_jet"].mass
    before = chosen(folder / "events.root")["small_jet"]
    assert ak.any(ak.num(before) != ak.num(expected["small_jet_pt"]))
    for column, values in expected.items():
        assert ak.num(found[column]).to_list() == ak.num(values).to_list(), column
        np.testing.assert_allclose(ak.flatten(found[column]), ak.flatten(values), rtol=1e-5, err_msg=column)
    stored = uproot.open(by_hand)["Events"].arrays(["MET_pt", "MET_phi"])
    np.testing.assert_allclose(found.missing_pt, stored.MET_pt, rtol=1e-4, atol=1e-3)
    turned = np.asarray(stored.MET_pt) * np.angle(np.exp(1j * np.asarray(found.missing_phi - stored.MET_phi)))
    assert abs(turned).max() < 1e-3  # GeV


def test_jets_that_are_there_already_are_moved_as_they_are(tmp_path: Path) -> None:
    """Flat files with chosen jets, and with large jets alone."""
    columns = {
        "run": np.ones(2, "u4"),
        "luminosity_block": np.ones(2, "u4"),
        "event": np.arange(2, dtype="u8"),
        "jet_pt": np.array([[500.0], [400.0]], "f4"),
        "jet_eta": np.zeros((2, 1), "f4"),
        "jet_phi": np.array([[0.0], [np.pi / 2]], "f4"),
        "jet_mass": np.ones((2, 1), "f4"),
        "missing_pt": np.array([100.0, 30.0], "f4"),
        "missing_phi": np.zeros(2, "f4"),
    }
    with uproot.recreate(tmp_path / "flat.root") as file:
        file["Events"] = {n: ak.from_regular(v) if v.ndim == 2 else v for n, v in columns.items()}
    branches = {name: name for name in columns}
    source = JetScale("jet_energy_scale", ("jet_pt", "jet_mass"), 0.1)
    events = prepared(open_events(tmp_path / "flat.root", branches=branches), [source])
    variation = source.variation_of(column_names(events.frame))
    selected = book(events, {"all": Selection("all", variations=(variation,))}, ("jet_energy_scale:up",))
    (up,) = selected.values()
    written = write_snapshot(up, tmp_path / "up.root", ("jet_pt", "missing_pt", "missing_phi"))
    found = uproot.open(written)["Events"].arrays()
    assert found.missing_pt.to_list() == pytest.approx([50, 50], rel=1e-5)
    assert found.missing_phi.to_list() == pytest.approx([0, np.arctan2(-40, 30)], abs=1e-5)


def test_a_correction_of_large_jets_alone_is_refused_where_small_ones_are_used(folder: Path) -> None:
    events = open_events(folder / "events.root", **OPENING).with_columns(["small_jet_pt"])
    source = JetScale("jes", ENERGY, correction=Correction(folder / "small.json", "uncertainty"))
    with pytest.raises(
        MaplessError, match="jes moves small jets .* say file and correction .* under small_jet"
    ):
        prepared(events, [source])
