"""Events say the same in every format, as exactly as the format can."""

import tracemalloc
from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections import canonical_writer
from selections.conversion import case_h5
from selections.conversion.convert import from_root, to_root
from selections.conversion.inputs import JetDefinition
from selections.conversion.named_arrays import ColumnNames
from selections.conversion.parts import EVENTS_AT_ONCE

SIGNAL = Path(__file__).parents[3] / "analysis" / "samples" / "x_to_yy_3000.root"
MOMENTUM = ("pt", "eta", "phi", "mass")


def read(path: Path) -> Any:
    return uproot.open(path)["Events"].arrays()


def write_frame(path: Path, columns: list[str] | list[int], values: np.ndarray) -> None:
    """A frame as pandas stores it."""
    with h5py.File(path, "w") as file:
        group = file.create_group("df")
        group["block0_items"] = np.array(columns, dtype="S" if isinstance(columns[0], str) else int)
        group["block0_values"] = values


def two_jets(events: Any, name: str) -> np.ndarray:
    return ak.to_numpy(events[f"jet_{name}"][:, :2]).astype(float)


def ordered(events: Any) -> np.ndarray:
    """Events whose jets have different momenta as stored, so that there is one order."""
    return np.diff(two_jets(events, "pt"), axis=1)[:, 0] < 0


def dijet_mass(events: Any) -> np.ndarray:
    pt, eta, phi, mass = (two_jets(events, name) for name in MOMENTUM)
    energy = np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2).sum(axis=1)
    momentum = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta))
    return np.sqrt(energy**2 - sum(part.sum(axis=1) ** 2 for part in momentum))


def made_particles(rng: np.random.Generator, n_events: int = 30) -> np.ndarray:
    """Two back-to-back sprays of 60 particles each, (n_events, 700, 3)."""
    particles = np.zeros((n_events, 700, 3))
    for event in particles:
        phi, eta = rng.uniform(-3, 3), rng.uniform(-1, 1, 2)
        for jet in range(2):
            part = slice(60 * jet, 60 * jet + 60)
            event[part, 0] = rng.exponential(20, 60)
            event[part, 1] = eta[jet] + rng.normal(0, 0.2, 60)
            event[part, 2] = (phi + np.pi * jet + rng.normal(0, 0.2, 60) + np.pi) % (2 * np.pi) - np.pi
    return particles


@pytest.fixture(scope="module")
def signal() -> Any:
    return read(SIGNAL)


@pytest.fixture(scope="module")
def case_file(tmp_path_factory: pytest.TempPathFactory, signal: Any) -> Path:
    output = tmp_path_factory.mktemp("case") / "events.h5"
    assert from_root(SIGNAL, output, "case") == len(signal)
    return output


def test_case_file_has_the_published_layout(case_file: Path, signal: Any) -> None:
    with h5py.File(case_file) as file:
        shapes = {name: file[name].shape[1:] for name in file}
        kinematics, labels = file["jet_kinematics"][:], file["truth_label"][:]
    assert shapes["jet_kinematics"] == (14,)
    assert shapes["jet1_extraInfo"] == shapes["jet2_extraInfo"] == (7,)
    assert shapes["event_info"] == (8,)
    assert kinematics[:, 0] == pytest.approx(dijet_mass(signal), rel=1e-5)
    assert np.all(kinematics[:, 5] >= kinematics[:, 9])  # the heavier jet first
    assert np.all(labels == 1)


def test_case_and_back_keeps_jets_and_masses(case_file: Path, signal: Any, tmp_path: Path) -> None:
    to_root([case_file], tmp_path / "again.root")
    again = read(tmp_path / "again.root")
    assert ak.all(signal["event"] == again["event"])
    assert dijet_mass(again) == pytest.approx(dijet_mass(signal), rel=1e-5)
    for name in ("pt", "eta", "softdrop_mass", "tau1", "tau4", "lsf3", "b_tag", "n_constituents"):
        theirs, ours = (two_jets(events, name)[ordered(signal)] for events in (again, signal))
        assert theirs == pytest.approx(ours, rel=1e-4, abs=1e-5), name


