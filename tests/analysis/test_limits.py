"""Limits by rounds of injections, from files to tables, with a fast detector that learns from the data."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis import limit_rounds, searches
from analysis.batch.part import Part
from analysis.engine.job import Job, Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage, in_order
from analysis.limit_plan import injected_cuts, limit_stage
from analysis.limit_search import LimitSearch
from analysis.search_settings import SearchSettings
from analysis.source import Injection
from analysis.stages.data_set import read_events
from errors import MaplessError
from tests.analysis import toy_search

CONFIGURATION = """
search: tests.analysis.toy_search
data: background
samples:
  background: {{role: background, files: [background.root], luminosity: {luminosity}}}
  odd: {{role: signal, files: [odd.root], mass: 1500, acceptance: 0.5}}
limits: {{trainings: 2, largest_grid: 5}}
fit: {{limit_toys: 0}}
"""

ALL = Part()


class Ran:
    """Limits of the toy search, with the stages that each round was given."""

    def __init__(self, folder: Path, *overrides: str, part: Part = ALL) -> None:
        self.output = folder / "out"
        self.search = LimitSearch(load(folder, *overrides), part=part)
        self.rounds: list[list[Stage]] = []

    def run(self) -> Path:
        """The folder of the tables."""

        def run(stages: list[Stage]) -> None:
            self.rounds.append([stage for stage in stages if not stage.is_done(self.output)])
            run_stages(stages, self.output, Tools())

        return self.search.run(self.output, run).folder(self.output)


def load(folder: Path, *overrides: str) -> SearchSettings:
    """Settings of the toy search on the files of a folder."""
    return searches.load(None, folder / "toy.yaml", overrides)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("limits")
    toy_search.write_background(folder / "background.root", 10_000, 1)
    toy_search.write_signal(folder / "odd.root", 1000, 2)
    (folder / "toy.yaml").write_text(CONFIGURATION.format(luminosity=toy_search.LUMINOSITY))
    return folder


@pytest.fixture(scope="module")
def ran(folder: Path) -> tuple[Ran, Path]:
    one = Ran(folder)
    return one, one.run()


@pytest.fixture(scope="module")
def rows(ran: tuple[Ran, Path]) -> dict[str, dict[str, str]]:
    with (ran[1] / "tables" / "limits.csv").open() as file:
        return {row["method"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def found(ran: tuple[Ran, Path]) -> dict[str, dict]:
    stored = json.loads((ran[1] / "results.json").read_text())["limits"]["odd"]["found"]
    return {"traditional" if one["traditional"] else one["hunt"] or "inclusive": one for one in stored}


def test_every_method_stands_beside_the_inclusive_and_the_traditional_search(rows: dict) -> None:
    assert list(rows) == ["inclusive", "traditional", "weak", "forest"]
    assert {row["status"] for row in rows.values()} == {"good"}
    limit = {name: float(row["expected_fb"]) for name, row in rows.items()}
    # the cut of the traditional search keeps most of the signal and little else
    assert limit["traditional"] < limit["weak"] < limit["inclusive"]
    for name, row in rows.items():
        assert float(row["improvement"]) == pytest.approx(limit["inclusive"] / limit[name], rel=1e-3)


def test_the_inclusive_efficiency_is_acceptance_times_selection_with_the_error_of_what_was_made(
    rows: dict,
) -> None:
    assert float(rows["inclusive"]["efficiency"]) == pytest.approx(0.5, abs=0.001)
    assert float(rows["inclusive"]["efficiency_error"]) == pytest.approx(np.sqrt(0.25 / 2000), rel=0.01)


def test_what_learns_from_the_data_is_injected_until_its_minimum_is_bracketed(found: dict) -> None:
    points = {point["cross_section"]: point for point in found["weak"]["efficiencies"]}
    per_fb = {at: toy_search.LUMINOSITY * point["efficiency"] for at, point in points.items()}
    excluded = [at for at, point in points.items() if point["excluded"] / per_fb[at] <= at]
    allowed = [at for at in points if at < min(excluded)]
    assert 1 < min(excluded) / max(allowed) < 1.31
    efficiencies = [point["efficiency"] for point in points.values()]
    assert efficiencies[0] < efficiencies[-1]


def test_what_a_limit_rests_on_is_trained_on_with_several_seeds(found: dict) -> None:
    points = {point["cross_section"]: point for point in found["weak"]["efficiencies"]}
    limit = found["weak"]["limit"]
    for name in ("injection", "expected_injection"):
        point = points[limit[name]]
        assert point["n_trainings"] == 2
        assert 0 < point["training_error"] < 0.2 * point["efficiency"]
        assert point["error"] > point["statistical_error"]


def test_what_does_not_learn_from_the_signal_says_so_and_is_measured_once(ran: tuple, found: dict) -> None:
    (point,) = found["forest"]["efficiencies"]
    assert point["cross_section"] is None
    trainings = {stage.key for some in ran[0].rounds for stage in some if stage.name.startswith("train-")}
    names = [stage.name for some in ran[0].rounds for stage in some if stage.key in trainings]
    assert names.count("train-forest-W") == 1
    assert names.count("train-weak-W") > 3


def test_the_tables_are_page_csv_latex_and_a_submission_that_hepdata_takes(ran: tuple) -> None:
    folder = ran[1]
    assert "X → two odd jets" in (folder / "report.html").read_text()
    assert (
        r"X $\to$ two odd jets, 1.5 TeV & 150 & forest &" in (folder / "tables/best_limits.tex").read_text()
    )
    names = {file.name for file in (folder / "hepdata").iterdir()}
    assert {"submission.yaml", "limits.yaml", "discovery.yaml", "efficiency_odd_weak.yaml"} <= names
    assert {"spectrum_mjj_all_events.yaml", "cutflow_odd-signal.yaml"} <= names
    assert {"limits_1500.png", "efficiency_odd_weak.png"} <= {
        file.name for file in (folder / "plots").iterdir()
    }


def test_the_same_again_keeps_everything(ran: tuple, folder: Path) -> None:
    again = Ran(folder)
    assert again.run() == ran[1]
    assert not [stage for some in again.rounds for stage in some]


def test_parts_share_the_signals(folder: Path) -> None:
    two = "limits.signals=[odd, background]"
    assert LimitSearch(load(folder, two), part=Part(1, 2)).signals == ("odd",)
    assert LimitSearch(load(folder, two), part=Part(2, 2)).signals == ("background",)
    with pytest.raises(MaplessError, match="part 2 of 2 has none of 1 signals"):
        _ = LimitSearch(load(folder), part=Part(2, 2)).signals


def test_each_training_has_its_own_seed_and_its_own_signal_events(ran: tuple, folder: Path) -> None:
    plan, output = ran[0].search.plan, ran[0].output
    cuts = injected_cuts(plan, "mjj-weak-W", "odd", 20.0, 2)
    run_stages(in_order(list(cuts.values())), output, Tools())
    drawn = []
    for cut in cuts.values():
        training = next(stage for stage in in_order([cut]) if stage.name == "train-weak-W")
        after = {name: stage.folder(output) for name, stage in training.after.items()}
        events = read_events(Job(output, after, {}), training.arguments["training"]["events"])
        keys = events["key"][events["injected"] > 0]
        assert len(keys) == 100  # 20 fb x 10 /fb x 0.5
        assert len(np.unique(events["key"])) == len(events)  # so that no event is in two folds
        drawn.append(set(keys.tolist()))
    assert drawn[0] != drawn[1]
    trained = [stage for stage in in_order(list(cuts.values())) if stage.name == "train-weak-W"]
    seeds = {stage.arguments["detector"].offered["seed"] for stage in trained}
    assert seeds == {1, 2}


def test_a_detector_learns_from_the_sample_without_signal_that_is_named(folder: Path) -> None:
    toy_search.write_background(folder / "other.root", 10_000, 3)
    other = "samples.other={role: background, files: [other.root], luminosity: %g}"
    into = "limits.injected_into=other"

    def cut(*overrides: str) -> Stage:
        plan = LimitSearch(load(folder, "injections.odd.n_events=100", *overrides)).plan
        return injected_cuts(plan, "mjj-weak-W", "odd", 20.0, 1)["cut 20 1"]

    given = cut(other % 10, into)
    training = next(stage for stage in in_order([given]) if stage.name == "train-weak-W")
    events = training.arguments["training"]["events"]
    assert events.source.sample == "other"
    (injected,) = events.injected
    assert (injected.injection.cross_section, injected.injection.n_events) == (20.0, None)
    with pytest.raises(MaplessError, match="other has 5 / fb, the data 10"):
        cut(other % 5, into)
    with pytest.raises(MaplessError, match="odd is signal; name a sample without any"):
        cut("limits.injected_into=odd")
    with pytest.raises(MaplessError, match="limits.injected_into"):
        cut("limits.injected_into=nothing")


def test_a_signal_at_a_mass_that_nothing_tests_is_refused(folder: Path) -> None:
    search = LimitSearch(load(folder, "limits.signals=[odd]", "samples.odd.mass=2 TeV"))
    with pytest.raises(MaplessError, match=r"no spectrum or window tests the mass of odd \(2000 GeV\)"):
        search.run(folder / "elsewhere", lambda stages: None)


def test_no_more_is_injected_than_there_are_events_for(ran: tuple) -> None:
    plan, output = ran[0].search.plan, ran[0].output
    assert limit_rounds._largest(plan, "odd", output) == pytest.approx(1000 / 0.5 / toy_search.LUMINOSITY)
    some = replace(plan, search=replace(plan.search, injections=(Injection("odd", n_events=400),)))
    assert limit_rounds._largest(some, "odd", output) == pytest.approx(600 / 0.5 / toy_search.LUMINOSITY)
    everything = replace(plan, search=replace(plan.search, injections=(Injection("odd", n_events=1000),)))
    with pytest.raises(MaplessError, match="odd-signal: no event is left to inject for limits"):
        limit_rounds._largest(everything, "odd", output)


def test_another_systematic_error_redoes_the_limit_alone(ran: tuple) -> None:
    plan = ran[0].search.plan
    before = {stage.key for stage in in_order([limit_stage(plan, "odd", "mjj-weak-W", {20.0: 1})])}
    after = in_order([limit_stage(plan, "odd", "mjj-weak-W", {20.0: 1}, systematic=0.1)])
    assert [stage.name for stage in after if stage.key not in before] == ["limits-odd-mjj-weak-W"]
