import shutil

import numpy as np
import pytest

from errors import MaplessError
from selections.cutflow import Cutflow
from selections.dijet import dijet, jet_energy_scale
from selections.graph import Selection
from selections.root import import_root
from selections.sources import open_events
from selections.steps import Column, Cut, Variation


@pytest.fixture(scope="module")
def numbers():
    """A frame of x = 0 to 99 with weights that alternate between 2 and -1."""
    frame = import_root().RDataFrame(100).Define("x", "static_cast<int>(rdfentry_)")
    return frame.Define("weight", "x % 2 == 0 ? 2.f : -1.f")


HALVES = Selection(
    "halves",
    columns=[Column("half", "x / 2", "", "half of x")],
    cuts=[Cut("x >= 10", "x at least 10"), Cut("half < 25", "half below 25"), Cut("x % 5 == 0", "fives")],
)


def test_a_cutflow_counts_entries_weights_and_squared_weights_after_every_cut(numbers):
    x = np.arange(100)
    weight = np.where(x % 2 == 0, 2.0, -1.0)
    steps = [x >= 0, x >= 10, (x >= 10) & (x < 50), (x >= 10) & (x < 50) & (x % 5 == 0)]
    cutflow = HALVES(numbers).cutflow()
    assert cutflow.titles == ("all events", "x at least 10", "half below 25", "fives")
    assert cutflow.events == tuple(int(step.sum()) for step in steps)
    assert cutflow.weighted == pytest.approx([weight[step].sum() for step in steps])
    assert cutflow.weighted_squared == pytest.approx([(weight[step] ** 2).sum() for step in steps])


def test_cutflow_and_selected_events_take_one_event_loop(numbers):
    selected = HALVES(numbers)
    loops = numbers.GetNRuns()
    selected.frame.AsNumpy(["half"])
    selected.cutflow()
    assert numbers.GetNRuns() == loops + 1


def test_n_minus_one_drops_one_cut_at_a_time(numbers):
    x = np.arange(100)
    table = HALVES(numbers).n_minus_one()
    without = [
        (x >= 10) & (x < 50) & (x % 5 == 0),
        (x < 50) & (x % 5 == 0),
        (x >= 10) & (x % 5 == 0),
        (x >= 10) & (x < 50),
    ]
    assert table.events == tuple(int(kept.sum()) for kept in without)
    assert table.titles[1] == "without: x at least 10"


def test_cutflows_of_files_add_up_and_survive_json(numbers):
    cutflow = HALVES(numbers).cutflow()
    twice = cutflow + Cutflow.from_dict(cutflow.to_dict())
    assert twice.events == tuple(2 * n for n in cutflow.events)
    assert twice.errors == pytest.approx(np.sqrt(2) * np.array(cutflow.errors))


def test_cutflows_of_other_cuts_do_not_add_up(numbers):
    other = Selection("other", cuts=[Cut("x > 1", "more than one")])(numbers).cutflow()
    with pytest.raises(MaplessError, match="differ in cuts"):
        HALVES(numbers).cutflow() + other


def test_a_cutflow_prints_its_cuts_and_shares(numbers):
    text = str(HALVES(numbers).cutflow())
    assert "half below 25" in text
    assert "44.44 %" in text  # 20 of 45 in sums of weights


def test_a_variation_reaches_the_columns_and_cuts_that_follow(numbers):
    double = Variation("double", ("x",), {"twice": ("2 * x",), "nothing": ("0 * x",)})
    varied = Selection("varied", HALVES.columns, HALVES.cuts, variations=[double])(numbers).varied_cutflows()
    x = 2 * np.arange(100)
    assert varied["double:twice"].events[-1] == int(((x >= 10) & (x < 50) & (x % 5 == 0)).sum())
    assert varied["double:nothing"].events == (100, 0, 0, 0)


def test_a_variation_may_shift_a_column_of_the_selection_itself(numbers):
    shift = Variation("shift", ("half",), {"up": ("half + 50",)})
    varied = Selection("varied", HALVES.columns, HALVES.cuts, variations=[shift])(numbers).varied_cutflows()
    assert varied["shift:up"].events == (100, 90, 0, 0)


def test_a_variation_of_the_weight_only_leaves_entries_as_they_are(numbers):
    double = Variation("weight_only", ("weight",), {"up": ("2 * weight",)})
    selected = Selection("varied", HALVES.columns, HALVES.cuts, variations=[double])(numbers)
    varied, nominal = selected.varied_cutflows()["weight_only:up"], selected.cutflow()
    assert varied.events == nominal.events
    assert varied.weighted == pytest.approx([2 * value for value in nominal.weighted])


