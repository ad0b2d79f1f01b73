"""The same jets in files of ATLAS, Delphes, flat n-tuples and CMS: the same selection of the same events."""

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections import snapshot
from selections.dijet import dijet, dijet_columns
from selections.sources import open_events
from tests.selections.written_formats import read_events, write_flat, write_nanoaod, write_physlite

SIGNAL = Path(__file__).parents[2] / "analysis" / "samples" / "x_to_yy_3000.root"
N_EVENTS = 150
COMMON = ("tau1", "tau2", "tau3")  # of all formats
SELECTION = dijet(mjj_min=2700, features=COMMON)
GROOMED = ("jet1_softdrop_mass", "jet2_softdrop_mass")


@pytest.fixture(scope="module")
def events() -> Any:
    return read_events(SIGNAL, N_EVENTS)


def selected(file: Path, folder: Path, **opening: Any) -> tuple[list[int], dict[str, np.ndarray]]:
    """Events after each cut, and the columns of the selected ones by event number."""
    found = SELECTION(open_events(file, **opening))
    columns = ("event", "weight", *dijet_columns(COMMON))
    written = snapshot.read(snapshot.write(found, folder / f"{file.stem}_selected.root", columns))
    order = np.argsort(written["event"])
    return list(found.cutflow().events), {name: values[order] for name, values in written.items()}


@pytest.fixture(scope="module")
def expected(
    tmp_path_factory: pytest.TempPathFactory, events: Any
) -> tuple[list[int], dict[str, np.ndarray]]:
    """What our own file gives."""
    cutflow, columns = selected(SIGNAL, tmp_path_factory.mktemp("ours"), max_events=N_EVENTS)
    assert cutflow[0] == N_EVENTS > cutflow[-1] > 20
    return cutflow, columns


def assert_same(
    found: tuple[list[int], dict[str, np.ndarray]], expected: Any, but: tuple[str, ...] = ()
) -> None:
    assert found[0] == expected[0]
    for name, values in expected[1].items():
        if name not in but:
            assert found[1][name] == pytest.approx(values, rel=2e-6, abs=1e-6), name


def test_nanoaod_selects_the_same(tmp_path: Path, events: Any, expected: Any) -> None:
    path = write_nanoaod(tmp_path / "nanoaod.root", events)
    assert_same(selected(path, tmp_path, triggers=[], filters=[]), expected)


@pytest.mark.parametrize("kind", ["TTree", "RNTuple"])
def test_physlite_selects_the_same_apart_from_its_only_mass(
    tmp_path: Path, events: Any, expected: Any, kind: str
) -> None:
    path = write_physlite(tmp_path / "physlite.root", events, kind)
    opened = open_events(path, triggers=[])
    assert "groomed" in opened.notes["jet_softdrop_mass"]
    cutflow, columns = selected(path, tmp_path, triggers=[])
    assert cutflow == expected[0]
    for name in ("event", "weight", "mjj"):
        assert columns[name] == pytest.approx(expected[1][name], rel=2e-6)
    # heavier first by the ungroomed mass here: the pair of momenta is the same
    for name in ("pt", "tau21", "mass"):
        theirs, ours = (
            np.sort([one[f"jet{jet}_{name}"] for jet in (1, 2)], axis=0) for one in (columns, expected[1])
        )
        assert theirs == pytest.approx(ours, rel=2e-5)


def test_a_flat_ntuple_selects_the_same(tmp_path: Path, events: Any, expected: Any) -> None:
    path, named = write_flat(tmp_path / "flat.root", events)
    assert_same(selected(path, tmp_path, **named), expected, but=("run",))


def test_delphes_selects_the_same(tmp_path: Path, expected: Any, in_subprocess: Any) -> None:
    # written by another process, since its classes are not known where the file is read
    path = tmp_path / "delphes.root"
    in_subprocess(
        "from pathlib import Path; from tests.selections.written_formats import read_events, write_delphes; "
        f"write_delphes(Path({str(path)!r}), read_events(Path({str(SIGNAL)!r}), {N_EVENTS}))"
    )
    assert_same(selected(path, tmp_path), expected, but=("run", *GROOMED))
    _, columns = selected(path, tmp_path)
    for name in GROOMED:  # from a momentum in double precision
        assert columns[name] == pytest.approx(expected[1][name], rel=1e-3, abs=0.01)
    names = ["missing_pt", "jet_trimmed_mass", "jet_softdrop_mass"]
    found = open_events(path).with_columns(names).frame.AsNumpy(names)
    assert found["missing_pt"].tolist() == list(range(N_EVENTS))
    trimmed, groomed = (np.concatenate([np.asarray(one) for one in found[name]]) for name in names[1:])
    assert trimmed == pytest.approx(0.9 * groomed, rel=1e-3, abs=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"branches": {"event": "entry", "jet_pt": "fj_p"}}, "branches.jet_pt: the files have no fj_p"),
        ({"branches": {"jet_pt": "fj_pt_mev"}}, "branches: name the branch of the event number under event"),
        ({"branches": {"event": "entry"}, "factors": {"jet_pt": 2}}, "factors: branches names no jet_pt"),
        ({"branches": {"event": "entry", "met": ["entry", "entry"]}}, "branches.met: an event has one value"),
        ({"branches": {"event": "entry"}, "triggers": ["HLT"]}, "name branches passes_trigger"),
    ],
)
def test_wrong_names_of_branches_are_told(
    tmp_path: Path, events: Any, change: dict[str, Any], message: str
) -> None:
    path, _ = write_flat(tmp_path / "flat.root", events)
    with pytest.raises(MaplessError, match=message):
        open_events(path, **change)


