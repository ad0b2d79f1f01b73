"""One simulated sample in every format: the same selection, as exactly as each format holds it."""

from pathlib import Path
from typing import Any

import awkward as ak
import h5py
import numpy as np
import pytest
import uproot

from analysis.simulation.chunks import select
from analysis.simulation.detector import Detector
from analysis.simulation.external import External, convert
from analysis.simulation.generator import flatten
from analysis.simulation.signals import XToYY
from selections import canonical_writer, snapshot
from selections.conversion.convert import from_root, to_root
from selections.conversion.inputs import JetDefinition
from selections.dijet import dijet, dijet_columns
from selections.sources import open_events
from tests.analysis.hepmc_files import generated, write_hepmc
from tests.selections.written_formats import write_nanoaod

SEED, N_EVENTS = 4, 200
EXACT = Detector(jet_energy_resolution=0, jet_mass_resolution=0)  # then constituents add up to their jet
FEATURES = ("tau1", "tau2", "tau3", "n_constituents")
SELECTION = dijet(mjj_min=2500, features=FEATURES, constituents=True)
FOLLOW = ("tau32", "mass_difference")  # from other columns, whose errors they magnify
COLUMNS = tuple(name for name in dijet_columns(FEATURES) if not name.endswith(FOLLOW))
CONSTITUENTS = ("jet1_constituent_pt", "jet2_constituent_pt")

Selected = tuple[list[int], dict[str, np.ndarray]]


@pytest.fixture(scope="module")
def record() -> Any:
    """X -> YY' events of 3 TeV."""
    return generated(XToYY().pythia(), N_EVENTS, SEED)


@pytest.fixture(scope="module")
def ours(record: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as our simulation writes it, with all bits of its floats."""
    path = tmp_path_factory.mktemp("ours") / "ours.root"
    selected, columns = select(
        flatten(record), External(file=""), EXACT, None, np.random.default_rng([SEED, 1])
    )
    ones = np.ones(len(selected))
    identity = {"run": ones, "luminosity_block": ones, "event": selected, "weight": 1 + selected % 3}
    label = {"truth_label": np.ones(len(selected), np.int32)}
    canonical_writer.write(path, [columns | identity | label], precision={})
    return path


def selected(file: Path, folder: Path, *, constituents: bool = True, **opening: Any) -> Selected:
    """Events after each cut, and the columns of the selected ones."""
    selection = SELECTION if constituents else dijet(mjj_min=2500, features=FEATURES)
    found = selection(open_events(file, **opening))
    columns = ("event", *COLUMNS, *(CONSTITUENTS if constituents else ()))
    written = uproot.open(snapshot.write(found, folder / "selected.root", columns))["Events"].arrays()
    written = written[ak.argsort(written["event"])]
    sums = {name: ak.to_numpy(ak.sum(written[name], axis=1)) for name in columns if name in CONSTITUENTS}
    values = {name: ak.to_numpy(written[name]) for name in columns if name not in CONSTITUENTS}
    return list(found.cutflow().events), values | sums


@pytest.fixture(scope="module")
def expected(ours: Path, tmp_path_factory: pytest.TempPathFactory) -> Selected:
    cutflow, columns = selected(ours, tmp_path_factory.mktemp("expected"))
    assert cutflow[0] > cutflow[-1] > 100
    return cutflow, columns


def assert_same(found: Selected, expected: Selected, within: float, **looser: float) -> None:
    """Same cutflow; columns `within` a relative precision, those whose names end so within another."""
    assert found[0] == expected[0]
    for name, values in found[1].items():
        precision = next((one for part, one in looser.items() if name.endswith(part)), within)
        assert values == pytest.approx(expected[1][name], rel=precision, abs=precision), name


@pytest.mark.parametrize("constituents", [False, True], ids=["nanoaod", "pfnano"])
def test_nanoaod_and_pfnano(ours: Path, expected: Selected, tmp_path: Path, constituents: bool) -> None:
    events = uproot.open(ours)["Events"].arrays()
    path = write_nanoaod(tmp_path / "nanoaod.root", events, constituents=constituents)
    found = selected(path, tmp_path, constituents=constituents, triggers=[], filters=[])
    assert_same(found, expected, 2e-6)


def test_case_h5(ours: Path, expected: Selected, tmp_path: Path) -> None:
    from_root(ours, tmp_path / "case.h5", "case")
    to_root([tmp_path / "case.h5"], tmp_path / "case.root")
    # masses follow from m_jj, constituents are stored in 16 bits
    assert_same(selected(tmp_path / "case.root", tmp_path), expected, 1e-4, constituent_pt=2e-3, _mass=0.05)


def test_particles_of_the_olympics(ours: Path, expected: Selected, tmp_path: Path) -> None:
    events = uproot.open(ours)["Events"].arrays()
    assert from_root(ours, tmp_path / "raw.h5", "lhco") == len(events)
    with h5py.File(tmp_path / "raw.h5") as file:
        rows = file["df/block0_values"][:]
    assert rows.shape == (len(events), 2101)
    assert (rows[:, 2100] == 1).all()
    for row, event in zip(rows, events, strict=True):
        n = len(event["constituent_pt"])
        assert row[: 3 * n : 3].tolist() == sorted(event["constituent_pt"].tolist(), reverse=True)
        assert not row[3 * n : 2100].any()
    to_root([tmp_path / "raw.h5"], tmp_path / "raw.root", jets=JetDefinition(radius=0.8))
    cutflow, columns = selected(tmp_path / "raw.root", tmp_path)
    columns["event"] = ak.to_numpy(events["event"])[columns["event"]]  # which are rows there
    # the sample holds the hardest 100 constituents of a jet
    whole = (expected[1]["jet1_n_constituents"] <= 100) & (expected[1]["jet2_n_constituents"] <= 100)
    assert whole.mean() > 0.9
    found, wanted = ({name: values[whole] for name, values in one.items()} for one in (columns, expected[1]))
    assert_same((cutflow, found), (expected[0], wanted), 1e-3)


def test_hepmc(record: Any, expected: Selected, tmp_path: Path) -> None:
    path = write_hepmc(tmp_path / "events.hepmc", record)
    convert([path], tmp_path / "events.root", seed=SEED, detector=EXACT)
    # as many bits as our simulation stores
    found = selected(tmp_path / "events.root", tmp_path)
    assert_same(found, expected, 2e-3, _mass=8e-3, tau21=8e-3, tau1=8e-3, tau2=8e-3, tau3=8e-3)
