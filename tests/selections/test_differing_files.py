"""Files of one list that differ: in types of columns, in kind, in lengths, and those without events."""

from functools import reduce
from operator import add

import awkward as ak
import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections import snapshot
from selections.graph import Selection
from selections.root import import_root
from selections.sources import open_apart, open_events
from selections.steps import Column, Cut

N_EVENTS = 200
TWO_JETS = Selection(
    "two_jets",
    [Column("passing_jets", "mapless::passing_jets(jet_pt, jet_eta, jet_tight_id, 50.f, 2.5f)")],
    [
        Cut("passing_jets.size() >= 2", "two tight jets"),
        Cut("ROOT::VecOps::All(jet_softdrop_mass > -2)", "masses"),
    ],
    headers=("mapless/jets.h",),
)
SCALARS = {
    "run": np.ones(N_EVENTS, np.uint32),
    "luminosityBlock": np.ones(N_EVENTS, np.uint32),
    "event": np.arange(N_EVENTS, dtype=np.uint64),
    "genWeight": np.tile(np.float32([1, 1, 1, -1]), N_EVENTS // 4),
}


def jets(values, kind=np.float32, at_77=2):
    """Two values in each event, and another number of them in event 77."""
    lengths = np.full(N_EVENTS, 2)
    lengths[77] = at_77
    return ak.unflatten(np.resize(np.array(values, kind), lengths.sum()), lengths)


JETS = {
    "FatJet_pt": jets([500, 400]),
    "FatJet_eta": jets([0.1, -0.1]),
    "FatJet_phi": jets([0, 3]),
    "FatJet_mass": jets([50, 40]),
    "FatJet_msoftdrop": jets([50, 40]),
    "FatJet_jetId": jets([6, 6], np.int32),
}
UCHAR = {"FatJet_jetId": jets([6, 6], np.uint8)}
DOUBLE = {"FatJet_pt": jets([500, 400], np.float64)}


def write(path, kind="TTree", leave_out=(), **changed):
    """A small NanoAOD, with other values for some columns; all jets of a tree that fit have one counter."""
    columns = {name: values for name, values in (SCALARS | JETS | changed).items() if name not in leave_out}
    with uproot.recreate(path) as file:
        if kind == "RNTuple":
            file.mkrntuple("Events", columns)
            return path
        lists = {name: values for name, values in columns.items() if isinstance(values, ak.Array)}
        if len({tuple(ak.num(values)) for values in lists.values()}) == 1:
            columns = {name: values for name, values in columns.items() if name not in lists}
            columns["FatJet"] = ak.zip({name.removeprefix("FatJet_"): v for name, v in lists.items()})
        file.mktree("Events", columns)
    return path


def cutflow(files):
    """The cutflow of all parts of some files, without triggers and filters."""
    return reduce(add, (TWO_JETS(part).cutflow() for part in open_apart(files, triggers=[], filters=[])))


def passing(file):
    """Events with two tight jets, counted without ROOT."""
    events = uproot.open(file)["Events"].arrays(["FatJet_pt", "FatJet_eta", "FatJet_jetId"])
    good = (events.FatJet_pt > 50) & (abs(events.FatJet_eta) < 2.5) & ((events.FatJet_jetId & 2) != 0)
    return int(np.count_nonzero(np.asarray(ak.sum(good, axis=1)) >= 2))


LATER = {"event": SCALARS["event"] + np.uint64(N_EVENTS)}


@pytest.mark.parametrize(
    ("kind", "changed"), [("TTree", UCHAR), ("TTree", DOUBLE), ("RNTuple", {}), ("RNTuple", UCHAR | DOUBLE)]
)
def test_files_of_other_types_or_kinds_all_count_in_any_order(tmp_path, kind, changed):
    first = write(tmp_path / "first.root")
    second = write(tmp_path / "second.root", kind, **LATER | changed)
    forwards, backwards = cutflow([first, second]), cutflow([second, first])
    assert forwards.events == backwards.events == (2 * N_EVENTS,) * len(forwards.events)
    assert forwards.weighted == backwards.weighted
    with pytest.raises(MaplessError, match="open_apart opens them apart"):
        open_events([first, second])


def test_the_cutflow_of_real_files_of_other_types_is_that_of_uproot(data):
    files = [data / "nanoaod_2017_simulation.root", data / "nanoaod_v12_simulation.root"]
    expected = sum(map(passing, files))
    assert passing(files[0]) > 0 < passing(files[1])
    for order in (files, files[::-1]):
        assert cutflow(order).events[-1] == expected
        assert cutflow(order).events[0] == 300


def test_parts_become_one_snapshot_in_the_order_of_events(tmp_path):
    first = write(tmp_path / "first.root", event=2 * SCALARS["event"])
    second = write(tmp_path / "second.root", event=2 * SCALARS["event"] + np.uint64(1), **UCHAR)
    parts = [TWO_JETS(part) for part in open_apart([second, first], triggers=[], filters=[])]
    path = snapshot.write(parts, tmp_path / "selected.root", ["weight"])
    np.testing.assert_array_equal(snapshot.read(path)["event"], np.arange(2 * N_EVENTS))
    known = snapshot.provenance(path)
    assert [name.rpartition("/")[2] for name in known["files"]] == ["second.root", "first.root"]
    assert known["cutflow"]["cuts"][-1]["events"] == 2 * N_EVENTS


def test_the_number_of_events_can_be_limited_over_parts(tmp_path):
    files = [write(tmp_path / "first.root"), write(tmp_path / "second.root", **UCHAR)]
    for limit, expected in ((50, [50]), (250, [200, 50]), (1000, [200, 200])):
        parts = open_apart(files, max_events=limit)
        assert [part.n_events for part in parts] == expected
        assert [part.frame.Count().GetValue() for part in parts] == expected


def test_a_column_of_two_meanings_is_lacking(tmp_path):
    first = write(tmp_path / "first.root", FatJet_btagDeepB=jets([0.1, 0.2]))
    second = write(tmp_path / "second.root", FatJet_particleNet_XbbVsQCD=jets([0.1, 0.2]), **UCHAR)
    for part in open_apart([first, second], triggers=[], filters=[]):
        assert "jet_b_tag" not in {str(name) for name in part.frame.GetColumnNames()}
        assert "FatJet_btagDeepB in " in part.lacks["jet_b_tag"]
        assert "which are not the same" in part.lacks["jet_b_tag"]


def test_a_tight_id_that_only_some_files_store_is_computed_for_the_others(tmp_path):
    fractions = dict.fromkeys(("FatJet_neHEF", "FatJet_neEmEF"), jets([0.1, 0.1]))
    fractions |= dict.fromkeys(("FatJet_chMultiplicity", "FatJet_neMultiplicity"), jets([9, 9], np.uint8))
    stored = write(tmp_path / "stored.root")
    computed = write(
        tmp_path / "computed.root", "RNTuple", ["FatJet_jetId"], FatJet_chHEF=jets([0.5, 0]), **fractions
    )
    assert cutflow([stored, computed]).events[-1] == N_EVENTS  # chHEF = 0 fails


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full(N_EVENTS, 6, np.int32), "must be a list of numbers in every event, but is stored as Int_t"),
        (np.full((N_EVENTS, 2), 6), "must be a list of numbers in every event, but is stored as Long64_t.2."),
        (jets([1, 1], np.bool_), "must hold integers, whose bits mean different things"),
        (jets([6, 6]), "must hold integers, whose bits mean different things"),
    ],
    ids=["number", "array", "booleans", "floats"],
)
def test_a_column_of_another_kind_is_refused_with_its_file(tmp_path, values, message):
    good, bad = write(tmp_path / "good.root"), write(tmp_path / "bad.root", FatJet_jetId=values)
    for files in ([bad], [good, bad]):
        with pytest.raises(MaplessError, match=rf"bad.root: FatJet_jetId {message}") as error:
            open_apart(files, triggers=[], filters=[])
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("kind", ["TTree", "RNTuple"])
@pytest.mark.parametrize(("column", "number"), [("FatJet_eta", 1), ("FatJet_msoftdrop", 3)])
def test_jets_of_different_lengths_are_refused_with_column_and_event(tmp_path, kind, column, number):
    bad = write(tmp_path / "bad.root", kind, **{column: jets([0.1], at_77=number)})
    message = f"bad.root: {column} has {number} values in event 77, but FatJet_pt has 2"
    with pytest.raises(MaplessError, match=message) as error:
        cutflow(bad)
    assert "\n" not in str(error.value)