def test_case_keeps_the_missing_momentum_where_it_is_known(
    case_file: Path, signal: Any, tmp_path: Path
) -> None:
    few = signal[:9]
    missing = {"missing_pt": np.arange(9, dtype="f4"), "missing_phi": np.linspace(-3, 3, 9, dtype="f4")}
    with uproot.recreate(tmp_path / "few.root") as file:
        file.mkrntuple("Events", {name: few[name] for name in few.fields} | missing)
    from_root(tmp_path / "few.root", tmp_path / "few.h5", "case")
    to_root([tmp_path / "few.h5"], tmp_path / "again.root")
    again = read(tmp_path / "again.root")
    for name, values in missing.items():
        assert again[name].to_list() == values.tolist()
    to_root([case_file], tmp_path / "unknown.root")
    assert "missing_pt" not in read(tmp_path / "unknown.root").fields


def test_reading_needs_no_more_memory_for_a_longer_file(case_file: Path, signal: Any, tmp_path: Path) -> None:
    peaks = []
    for times in (8, 16):  # more than twice what is read at once
        path = tmp_path / f"{times}.h5"
        with h5py.File(case_file) as file, h5py.File(path, "w") as longer:
            for name in file:
                longer[name] = np.tile(file[name][:], (times, *[1] * (file[name].ndim - 1)))
        tracemalloc.start()
        n_events = sum(len(part["event"]) for part in case_h5.read(path))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert n_events == times * len(signal) > 2 * EVENTS_AT_ONCE
    assert peaks[1] < 1.05 * peaks[0] < 1e9


def test_event_numbers_that_floats_cannot_hold_become_rows(case_file: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.h5"
    with h5py.File(case_file) as file, h5py.File(old, "w") as copy:
        for name in file:
            if name != "event_id":
                file.copy(name, copy)
        copy["event_info"][:, 0] = 2.0**30 + np.arange(len(copy["event_info"]))
    to_root([old], tmp_path / "old.root")
    events = read(tmp_path / "old.root")["event"]
    assert len(np.unique(events)) == len(events)


@pytest.mark.parametrize("radius", [1.0, 0.8])
def test_particles_of_the_olympics_cluster_as_fastjet_does(
    tmp_path: Path, rng: np.random.Generator, radius: float
) -> None:
    fastjet = pytest.importorskip("fastjet")
    particles = made_particles(rng)
    label = np.arange(len(particles)) % 2
    rows = np.column_stack([particles.reshape(len(particles), -1), label])
    write_frame(tmp_path / "raw.h5", list(range(2101)), rows)
    to_root([tmp_path / "raw.h5"], tmp_path / "raw.root", jets=JetDefinition(radius))
    found = read(tmp_path / "raw.root")
    assert found["truth_label"].to_list() == label[ak.to_numpy(found["event"])].tolist()
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    for row, jets_pt, jets_mass in zip(found["event"], found["jet_pt"], found["jet_mass"], strict=True):
        there = particles[row][particles[row][:, 0] > 0].astype(np.float32).astype(float)
        pt, eta, phi = there.T
        momenta = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta))
        inputs = [fastjet.PseudoJet(*one) for one in zip(*momenta, strict=True)]
        sequence = fastjet.ClusterSequence(inputs, definition)
        jets = sorted(sequence.inclusive_jets(30), key=lambda jet: -jet.pt())[:3]
        assert [jet.pt() for jet in jets] == pytest.approx(jets_pt.to_list(), rel=1e-5)
        assert [jet.m() for jet in jets] == pytest.approx(jets_mass.to_list(), rel=1e-3)


def test_trimming_makes_jets_lighter(tmp_path: Path, rng: np.random.Generator) -> None:
    write_frame(tmp_path / "raw.h5", list(range(2100)), made_particles(rng).reshape(30, -1))
    masses = {}
    for fraction in (0.0, 0.05):
        to_root([tmp_path / "raw.h5"], tmp_path / "raw.root", jets=JetDefinition(1.0, fraction))
        found = read(tmp_path / "raw.root")
        assert "truth_label" not in found.fields  # a black box
        masses[fraction] = float(ak.mean(found["jet_mass"]))
    assert masses[0.05] < 0.95 * masses[0.0]


def test_features_of_the_olympics_are_jets(tmp_path: Path, signal: Any) -> None:
    columns = {}
    for place, jet in ((1, 1), (0, 2)):  # the harder jet second
        pt, eta, phi, mass = (two_jets(signal, name)[:, place] for name in MOMENTUM)
        values = (pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), mass)
        columns |= dict(zip((f"{name}j{jet}" for name in ("px", "py", "pz", "m")), values, strict=True))
        columns |= {f"tau{n}j{jet}": two_jets(signal, f"tau{n}")[:, place] for n in (1, 2, 3)}
    columns["label"] = np.ones(len(signal))
    write_frame(tmp_path / "features.h5", list(columns), np.column_stack(list(columns.values())))
    to_root([tmp_path / "features.h5"], tmp_path / "features.root")
    found = read(tmp_path / "features.root")
    assert dijet_mass(found) == pytest.approx(dijet_mass(signal), rel=1e-5)
    for name in ("pt", "eta", "mass", "tau1", "tau3"):
        theirs, ours = (two_jets(events, name)[ordered(signal)] for events in (found, signal))
        assert theirs == pytest.approx(ours, rel=1e-4, abs=1e-4), name


