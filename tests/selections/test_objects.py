"""Small-radius jets, leptons, photons and missing momentum, against the same choice made by awkward."""

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections import snapshot
from selections.graph import Selection
from selections.sources import open_events
from selections.sources.objects import COLUMNS
from selections.steps import Cut

N_EVENTS = 300
NO_CONDITIONS: dict[str, Any] = {"triggers": [], "filters": []}


def collection(rng: np.random.Generator, **columns: Any) -> ak.Array:
    """Objects of many directions, on average three an event; `columns` make the others from their number."""
    counts = rng.poisson(3, N_EVENTS)
    n = int(counts.sum())
    flat = {
        "pt": (10 + rng.exponential(40, n)).astype("f4"),
        "eta": rng.normal(0, 1.5, n).astype("f4"),
        "phi": rng.uniform(-np.pi, np.pi, n).astype("f4"),
    } | {name: make(n) for name, make in columns.items()}
    return ak.unflatten(ak.Array(flat), counts)


def write(path: Path, rng: np.random.Generator, version: int) -> Path:
    """Events without large-radius jets, with the branches of NanoAOD 9 or 15."""

    def integers(high: int, kind: str) -> Any:
        return lambda n: rng.integers(0, high, n).astype(kind)

    def fraction(n: int) -> Any:
        return rng.uniform(0, 1.02, n).astype("f4")

    def charge(n: int) -> Any:
        return rng.choice([-1, 1], n).astype("i4")

    def flag(n: int) -> Any:
        return rng.random(n) < 0.7

    new = version > 9
    jets = {"mass": lambda n: rng.exponential(9, n).astype("f4")}
    jets |= {"btagUParTAK4B" if new else "btagDeepFlavB": fraction}
    multiplicities = {name: integers(4, "u1") for name in ("chMultiplicity", "neMultiplicity")}
    fractions = dict.fromkeys(("neHEF", "neEmEF", "chHEF"), fraction)
    jets |= {**fractions, **multiplicities} if new else {"jetId": integers(8, "i4")}
    missing = "PFMET" if new else "MET"
    columns = {
        "run": np.ones(N_EVENTS, "u4"),
        "luminosityBlock": np.ones(N_EVENTS, "u4"),
        "event": np.arange(N_EVENTS, dtype="u8"),
        "Jet": collection(rng, **jets),
        "Muon": collection(rng, charge=charge, mediumId=flag, tightId=flag, pfRelIso04_all=fraction),
        "Electron": collection(rng, charge=charge, cutBased=integers(5, "i4"), pfRelIso03_all=fraction),
        "Photon": collection(rng, cutBased=integers(4, "i4")),
        f"{missing}_pt": rng.exponential(30, N_EVENTS).astype("f4"),
        f"{missing}_phi": rng.uniform(-3, 3, N_EVENTS).astype("f4"),
    }
    with uproot.recreate(path) as file:
        file.mktree("Events", columns)
    return path


def read(path: Path, collection: str) -> ak.Array:
    """One collection by uproot."""
    names = uproot.open(path)["Events"].keys(filter_name=f"{collection}_*")
    arrays = uproot.open(path)["Events"].arrays(names)
    return ak.zip({name.removeprefix(f"{collection}_"): arrays[name] for name in names})


def apart(objects: ak.Array, others: list[ak.Array], distance: float) -> ak.Array:
    """Those that are so far from all others."""
    for other in others:
        one, two = ak.unzip(ak.cartesian([objects, other], nested=True))
        turn = np.abs(one.phi - two.phi)
        turn = np.where(turn > np.pi, 2 * np.pi - turn, turn)
        objects = objects[ak.all(np.hypot(one.eta - two.eta, turn) >= distance, axis=2)]
    return objects


def chosen(path: Path) -> dict[str, ak.Array]:
    """What the default settings choose."""
    muons, electrons, photons, jets = (read(path, name) for name in ("Muon", "Electron", "Photon", "Jet"))
    muons = muons[(muons.pt > 20) & (abs(muons.eta) < 2.4) & muons.mediumId & (muons.pfRelIso04_all < 0.15)]
    electrons = electrons[(electrons.cutBased >= 3) & (electrons.pfRelIso03_all < 0.15)]
    electrons = apart(electrons[(electrons.pt > 20) & (abs(electrons.eta) < 2.5)], [muons], 0.1)
    photons = photons[(photons.pt > 20) & (abs(photons.eta) < 2.5) & (photons.cutBased >= 2)]
    photons = apart(photons, [muons, electrons], 0.4)
    if "jetId" in jets.fields:
        tight = (jets.jetId & 2) != 0
    else:
        tight = (jets.neHEF < 0.99) & (jets.neEmEF < 0.9) & (jets.chHEF > 0.01) & (jets.chMultiplicity > 0)
        tight = tight & (jets.chMultiplicity + jets.neMultiplicity > 1)
    jets = jets[(jets.pt > 30) & (abs(jets.eta) < 2.5) & tight]
    found = {"muon": muons, "electron": electrons, "photon": photons}
    found["small_jet"] = apart(jets, [muons, electrons, photons], 0.4)
    return {kind: one[ak.argsort(one.pt, ascending=False, stable=True)] for kind, one in found.items()}


