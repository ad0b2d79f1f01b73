import os
import shutil

import numpy as np
import pytest
import uproot

from errors import MaplessError
from selections.graph import Selection
from selections.root import import_root
from selections.sources import open_apart, open_events
from selections.steps import Cut


@pytest.fixture
def truncated(data, tmp_path):
    """A real file of which a third did not arrive."""
    whole = (data / "nanoaod_v12_simulation.root").read_bytes()
    path = tmp_path / "truncated.root"
    path.write_bytes(whole[: 2 * len(whole) // 3])
    return path


@pytest.fixture
def without_tree(tmp_path):
    """A healthy ROOT file that holds no events."""
    path = tmp_path / "histogram.root"
    with uproot.recreate(path) as file:
        file["counts"] = np.histogram([1.0, 2.0])
    return path


def assert_one_line(error, *parts):
    message = str(error.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_a_truncated_file_says_so_with_its_size(truncated, capfd):
    with pytest.raises(MaplessError) as error:
        open_events(truncated)
    assert_one_line(error, "truncated.root is truncated", "bytes are there; copy it again")
    assert capfd.readouterr().err == ""


def test_a_tree_with_a_friend_is_refused_since_nothing_ties_their_rows(data, tmp_path):
    path = shutil.copy(data / "nanoaod_v12_simulation.root", tmp_path / "events.root")
    file = import_root().TFile(str(path), "update")
    friend = file.Get("Events").CloneTree()
    friend.SetName("Scores")
    friend.Write()
    file.Get("Events").AddFriend("Scores")
    file.Get("Events").Write("", import_root().TObject.kOverwrite)
    file.Close()
    with pytest.raises(MaplessError, match=r"events.root: Events has the friend Scores, .* other events"):
        open_events(path)


def test_a_file_cut_within_its_header_is_truncated_too(truncated):
    truncated.write_bytes(truncated.read_bytes()[:40])
    with pytest.raises(MaplessError, match="only 40 bytes are there"):
        open_events(truncated)


def test_a_damaged_file_of_the_right_size_does_not_open(data, tmp_path):
    path = tmp_path / "damaged.root"
    content = bytearray((data / "nanoaod_v12_simulation.root").read_bytes())
    content[-len(content) // 2 :] = bytes(len(content[-len(content) // 2 :]))
    path.write_bytes(content)
    with pytest.raises(MaplessError, match=r"damaged.root"):
        open_events(path)


def test_a_file_without_events_says_what_it_holds(without_tree):
    with pytest.raises(MaplessError) as error:
        open_events(without_tree)
    assert_one_line(error, "histogram.root has no Events at its top; it holds no TTree or RNTuple at all")


@pytest.mark.parametrize(
    ("content", "what"), [(b"", "is empty"), (b"PK\x03\x04" * 100, "is not a ROOT file")]
)
def test_a_file_of_another_kind_is_refused(tmp_path, content, what):
    path = tmp_path / "other.root"
    path.write_bytes(content)
    with pytest.raises(MaplessError, match=what):
        open_events(path)


def test_a_missing_file_a_directory_and_an_empty_list_are_told_apart(tmp_path):
    with pytest.raises(MaplessError, match="nowhere.root does not exist"):
        open_events(tmp_path / "nowhere.root")
    with pytest.raises(MaplessError, match=r"is a directory, not a file; write .*\*\.root"):
        open_events(tmp_path)
    with pytest.raises(MaplessError, match="no files given"):
        open_events([])
    with pytest.raises(MaplessError, match="no file matches"):
        open_events(f"{tmp_path}/*.root")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_an_unreadable_file_says_so(data, tmp_path):
    path = tmp_path / "secret.root"
    shutil.copy(data / "nanoaod_v12_simulation.root", path)
    path.chmod(0)
    with pytest.raises(MaplessError, match="may not be read"):
        open_events(path)


def test_a_pipe_is_refused_as_it_may_never_end(tmp_path):
    os.mkfifo(tmp_path / "events.root")
    with pytest.raises(MaplessError, match=r"events.root is a pipe or device"):
        open_events(tmp_path / "events.root")


def test_bad_files_can_be_skipped_and_are_recorded(data, truncated, without_tree):
    good = data / "nanoaod_v12_simulation.root"
    events = open_events([truncated, good, without_tree], skip_bad_files=True)
    assert events.frame.Count().GetValue() == events.n_events == 200
    assert [(lost.file, lost.reason.split(";")[0].split(" ", 2)[1]) for lost in events.lost] == [
        (str(truncated), "is"),
        (str(without_tree), "has"),
    ]


def test_when_all_files_are_bad_skipping_does_not_help(truncated):
    with pytest.raises(MaplessError, match="none of 1 files can be read; the first: .* is truncated"):
        open_events([truncated], skip_bad_files=True)


def test_trees_and_rntuples_do_not_mix(data):
    files = [data / "pfnano_simulation.root", data / "pfnano_simulation_rntuple.root"]
    with pytest.raises(MaplessError) as error:
        open_events(files)
    assert_one_line(error, "holds the TTree Events, but", "the RNTuple Events; open_apart opens them apart")


def test_a_tree_of_unknown_columns_is_refused(tmp_path):
    path = tmp_path / "other.root"
    with uproot.recreate(path) as file:
        file["Events"] = {"px": np.ones(3)}
    with pytest.raises(MaplessError, match="its columns are unknown"):
        open_events(path)


def test_what_a_version_lacks_is_known_before_the_event_loop(data):
    events = open_events(data / "nanoaod_2015_open_data.root", year="2016")
    assert set(events.lacks) >= {"jet_softdrop_mass", "jet_tau4", "constituent_pt"}
    assert events.lacks["jet_softdrop_mass"] == "no FatJet_msoftdrop in this version of NanoAOD"
    assert "jet_n_constituents" in open_events(data / "nanoaod_2017_simulation.root").lacks
    assert events.frame.GetNRuns() == 0


def test_wanted_columns_that_lack_are_said_at_once(data):
    with pytest.raises(MaplessError, match="lacks jet_tau4: no FatJet_tau4"):
        open_events(data / "nanoaod_2015_open_data.root", columns=["jet_tau4"], year="2016")


def test_real_data_weigh_one_and_simulation_its_generator_weight(data):
    real = open_events(data / "nanoaod_v13_data_2022.root").frame.AsNumpy(["weight", "truth_label"])
    assert set(real["weight"]) == {1.0}
    simulated = open_events(data / "nanoaod_2017_simulation.root").frame.AsNumpy(["weight"])["weight"]
    np.testing.assert_array_equal(
        simulated,
        uproot.open(data / "nanoaod_2017_simulation.root")["Events"]["genWeight"].array(library="np"),
    )
    assert (simulated < 0).any()


def test_only_triggers_in_the_file_count_and_the_others_are_recorded(data):
    path = data / "nanoaod_v12_simulation.root"
    events = open_events(path)
    assert events.notes["passes_trigger"] == "HLT_PFHT1050 (2018; not in the files: HLT_AK8PFJet500)"
    fired = events.frame.AsNumpy(["passes_trigger"])["passes_trigger"]
    np.testing.assert_array_equal(fired, uproot.open(path)["Events"]["HLT_PFHT1050"].array(library="np"))


def test_triggers_and_filters_can_be_named(data):
    path = data / "nanoaod_2017_simulation.root"
    named = open_events(path, triggers=["HLT_PFJet450"], filters=["Flag_goodVertices"])
    assert named.notes["passes_trigger"] == "HLT_PFJet450"
    assert named.notes["passes_filters"] == "Flag_goodVertices"


def test_an_empty_list_asks_for_no_trigger_and_no_filter(data):
    events = open_events(data / "nanoaod_v12_simulation.root", triggers=[], filters=[])
    assert events.frame.Filter("passes_trigger && passes_filters").Count().GetValue() == 200
    assert events.notes["passes_trigger"] == "no triggers are asked for"
    assert events.notes["passes_filters"] == "no filters are asked for"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"triggers": ["HLT_PFHT1050", "HLT_PFHT105"]}, "no HLT_PFHT105; did you mean HLT_PFHT1050?"),
        ({"filters": ["Flag_goodVertice"]}, "no Flag_goodVertice; did you mean Flag_goodVertices?"),
        ({"triggers": ["HLT_None"]}, "triggers: the files have no HLT_None"),
    ],
)
def test_a_trigger_or_filter_that_is_named_must_be_there(data, options, message):
    with pytest.raises(MaplessError) as error:
        open_events(data / "nanoaod_v12_simulation.root", **options)
    assert_one_line(error, message)


