"""Jets are smeared by chance that is the same in every run, or towards the resolution of data."""

import json
import zlib
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot
from correctionlib import CorrectionSet

from errors import MaplessError
from selections.folds import mix_bits
from selections.graph import Selection, book
from selections.jet_variations import MASS, JetResolution, JetScale, JetSmearing, Resolution
from selections.snapshot import write
from selections.sources import OpenedEvents, open_events
from selections.steps import Cut
from selections.variations import prepared
from selections.weight_variations import FlatWeight, StoredWeights, WeightSet, combined

N = 20_000
PT_AND_MASS = ("jet_pt", "jet_mass")
RESOLUTION = {
    "schema_version": 2,
    "corrections": [
        {
            "name": name,
            "version": 1,
            "inputs": [{"name": key, "type": kind} for key, kind in inputs.items()],
            "output": {"name": "out", "type": "real"},
            "data": data,
        }
        for name, inputs, data in (
            ("resolution", {"JetEta": "real"}, 0.1),
            (
                "scale",
                {"systematic": "string"},
                {
                    "nodetype": "category",
                    "input": "systematic",
                    "content": [
                        {"key": word, "value": value}
                        for word, value in (("nom", 1.2), ("up", 1.3), ("down", 0.9))
                    ],
                },
            ),
        )
    ],
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Events with two jets in the layout of NanoAOD, most of them beside a generated one."""
    rng = np.random.default_rng(2)
    generated = rng.uniform(300, 900, (N, 2))
    index = np.where(rng.uniform(size=(N, 2)) < 0.8, np.arange(2), -1)
    path = tmp_path_factory.mktemp("jets") / "nano.root"
    columns = {
        "FatJet_pt": generated * rng.normal(1, 0.12, (N, 2)),
        "FatJet_eta": rng.uniform(-2, 2, (N, 2)),
        "FatJet_phi": rng.uniform(-3, 3, (N, 2)),
        "FatJet_mass": rng.uniform(50, 150, (N, 2)),
        "FatJet_msoftdrop": rng.uniform(50, 150, (N, 2)),
        "GenJetAK8_pt": generated,
    }
    with uproot.recreate(path) as out:
        out["Events"] = {
            "run": np.full(N, 3, np.uint32),
            "luminosityBlock": (1 + np.arange(N) % 5).astype(np.uint32),
            "event": np.arange(N, dtype=np.uint64),
            "genWeight": np.ones(N, np.float32),
            "FatJet_genJetAK8Idx": ak.from_regular(index.astype(np.int32)),
            **{name: ak.from_regular(values.astype(np.float32)) for name, values in columns.items()},
        }
    return path


@pytest.fixture(scope="module")
def events(file: Path) -> OpenedEvents:
    """The events of the file."""
    return open_events(file, triggers=[], filters=[])


@pytest.fixture(scope="module")
def stored(file: Path) -> ak.Array:
    """The file, in the order of snapshots."""
    arrays = uproot.open(file)["Events"].arrays()
    return arrays[np.lexsort((arrays.event, arrays.luminosityBlock))]


def gaussians(stored: ak.Array, name: str, n_jets: int = 2) -> np.ndarray:
    """What the hash of name and event gives the first jets, by numpy, (n_events, n_jets)."""
    bits = mix_bits(np.full(len(stored), zlib.crc32(name.encode()), np.uint64))
    for column in ("run", "luminosityBlock", "event"):
        bits = mix_bits(bits ^ np.asarray(stored[column], np.uint64))
    drawn = []
    for _ in range(n_jets):
        first = ((bits >> np.uint64(11)) + 0.5) / 2.0**53
        bits = mix_bits(bits)
        second = ((bits >> np.uint64(11)) + 0.5) / 2.0**53
        bits = mix_bits(bits)
        drawn.append(np.sqrt(-2 * np.log(first)) * np.cos(2 * np.pi * second))
    return np.stack(drawn, axis=1)


def _shifted(events: OpenedEvents, source: object, shift: str, path: Path, *columns: str) -> ak.Array:
    """Columns of all events under a shift."""
    selection = Selection("all", cuts=(Cut("true", "all"),), variations=(source.variation,))  # type: ignore[attr-defined]
    selected = book(prepared(events, [source]), {"all": selection}, (shift,))["all", shift]  # type: ignore[list-item]
    return uproot.open(write(selected, path, columns))["Events"].arrays()


def test_smeared_masses_follow_from_name_and_event(events, stored, tmp_path):
    source = JetSmearing("jet_mass_resolution", MASS, 0.2)
    found = _shifted(events, source, "jet_mass_resolution:up", tmp_path / "e.root", "jet_mass", "jet_pt")
    drawn = gaussians(stored, "jet_mass_resolution")
    assert abs(drawn.mean()) < 4 / np.sqrt(2 * N)
    assert drawn.std() == pytest.approx(1, abs=4 / np.sqrt(4 * N))
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 4 / np.sqrt(N)
    factors = np.maximum(1 + 0.2 * drawn, 0.01)
    np.testing.assert_allclose(found.jet_mass, np.asarray(stored.FatJet_mass) * factors, rtol=1e-5)
    np.testing.assert_array_equal(found.jet_pt, stored.FatJet_pt)


def _resolution(folder: Path) -> JetResolution:
    path = folder / "resolution.json"
    path.write_text(json.dumps(RESOLUTION))
    return JetResolution("jet_energy_resolution", PT_AND_MASS, Resolution(path, "resolution", "scale"))


@pytest.mark.parametrize(("shift", "scale"), [("nominal", 1.2), ("up", 1.3), ("down", 0.9)])
def test_jets_get_the_resolution_of_data(events, stored, tmp_path, shift, scale):
    source = _resolution(tmp_path)
    name = shift if shift == "nominal" else f"{source.name}:{shift}"
    found = _shifted(events, source, name, tmp_path / "events.root", "jet_pt", "jet_mass")
    pt, generated = np.asarray(stored.FatJet_pt), np.asarray(stored.GenJetAK8_pt)
    matched = (np.asarray(stored.FatJet_genJetAK8Idx) >= 0) & (abs(pt - generated) < 0.3 * pt)
    assert 0.7 < matched.mean() < 0.8
    stretched = 1 + (scale - 1) * (pt - generated) / pt
    smeared = 1 + 0.1 * np.sqrt(max(scale**2 - 1, 0)) * gaussians(stored, source.name)
    factors = np.maximum(np.where(matched, stretched, smeared), 0.01)
    np.testing.assert_allclose(found.jet_pt, pt * factors, rtol=2e-5)
    np.testing.assert_allclose(found.jet_mass, np.asarray(stored.FatJet_mass) * factors, rtol=2e-5)
    response = (np.asarray(found.jet_pt) / generated)[matched]
    assert response.std() == pytest.approx(scale * (pt / generated)[matched].std(), rel=0.01)


def test_cms_resolutions_are_those_of_correctionlib(shared_data, tmp_path):
    path = shared_data / "nanoaod" / "nano_tt_v12.root"
    file = shared_data / "corrections" / "jet_jerc_Summer22_V3.json.gz"
    names = [f"Summer22_22Sep2023_JRV1_MC_{part}_AK4PFPuppi" for part in ("PtResolution", "ScaleFactor")]
    events = prepared(open_events(path), [JetResolution("jer", PT_AND_MASS, Resolution(file, *names))])
    found = uproot.open(write(events, tmp_path / "events.root", ["jer_resolution", "jer_up", "jer_nominal"]))
    stored = uproot.open(path)["Events"].arrays(
        ["FatJet_pt", "FatJet_eta", "Rho_fixedGridRhoFastjetAll", "event"]
    )
    rho = ak.broadcast_arrays(stored.Rho_fixedGridRhoFastjetAll, stored.FatJet_pt)[0]
    inputs = [np.asarray(ak.flatten(one), np.float64) for one in (stored.FatJet_eta, stored.FatJet_pt, rho)]
    expected = ak.unflatten(CorrectionSet.from_file(str(file))[names[0]].evaluate(*inputs), ak.num(rho))
    order = np.argsort(np.asarray(stored.event))
    arrays = found["Events"].arrays()
    arrays = arrays[np.argsort(np.asarray(arrays.event))]
    np.testing.assert_allclose(ak.flatten(arrays.jer_resolution), ak.flatten(expected[order]), rtol=1e-6)
    assert ak.any(arrays.jer_up != arrays.jer_nominal)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (StoredWeights("isr", "PSWeigth", 0, 2), "the variation isr needs PSWeigth, which the events lack"),
        (WeightSet("pdf", "FatJet_p", (1, 2), "hessian"), "needs FatJet_p, .* did you mean FatJet_pt?"),
    ],
)
def test_what_the_events_lack_is_named(events, source, words):
    with pytest.raises(MaplessError, match=words) as error:
        prepared(events, [source])
    assert "\n" not in str(error.value)


def test_too_few_weights_in_an_event_end_the_loop_in_one_line(events, tmp_path):
    source = WeightSet("pdf", "FatJet_pt", (0, 2), "hessian")
    with pytest.raises(MaplessError, match="an event has 2 values of a column, but value 3") as error:
        write(prepared(events, [source]), tmp_path / "events.root", ["weight_pdf"])
    assert "\n" not in str(error.value)


def test_varied_graphs_and_branches_of_one_loop_agree(events):
    """The same variations by ROOT's VariationsFor, for whoever works interactively."""
    sources = [JetScale("jet_energy_scale", ("jet_pt",), 0.1), FlatWeight("trigger", 0.25)]
    cut = Cut("jet_pt.size() > 1 && jet_pt[1] > 500", "two hard jets")
    selection = Selection("hard", cuts=(cut,), variations=[one.variation for one in sources])
    ready = prepared(events, sources)
    varied = selection(ready).varied_cutflows()
    shifts = ("nominal", "jet_energy_scale:up", "jet_energy_scale:down")
    booked = book(ready, {"hard": selection}, shifts)
    assert len({varied[shift] for shift in shifts[1:]}) == 2
    for shift in shifts[1:]:
        assert booked["hard", shift].cutflow() == varied[shift]
    nominal = booked["hard", "nominal"]
    assert nominal.varied_cutflows() == {name: varied[name] for name in ("trigger:up", "trigger:down")}
    assert nominal.varied_cutflows()["trigger:up"].weighted[-1] == 1.25 * nominal.cutflow().weighted[-1]


def test_sets_are_combined_as_the_pdf4lhc_group_says(rng):
    nominal = np.array([10.0])
    up, down = combined(nominal, np.array([[13.0], [6.0], [10.0]]), "hessian")
    assert (up, down) == ([15.0], [5.0])
    replicas = rng.normal(10, 2, (100_000, 1))
    up, down = combined(nominal, replicas, "replicas")
    assert (up[0], down[0]) == pytest.approx((12, 8), abs=0.05)
    assert combined(nominal, np.array([[9.0], [9.5]]), "envelope") == ([10.0], [9.0])