def assert_as_chosen(path: Path, folder: Path, b_tag: str, missing: str, **opening: Any) -> None:
    expected = chosen(path)
    named = {f"{kind}_{name}": one[name] for kind, one in expected.items() for name in ("pt", "eta", "phi")}
    named |= {f"{kind}_charge": expected[kind].charge for kind in ("muon", "electron")}
    named |= {"small_jet_mass": expected["small_jet"].mass, "small_jet_b_tag": expected["small_jet"][b_tag]}
    for name in ("pt", "phi"):
        named[f"missing_{name}"] = uproot.open(path)["Events"][f"{missing}_{name}"].array()
    assert set(named) == set(COLUMNS)
    events = open_events(path, **NO_CONDITIONS, **opening).with_columns(COLUMNS)
    written = snapshot.write(events.frame, folder / "chosen.root", ("event", *COLUMNS))
    found = uproot.open(written)["Events"].arrays()
    order = np.argsort(uproot.open(path)["Events"]["event"].array(library="np"), kind="stable")
    found = found[ak.argsort(found["event"], stable=True)]
    for name, values in named.items():
        assert found[name].to_list() == values[order].to_list(), name
    assert sum(ak.sum(ak.num(one)) for one in expected.values()) > 200


@pytest.mark.parametrize(
    ("version", "b_tag", "missing"), [(9, "btagDeepFlavB", "MET"), (15, "btagUParTAK4B", "PFMET")]
)
def test_objects_are_those_of_an_independent_choice_in_old_and_new_files(
    tmp_path: Path, rng: np.random.Generator, version: int, b_tag: str, missing: str
) -> None:
    path = write(tmp_path / "events.root", rng, version)
    assert_as_chosen(path, tmp_path, b_tag, missing, objects={"missing_momentum": "particle-flow"})


@pytest.mark.physics
def test_objects_of_a_file_that_nobody_here_wrote(shared_data: Path, tmp_path: Path) -> None:
    assert_as_chosen(shared_data / "nanoaod" / "DYto2E.root", tmp_path, "btagDeepFlavB", "PuppiMET")


def test_a_selection_gets_what_it_asks_for_and_nothing_else(tmp_path: Path, rng: np.random.Generator) -> None:
    events = open_events(write(tmp_path / "events.root", rng, 9), **NO_CONDITIONS)
    assert not {"muon_pt", "small_jet_pt"} & {str(name) for name in events.frame.GetColumnNames()}
    muons = Selection("muons", cuts=[Cut("muon_pt.size() > 0", "a muon")])(events)
    assert muons.cutflow().events[-1] == sum(len(one) > 0 for one in chosen(Path(events.files[0]))["muon"])
    names = {str(name) for name in muons.frame.GetColumnNames()}
    assert "passing_muons" in names
    assert not {"electron_pt", "small_jet_pt"} & names


def test_what_a_file_lacks_matters_only_where_it_is_asked_for(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    events = open_events(write(tmp_path / "events.root", rng, 9), **NO_CONDITIONS)
    with pytest.raises(MaplessError, match="missing_pt .* set objects.missing_momentum to particle-flow"):
        Selection("missing", cuts=[Cut("missing_pt > 100", "missing")])(events)
    settings = {"photon": {"isolation": "loose"}, "missing_momentum": "particle-flow"}
    events = open_events(events.files[0], **NO_CONDITIONS, objects=settings)
    with pytest.raises(
        MaplessError, match="no loose isolation of photons; set objects.photon.isolation to none"
    ):
        Selection("photons", cuts=[Cut("photon_pt.size() > 0", "a photon")])(events)
    assert events.lacks["small_jet_pt"] == events.lacks["photon_pt"]  # since jets are apart from photons
    assert "electron_pt" in {column.name for column in events.offered}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"electrons": {}}, "objects: electrons: unknown key; did you mean electron?"),
        ({"muon": {"isolatoin": "tight"}}, "objects: muon.isolatoin: unknown key; did you mean isolation?"),
        ({"muon": {"isolation": "tigth"}}, "objects: muon.isolation: Input should be 'none', 'loose'"),
        ({"photon": {"pt_min": -1}}, "objects: photon.pt_min: Input should be greater than or equal to 0"),
    ],
)
def test_a_wrong_setting_names_its_key(
    tmp_path: Path, rng: np.random.Generator, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(MaplessError) as error:
        open_events(write(tmp_path / "events.root", rng, 9), objects=settings)
    assert message in str(error.value)