@pytest.fixture
def empty(tmp_path):
    """Files without events: a tree without branches, a skim that kept nothing, an RNTuple."""
    root = import_root()
    paths = [tmp_path / name for name in ("bare.root", "skim.root", "tuple.root")]
    file = root.TFile.Open(str(paths[0]), "RECREATE")
    file.WriteTObject(root.TTree("Events", "Events"))
    file.Close()
    with uproot.recreate(paths[1]) as file:
        file.mktree("Events", {"luminosityBlock": np.uint32, "FatJet_jetId": np.int64})
    options = root.RDF.RSnapshotOptions()
    options.fOutputFormat = root.RDF.ESnapshotOutputFormat.kRNTuple
    nothing = root.RDataFrame(0).Define("luminosityBlock", "1u")
    nothing.Snapshot("Events", str(paths[2]), ["luminosityBlock"], options)
    return paths


def test_files_without_events_take_no_part_and_are_named(tmp_path, empty):
    good = write(tmp_path / "good.root")
    for files in ([*empty, good], [good, *empty]):
        flow = cutflow(files)
        assert flow.events[-1] == N_EVENTS
        assert flow.weighted[0] == N_EVENTS / 2  # weights 1, 1, 1, -1
        notes = open_events(files, triggers=[], filters=[]).notes
        assert notes["files_without_events"] == ", ".join(map(str, empty))


def test_nothing_but_files_without_events_is_one_line(empty):
    with pytest.raises(MaplessError, match=r"bare.root, .*skim.root, .*tuple.root: no events at all"):
        open_events(empty)


@pytest.mark.parametrize("character", "*?[]#$")
def test_a_name_that_root_reads_otherwise_is_refused(tmp_path, character):
    write(tmp_path / "x1.root")
    odd = tmp_path / f"x{character}1.root"
    odd.write_bytes((tmp_path / "x1.root").read_bytes())
    with pytest.raises(MaplessError) as error:
        open_events(odd)
    assert f"{odd}: ROOT does not take {character} as part of a name; rename the file" in str(error.value)


@pytest.mark.parametrize("address", ["root://localhost:1//store/x.root", "http://localhost:1/x.root"])
def test_a_remote_file_that_cannot_be_read_keeps_its_address(address):
    with pytest.raises(MaplessError, match=f"^{address} cannot be opened; check the address"):
        open_events(address)