def test_cuts_guard_what_comes_after_them():
    """An expression that would fail is not evaluated for events that an earlier cut removed."""
    frame = import_root().RDataFrame(10).Define("x", "ROOT::RVecI(rdfentry_ % 2, 7)")
    first = Column("first", "x.at(0)")
    guarded = Selection("guarded", [first], [Cut("x.size() > 0", "not empty"), Cut("first == 7", "seven")])
    assert guarded(frame).cutflow().events == (10, 5, 5)


def test_the_jet_energy_scale_moves_mjj_by_its_own_size(data):
    events = open_events(data / "pfnano_simulation.root")
    selected = dijet(mjj_min=0, variations=[jet_energy_scale(0.02)])(events)
    means = import_root().RDF.Experimental.VariationsFor(selected.frame.Mean("mjj"))
    nominal = means["nominal"]
    assert means["jet_energy_scale:up"] / nominal == pytest.approx(1.02, abs=1e-4)
    assert means["jet_energy_scale:down"] / nominal == pytest.approx(0.98, abs=1e-4)


def test_a_missing_column_is_named_with_its_user_the_file_and_the_reason(data):
    events = open_events(data / "nanoaod_2015_open_data.root", triggers=["HLT_PFHT800"])
    message = (
        r"jet_tau4 is needed by column jet1_tau4 of dijet, but .*nanoaod_2015_open_data.root lacks it \(no "
    )
    with pytest.raises(MaplessError, match=message):
        dijet()(events)


def test_a_misspelt_column_brings_a_suggestion_before_anything_runs(data):
    events = open_events(data / "nanoaod_v12_simulation.root")
    with pytest.raises(MaplessError, match="jet_softdropmass .* did you mean jet_softdrop_mass?"):
        Selection("heavy", cuts=[Cut("jet_softdropmass[0] > 30", "mass")])(events)
    assert events.frame.GetNRuns() == 0


@pytest.mark.parametrize("expression", ["x +", "unknown_function(x)", '"text" * x'])
def test_a_wrong_expression_is_one_line_and_leaves_the_frame_usable(numbers, expression, capfd):
    with pytest.raises(MaplessError, match="ROOT does not understand column y") as error:
        Selection("wrong", [Column("y", expression)])(numbers)
    assert "\n" not in str(error.value)
    assert capfd.readouterr().err == ""
    assert HALVES(numbers).cutflow().events[0] == 100


def test_a_column_defined_twice_is_refused():
    with pytest.raises(MaplessError, match="defines y twice"):
        Selection("twice", [Column("y", "1"), Column("y", "2")])


def test_a_column_that_the_events_have_already_is_refused(numbers):
    with pytest.raises(MaplessError, match="already have x"):
        Selection("again", [Column("x", "1")])(numbers)


def test_a_variation_without_an_expression_for_every_column_is_refused():
    with pytest.raises(MaplessError, match="one expression for each of a, b"):
        Variation("half", ("a", "b"), {"up": ("2 * a",)})


def test_threads_do_not_change_the_cutflow(in_subprocess):
    code = """
from selections.graph import Selection
from selections.steps import Cut
from selections.root import import_root, threads, use_threads
use_threads(2)
frame = import_root().RDataFrame(10_000).Define("x", "rdfentry_")
cutflow = Selection("odd", cuts=[Cut("x % 2 == 1", "odd"), Cut("x > 5000", "second half")])(frame).cutflow()
print(threads(), *cutflow.events)
"""
    assert in_subprocess(code).split() == ["2", "10000", "5000", "2500"]


def test_the_source_code_runs_in_plain_cpp_and_gives_the_same_events(numbers):
    root = import_root()
    declared = "ROOT::RDF::RNode rdf_of(ROOT::RDF::RNode events) {\n" + HALVES.source_code().replace(
        "halves.Report()->Print();", "return halves;"
    )
    assert root.gInterpreter.Declare(declared + "}")
    kept = root.rdf_of(root.RDF.AsRNode(numbers)).AsNumpy(["half"])["half"]
    assert kept.tolist() == HALVES(numbers).frame.AsNumpy(["half"])["half"].tolist()


def test_the_graph_is_drawn_as_text_and_for_graphviz(numbers, tmp_path):
    selected = HALVES(numbers)
    assert "keep half < 25" in selected.draw(tmp_path / "graph.txt").read_text()
    assert "half below 25" in selected.draw(tmp_path / "graph.dot").read_text()
    if shutil.which("dot") is None:
        with pytest.raises(MaplessError, match="Graphviz is not installed"):
            selected.draw(tmp_path / "graph.png")
    else:
        assert selected.draw(tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
