"""Blinding and closure: what may run before data are opened."""

from pathlib import Path

import pytest

from analysis import blinding, searches
from analysis.engine.stage import in_order
from analysis.pipeline import Pipeline
from errors import MaplessError

SAMPLES = Path(__file__).parents[2] / "analysis" / "samples"
DATA = (
    f"samples={{mine: {{role: data, files: [{SAMPLES / 'qcd_dijet.root'}], luminosity: 51}}, "
    f"massless: {{role: signal, files: [{SAMPLES / 'x_to_yy_3000.root'}]}}}}",
    "data=mine",
    "injections={}",
)
CLOSURE = "closure={background: qcd_dijet, signal: x_to_yy_3000, n_signal_events: 550}"


def _stages(
    *overrides: str, unblind: bool = False, last: str = "report", output: Path = Path("nowhere")
) -> list:
    return Pipeline(searches.load("cms-dijet", None, (*DATA, *overrides)), unblind).stages(last, output)


def test_closed_data_are_selected_and_drawn_where_they_are_open_and_nothing_else() -> None:
    names = {stage.name.split("-")[0] for stage in _stages()}
    assert names == {"select", "open", "report"}
    assert {stage.name.split("-")[0] for stage in _stages(last="scan")} == {"select"}


def test_the_closure_test_trains_on_simulation_only() -> None:
    stages = in_order(_stages(CLOSURE))
    trained = [stage for stage in stages if stage.name.startswith("train")]
    assert len(trained) == 2
    for stage in trained:
        assert all(not name.startswith("mine") for name in stage.after)


@pytest.mark.parametrize(
    ("closure", "words"),
    [
        ("closure={background: mine}", "closure.background: mine is data, not background"),
        (
            "closure={background: qcd_dijet, signal: massless, n_signal_events: 9}",
            "must be a signal with a mass",
        ),
        ("closure={background: qcd_dijet, signal: x_to_yy_3000, n_signal_events: 0}", "n_signal_events"),
        ("closure={control: true}", "name a background as well"),
    ],
)
def test_a_closure_test_that_looks_at_data_or_cannot_fail_is_refused(closure: str, words: str) -> None:
    with pytest.raises(MaplessError, match=words):
        _stages(closure)


def test_closure_repeats_with_other_seeds_and_looks_at_data_in_the_control_region_only() -> None:
    more = CLOSURE.replace("}", ", seeds: 2, control: true}")
    stages = in_order(_stages(more))
    seeds: dict[str, list[int]] = {}
    for stage in stages:
        if stage.name.startswith("train"):
            seeds.setdefault(stage.note, []).append(stage.arguments["detector"].offered["seed"])
    kinds = ("background", "injected", "control region")
    assert seeds == {f"closure, {kind}": [1, 2] for kind in kinds}
    trained = [
        one for one in stages if one.note == "closure, control region" and one.name.startswith("train")
    ]
    selected = {one for stage in trained for one in stage.after.values()}
    assert {stage.arguments["sample"] for stage in selected} == {"mine"}
    cuts = {cut.title for stage in selected for cut in stage.arguments["selection"].cuts}
    assert "1.4 < |delta eta| < 2.5" in cuts
    assert "|delta eta| < 1.3" not in cuts


def test_the_search_chooses_how_much_the_closure_test_injects_unless_it_is_told() -> None:
    def sizes(closure: str) -> list:
        return [one for one in in_order(_stages(closure)) if one.name == "injection-x_to_yy_3000"]

    assert not sizes(CLOSURE)
    (size,) = sizes("closure={background: qcd_dijet, signal: x_to_yy_3000, seeds: 2}")
    assert size.arguments["significance"] == 2
    assert size.after["fit"].arguments["data"].source.sample == "qcd_dijet"
    assert not size.after["fit"].arguments["data"].injected


def test_simulation_is_selected_as_the_data_unless_it_says_otherwise() -> None:
    """Year, triggers and filters of the data hold for the samples of the closure test as well."""
    files = f"files: [{SAMPLES / 'qcd_dijet.root'}]"
    samples = (
        f"samples={{mine: {{role: data, {files}, year: 2022, filters: []}}, "
        f"qcd: {{role: background, {files}}}, old: {{role: background, {files}, year: 2017}}}}"
    )
    for background, conditions in (
        ("qcd", {"year": "2022", "filters": ()}),
        ("old", {"year": "2017", "filters": ()}),
    ):
        closure = f"closure={{background: {background}}}"
        settings = searches.load("cms-dijet", None, (samples, "data=mine", "injections={}", closure))
        stage = Pipeline(settings).closure
        assert stage
        used = [
            one.arguments["parts"][0].opening
            for one in in_order([stage])
            if one.name == f"select-{background}-signal"
        ]
        assert used
        assert all(conditions.items() <= opening.items() for opening in used)


def test_no_row_of_a_closed_cutflow_tells_how_many_events_are_closed() -> None:
    search = Pipeline(searches.load("cms-dijet", None, DATA)).plan.search
    titles = ["all events", *(cut.title for cut in search.regions["signal"].cuts)]
    rows = blinding.open_rows(search, "signal")
    assert titles[rows] == "m_jj > 2232 GeV"
    certified = "samples.mine.certified=golden.json"
    search = Pipeline(searches.load("cms-dijet", None, (*DATA, certified))).plan.search
    assert blinding.open_rows(search, "signal") == rows + 1
    multijet = searches.declare(searches.load("multijet-forest", None))
    assert blinding.open_rows(multijet, "signal") == len(multijet.regions["signal"].cuts)
    assert blinding.open_rows(multijet, "control") is None


def test_simulation_is_searched_beside_without_its_injections_and_with_the_same_seeds() -> None:
    def report(*overrides: str):
        return Pipeline(searches.load("cms-dijet", None, ("background_only=true", *overrides))).report

    after = report().after
    alone = {name: stage for name, stage in after.items() if name.startswith("background-only")}
    assert set(alone) == {"background-only-mjj", "background-only-mjj-cwola-B3"}
    for name, fit in alone.items():
        beside = after[name.removeprefix("background-only-")]
        assert (len(beside.arguments["data"].injected), fit.arguments["data"].injected) == (1, ())
        for train in (one for one in in_order([fit]) if one.name.startswith("train")):
            same = next(one for one in in_order([beside]) if one.name.startswith("train"))
            assert train.arguments["detector"] == same.arguments["detector"]
    for without in (report("injections={}"), report(*DATA[:2])):
        assert not any(name.startswith("background-only") for name in without.after)


def test_unblinding_without_closure_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match=r"closure\.background"):
        _stages(unblind=True, output=tmp_path)
    with pytest.raises(MaplessError, match="without --unblind first"):
        _stages(CLOSURE, unblind=True, output=tmp_path)


def test_cross_sections_need_a_luminosity_that_belongs_to_the_data_that_are_read() -> None:
    overrides = ("injections={x_to_yy_3000: {cross_section: 2}}",)
    with pytest.raises(MaplessError, match="leave --max-events out"):
        Pipeline(searches.load("cms-dijet", None, overrides), max_events=100).stages("scan", Path("nowhere"))
    there = f"samples={{mine: {{role: background, files: [{__file__}]}}}}"
    unknown = (there, "data=mine", *overrides)
    with pytest.raises(MaplessError, match="needs the luminosity of mine"):
        Pipeline(searches.load("cms-dijet", None, unknown)).stages("scan", Path("nowhere"))
