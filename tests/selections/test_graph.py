import shutil
from dataclasses import replace

import numpy as np
import pytest

from errors import MaplessError
from selections import snapshot
from selections.cutflow import Cutflow
from selections.dijet import dijet, jet_energy_scale
from selections.graph import Selection, book
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
        r"jet_softdrop_mass is needed by column dijet_jets of dijet, but .*nanoaod_2015_open_data.root lacks "
        r"it \(no "
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
from selections.graph import Selection, book
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


REFINED = {
    "even": HALVES.refine("even", Cut("x % 2 == 0", "even")),
    "large": HALVES.refine(
        "large", Cut("square > 1000", "large square"), columns=[Column("square", "x * x", "", "")]
    ),
}
DOUBLE = Variation("double", ("x",), {"up": ("2 * x",), "down": ("x / 2",)})


def named(frame):
    return frame.Define("run", "1u").Define("luminosity_block", "1u").Define("event", "rdfentry_")


def test_regions_of_one_loop_are_those_of_each_selection_alone(numbers):
    loops = numbers.GetNRuns()
    booked = book(numbers, {"halves": HALVES, **REFINED})
    kept = {region: selected.frame.Take["int"]("half") for (region, _), selected in booked.items()}
    cutflows = {region: selected.cutflow() for (region, _), selected in booked.items()}
    values = {region: list(taken.GetValue()) for region, taken in kept.items()}
    assert numbers.GetNRuns() == loops + 1
    for region, selection in {"halves": HALVES, **REFINED}.items():
        alone = selection(numbers)
        assert cutflows[region] == alone.cutflow()
        assert values[region] == alone.frame.AsNumpy(["half"])["half"].tolist()
    assert len(values["halves"]) > len(values["even"]) > 0


def test_what_regions_share_is_defined_and_evaluated_once(numbers):
    root = import_root()
    root.gInterpreter.Declare("int half_calls = 0; int counted_half(int x) { ++half_calls; return x / 2; }")
    parent = Selection("parent", [Column("half", "counted_half(x)")], [Cut("half < 25", "half below 25")])
    regions = {f"at least {n}": parent.refine(f"from_{n}", Cut(f"half > {n}", f"{n}")) for n in range(5)}
    booked = book(numbers, regions)
    assert {selected.cutflow().events[1] for selected in booked.values()} == {50}
    assert root.half_calls == 100


def test_a_shift_is_a_selection_with_the_shifted_expressions(numbers, tmp_path):
    frame = named(numbers)
    regions = {name: replace(region, variations=[DOUBLE]) for name, region in REFINED.items()}
    loops = frame.GetNRuns()
    booked = book(frame, regions, ("nominal", "double:up", "double:down"))
    paths = {key: tmp_path / f"{key[0]}_{key[1].replace(':', '_')}.root" for key in booked}
    snapshot.write_many(booked, paths, dict.fromkeys(booked, ["x", "half"]))
    cutflows = {key: selected.cutflow() for key, selected in booked.items()}
    assert frame.GetNRuns() == loops + 1
    assert len(list(tmp_path.iterdir())) == 6
    for (region, shift), path in paths.items():
        expression = {"nominal": "x", "double:up": "2 * x", "double:down": "x / 2"}[shift]
        shifted = frame.Redefine("x", expression)
        alone = REFINED[region](shifted)
        assert cutflows[region, shift] == alone.cutflow()
        arrays = snapshot.read(path)
        for name, expected in alone.frame.AsNumpy(["x", "half", "event"]).items():
            assert arrays[name].tolist() == expected.tolist()
    assert cutflows["even", "nominal"] != cutflows["even", "double:up"] != cutflows["even", "double:down"]


def test_a_shift_of_several_columns_starts_from_their_values_before_it(numbers):
    frame = numbers.Define("y", "100 - x")
    swap = Variation("swap", ("x", "y"), {"over": ("y", "x")})
    difference = Selection("difference", [Column("d", "x - y")], variations=[swap])
    booked = book(frame, {"all": difference}, ("nominal", "swap:over"))
    nominal, swapped = (selected.frame.AsNumpy(["d"])["d"] for selected in booked.values())
    assert swapped.tolist() == (-nominal).tolist()


def test_a_shift_of_a_column_with_another_name_in_the_files_is_that_of_vary(data):
    opened = open_events(data / "pfnano_simulation.root")
    selection = dijet(mjj_min=500, variations=[jet_energy_scale(0.05)])
    varied = selection(opened).varied_cutflows()
    shifts = ("jet_energy_scale:up", "jet_energy_scale:down")
    booked = book(opened, {"signal": selection}, shifts)
    for shift in shifts:
        assert booked["signal", shift].cutflow() == varied[shift]
    means = [booked["signal", shift].uncut.Mean("mjj").GetValue() for shift in shifts]
    assert means[0] / means[1] == pytest.approx(1.05 / 0.95, abs=1e-4)


def test_a_shift_that_no_region_knows_is_refused(numbers):
    regions = {"even": replace(REFINED["even"], variations=[DOUBLE]), "large": REFINED["large"]}
    with pytest.raises(MaplessError, match="no region has a shift double:upp; did you mean double:up?"):
        book(numbers, regions, ("nominal", "double:upp"))
    booked = book(numbers, regions, ("double:up", "nominal"))
    assert booked["large", "double:up"].cutflow() == booked["large", "nominal"].cutflow()


def test_only_what_decides_the_wanted_columns_is_needed():
    mass_scale = Variation("mass_scale", ("jet_softdrop_mass",), {"up": ("1.1f * jet_softdrop_mass",)})
    tag_scale = Variation("tag_scale", ("jet_b_tag",), {"up": ("1.1f * jet_b_tag",)})
    full = dijet(variations=[mass_scale, tag_scale])
    full = replace(full, headers=(*full.headers, "mapless/fold.h"))
    needed = full.needed_for(["jet1_tau21"])
    names = [column.name for column in needed.columns]
    assert {"jet1_tau21", "jet1_tau2", "jet1_tau1", "passing_jets", "dijet_jets", "mjj", "jet2_pt"} <= set(
        names
    )
    assert not {"jet1_b_tag", "jet2_tau1", "jet1_lsf3"} & set(names)
    assert needed.cuts == tuple(full.cuts)
    assert [variation.name for variation in needed.variations] == ["mass_scale"]
    assert needed.headers == ("mapless/jets.h", "mapless/kinematics.h")
    assert needed == dijet(features=("tau1", "tau2", "lsf3"), variations=[mass_scale]).needed_for(
        ["jet1_tau21"]
    )
    assert full.needed_for(["jet1_b_tag"]) != needed
    tagged = full.needed_for(["jet1_b_tag"])
    assert [variation.name for variation in tagged.variations] == ["mass_scale", "tag_scale"]


def test_the_needed_part_selects_the_same_events(data):
    opened = open_events(data / "pfnano_simulation.root")
    full = dijet(mjj_min=500)
    part = full.needed_for(["jet2_tau21"])
    assert part(opened).cutflow() == full(opened).cutflow()
    whole, kept = (one(opened).frame.AsNumpy(["jet2_tau21"])["jet2_tau21"] for one in (full, part))
    np.testing.assert_array_equal(whole, kept)