def test_without_any_published_trigger_or_filter_a_selection_by_them_stops(tmp_path):
    path = tmp_path / "bare.root"
    with uproot.recreate(path) as file:
        file["Events"] = {"luminosityBlock": np.ones(3, int), "FatJet_pt": [[1.0], [2.0, 3.0], []]}
    events = open_events(path)
    for column, what in (("passes_trigger", "triggers"), ("passes_filters", "filters")):
        with pytest.raises(MaplessError, match=rf"none of .* is there, .* or none by {what}=\[\]"):
            Selection("selected", cuts=[Cut(column, what)])(events)


def test_an_unknown_year_is_refused_with_those_that_are_known(data):
    with pytest.raises(MaplessError, match="for 2036; known years are 2016, 2016H, 2017, 2018"):
        open_events(data / "nanoaod_v12_simulation.root", year="2036")


def write_files_with_different_triggers(folder, kind):
    root = import_root()
    options = root.RDF.RSnapshotOptions()
    options.fOutputFormat = getattr(root.RDF.ESnapshotOutputFormat, f"k{kind}")
    names = ["luminosityBlock", "FatJet_pt", "HLT_PFHT1050"]
    frame = root.RDataFrame(10).Define("luminosityBlock", "1u").Define("FatJet_pt", "ROOT::RVecF{1.f}")
    frame = frame.Define("HLT_PFHT1050", "true").Define("HLT_AK8PFJet500", "rdfentry_ < 3")
    frame.Snapshot("Events", str(folder / "a.root"), [*names[:2], "HLT_AK8PFJet500"], options)
    frame.Snapshot("Events", str(folder / "b.root"), names, options)