def write_mini(path: Path, **columns: Any) -> Path:
    """Three events of two jets, with other columns in place."""
    jets = {name: ak.Array([[500.0, 400.0]] * 3) for name in ("jet_pt", "jet_eta", "jet_mass")}
    with uproot.recreate(path) as file:
        file["mini"] = {"event": np.arange(3), **jets, "met": np.ones(3), **columns}
    return path


MINI = {"event": "event", "jet_pt": "jet_pt", "jet_eta": "jet_eta", "jet_mass": "jet_mass"}


@pytest.mark.parametrize("eta", [[[0.1]] * 3, [[0.1, 0.2, 0.3]] * 3])
def test_jets_of_a_flat_ntuple_are_as_many_in_every_branch(tmp_path: Path, eta: list[Any]) -> None:
    path = write_mini(tmp_path / "mini.root", jet_eta=ak.Array(eta))
    events = open_events(path, branches=MINI)
    n = len(eta[0])
    with pytest.raises(
        MaplessError, match=f"jet_(eta|pt) has . values in event 0, but jet_(eta|pt) has [{n}2]"
    ):
        snapshot.write(events, tmp_path / "out.root", ["jet_eta"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"jet_eta": "met"}, "met must be a list of numbers in every event"),
        ({"event": "met"}, "met has the type double; it must be a whole number"),
    ],
)
def test_branches_of_the_wrong_kind_are_refused(tmp_path: Path, change: Any, message: str) -> None:
    path = write_mini(tmp_path / "mini.root")
    with pytest.raises(MaplessError, match=message):
        open_events(path, branches=MINI | change)


def test_a_branch_with_the_name_of_another_column_is_read_as_it_is_stored(tmp_path: Path) -> None:
    path = write_mini(tmp_path / "mini.root", jet_mass=ak.Array([[80.0, 60.0]] * 3))
    branches = MINI | {"jet_softdrop_mass": "jet_mass", "jet_mass": "jet_pt"}
    events = open_events(path, branches=branches, factors={"jet_mass": 0.5, "jet_softdrop_mass": 2})
    found = events.frame.AsNumpy(["jet_mass", "jet_softdrop_mass"])
    assert [list(found[name][0]) for name in ("jet_mass", "jet_softdrop_mass")] == [[250, 200], [160, 120]]


def test_what_physlite_lacks_is_told_with_the_way_out(tmp_path: Path, events: Any) -> None:
    path = write_physlite(tmp_path / "physlite.root", events, "TTree")
    with pytest.raises(MaplessError, match=r"passes_trigger .* ask for none by triggers=\[\]"):
        SELECTION(open_events(path))
    with pytest.raises(MaplessError, match="triggers: those of PHYSLITE are bits of a menu"):
        open_events(path, triggers=["HLT_j420"])
    with pytest.raises(MaplessError, match="filters: the files have no DFCommon"):
        open_events(path, triggers=[], filters=["DFCommon"])
    assert open_events(path, triggers=[]).lacks["missing_pt"].startswith("PHYSLITE holds the soft term")


def test_files_of_atlas_may_be_skipped_and_numbered_anew(tmp_path: Path, events: Any) -> None:
    path = write_physlite(tmp_path / "physlite.root", events[:10], "RNTuple")
    broken = tmp_path / "broken.root"
    broken.write_bytes(path.read_bytes()[:-200])
    files, options = [path, broken, path], {"triggers": [], "renumber_events": True}
    found = open_events(files, skip_bad_files=True, **options)
    assert [lost.file for lost in found.lost] == [str(broken)]
    numbers = found.frame.Take["ULong64_t"]("event").GetValue()
    assert len(set(numbers)) == found.n_events == 20