def test_arrays_of_cathode_and_back(tmp_path: Path, rng: np.random.Generator) -> None:
    light, difference, *ratios = rng.uniform(0.05, 0.3, (4, 100))
    rows = np.column_stack([rng.uniform(3, 4, 100), light, difference, *ratios, rng.integers(0, 2, 100)])
    np.save(tmp_path / "inner.npy", rows)
    to_root([tmp_path / "inner.npy"], tmp_path / "inner.root")
    assert float(read(tmp_path / "inner.root")["mjj"][0]) == pytest.approx(1000 * rows[0, 0], rel=1e-6)
    from_root(tmp_path / "inner.root", tmp_path / "again.npy", "cathode")
    assert np.load(tmp_path / "again.npy") == pytest.approx(rows, rel=1e-5, abs=1e-6)


def test_arrays_of_ones_own_are_named_in_a_file(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "mine.npz", pt_lead=[500.0, 400], pt_sub=[450.0, 0], m=[2.0, 3], both_eta=[[0, 1], [1, 0]]
    )
    names = ColumnNames(
        columns={"jet_pt": ("pt_lead", "pt_sub"), "jet_eta": "both_eta", "mjj": "m"}, factors={"mjj": 1000}
    )
    to_root([tmp_path / "mine.npz"], tmp_path / "mine.root", names=names)
    found = read(tmp_path / "mine.root")
    assert found["jet_pt"].to_list() == [[500, 450], [400]]
    assert found["jet_eta"].to_list() == [[0, 1], [1]]
    assert found["mjj"].to_list() == [2000, 3000]


def test_several_files_are_told_apart_by_their_run(tmp_path: Path, rng: np.random.Generator) -> None:
    for name in ("a", "b"):
        np.save(tmp_path / f"{name}.npy", np.column_stack([rng.random((10, 5)), np.ones(10)]))
    to_root([tmp_path / "a.npy", tmp_path / "b.npy"], tmp_path / "both.root")
    found = read(tmp_path / "both.root")
    assert len(set(zip(found["run"], found["event"], strict=True))) == 20


def write_broken(folder: Path, what: str) -> Path:
    path = folder / ("broken.npy" if what in ("pickle", "shape") else "broken.h5")
    if what == "text":
        path.write_text("no file")
    elif what == "other":
        with h5py.File(path, "w") as file:
            file["pictures"] = np.zeros((3, 4, 4))
    elif what == "pickle":
        np.save(path, np.array([{}], dtype=object))
    else:
        np.save(path, np.zeros((3, 4)))
    return path


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("text", "is not an HDF5 file, or not complete"),
        ("other", "holds pictures, which is no known format"),
        ("pickle", "cannot be read as an array"),
        ("shape", "arrays of CATHODE have 6 or 7 columns"),
    ],
)
def test_files_of_no_known_format_end_in_one_line(tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(MaplessError, match=message) as error:
        to_root([write_broken(tmp_path, what)], tmp_path / "x.root")
    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("x.root*"))


def test_column_that_a_format_needs_is_named(tmp_path: Path) -> None:
    part = {"event": np.arange(3), "run": np.ones(3), "mjj": np.ones(3)}
    canonical_writer.write(tmp_path / "few.root", [part])
    with pytest.raises(MaplessError, match=r"few.root has no column .*jet1_softdrop_mass"):
        from_root(tmp_path / "few.root", tmp_path / "x.npy", "cathode")


def test_olympics_file_that_nobody_here_wrote(shared_data: Path, tmp_path: Path) -> None:
    n_events = to_root([shared_data / "lhco" / "events_anomalydetection_tiny.h5"], tmp_path / "x.root")
    found = read(tmp_path / "x.root")
    is_signal = ak.to_numpy(found["truth_label"]) == 1
    assert (n_events, is_signal.sum()) == (1000, 93)
    assert np.median(dijet_mass(found)[is_signal]) == pytest.approx(3500, rel=0.03)
    assert np.median(two_jets(found, "mass").max(axis=1)[is_signal]) == pytest.approx(500, rel=0.1)