def test_a_trigger_that_some_files_lack_counts_as_not_fired_there(tmp_path):
    write_files_with_different_triggers(tmp_path, "TTree")
    events = open_events(tmp_path / "?.root")
    assert events.frame.Filter("passes_trigger").Count().GetValue() == 3 + 10


def test_a_filter_that_only_some_files_have_is_refused(tmp_path):
    for name, flags in (("a", {"Flag_goodVertices": np.ones(3, bool)}), ("b", {})):
        with uproot.recreate(tmp_path / f"{name}.root") as file:
            file["Events"] = {"luminosityBlock": np.ones(3, int), "FatJet_pt": np.ones(3), **flags}
    with pytest.raises(MaplessError, match=r"b\.root lacks Flag_goodVertices, which .*a\.root has"):
        open_events(tmp_path / "?.root")


def test_data_and_simulation_do_not_mix(data):
    files = [data / "nanoaod_2017_simulation.root", data / "nanoaod_v13_data_2022.root"]
    with pytest.raises(MaplessError) as error:
        open_events(files)
    assert_one_line(error, "v13_data_2022.root lacks genWeight, which", "samples of their own")


def test_floating_event_numbers_are_refused(tmp_path):
    path = tmp_path / "floating.root"
    with uproot.recreate(path) as file:
        file["Events"] = {"jet_pt": np.ones(3), "run": np.ones(3, int), "event": np.full(3, np.nan)}
    with pytest.raises(MaplessError, match="event has the type double; it must be a whole number"):
        open_events(path)


def test_canonical_files_with_and_without_weights_do_not_mix(tmp_path):
    for name, weight in (("a", {}), ("b", {"weight": np.full(3, 0.5, np.float32)})):
        with uproot.recreate(tmp_path / f"{name}.root") as file:
            file["Events"] = {"jet_pt": np.ones(3), **weight}
    with pytest.raises(MaplessError, match=r"a\.root lacks weight, which .*b\.root has"):
        open_events(tmp_path / "?.root")


def test_rntuples_with_different_triggers_are_opened_apart_since_root_crashes_on_them(tmp_path):
    write_files_with_different_triggers(tmp_path, "RNTuple")
    with pytest.raises(MaplessError, match=r"do not have the same columns; open_apart opens them apart"):
        open_events(tmp_path / "?.root")
    parts = open_apart(tmp_path / "?.root")
    assert [part.frame.Filter("passes_trigger").Count().GetValue() for part in parts] == [3, 10]


def test_the_tight_jet_id_is_computed_where_its_result_is_not_stored(data):
    from selections.sources.nanoaod import RECIPES

    stored, computed = (
        expression for recipe in RECIPES if recipe.name == "jet_tight_id" for expression, _ in recipe.ways
    )
    frame = open_events(data / "nanoaod_v13_data_2022.root").frame
    frame = frame.Define("stored", f"{stored}[abs(jet_eta) < 2.6]")
    frame = frame.Define("computed", f"{computed}[abs(jet_eta) < 2.6]")
    assert frame.Sum("stored").GetValue() > 20
    assert frame.Filter("ROOT::VecOps::All(stored == computed)").Count().GetValue() == 100


def test_weighted_constituents_add_up_to_the_uncorrected_jet(data):
    path = data / "pfnano_simulation.root"
    frame = open_events(path).frame.Define("raw_pt", "jet_pt * (1 - FatJet_rawFactor)")
    columns = frame.AsNumpy([f"constituent_{part}" for part in ("jet", "pt", "phi")] + ["raw_pt"])
    for jet, pt, phi, raw_pt in zip(*columns.values(), strict=True):
        mine = np.asarray(jet) == 0
        total = np.sum(np.asarray(pt)[mine] * np.exp(1j * np.asarray(phi)[mine]))
        assert abs(total) == pytest.approx(raw_pt[0], rel=2e-3)


def test_the_number_of_events_can_be_limited(data):
    files = [data / "nanoaod_v12_simulation.root"] * 2
    events = open_events(files, max_events=250, renumber_events=True)
    assert events.n_events == events.frame.Count().GetValue() == 250
    assert events.n_in_files == 400


def test_the_b_tag_is_the_larger_of_the_subjets_where_they_are_stored(data):
    path = data / "nanoaod_2017_simulation.root"
    tree = uproot.open(path)["Events"].arrays(["FatJet_subJetIdx1", "FatJet_subJetIdx2", "SubJet_btagDeepB"])
    expected = [
        [
            max([row.SubJet_btagDeepB[i] for i in pair if i >= 0], default=-1)
            for pair in zip(*indices, strict=True)
        ]
        for row, indices in ((row, (row.FatJet_subJetIdx1, row.FatJet_subJetIdx2)) for row in tree)
    ]
    got = open_events(path).frame.AsNumpy(["jet_b_tag"])["jet_b_tag"]
    assert [list(values) for values in got] == expected
