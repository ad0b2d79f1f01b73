"""What is planted in the events is what the explanation of their selection names first."""

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from analysis import searches
from analysis.commands.explanation import print_explanation
from analysis.engine.job import Tools
from analysis.engine.json_file import read_json
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.explanation import explanation
from analysis.pipeline import Pipeline
from analysis.stages.explain import EXPLANATION
from tests.analysis import toy_search

CONFIGURATION = """
search: tests.analysis.toy_search
data: background
samples:
  background: {role: background, files: [background.root]}
  odd: {role: signal, files: [odd.root], mass: 1500}
injections: {odd: {n_events: 100}}
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder: Path = tmp_path_factory.mktemp("explanation")
    toy_search.write_background(folder / "background.root", 10_000, 1)
    toy_search.write_signal(folder / "odd.root", 300, 2)
    (folder / "toy.yaml").write_text(CONFIGURATION)
    stage = explanation(Pipeline(searches.load(None, folder / "toy.yaml", ())).plan)
    run_stages(in_order([stage]), folder / "out", Tools())
    return read_json(stage.folder(folder / "out") / EXPLANATION)


def test_the_masses_of_the_planted_jets_come_first(found: dict) -> None:
    for hunt in found["hunts"].values():
        assert set(list(hunt["features"])[:2]) == set(toy_search.JETS)
        assert set(hunt["features"]) == {*toy_search.JETS, "jet1_eta", "jet2_eta", "delta_eta"}
        planted = hunt["features"]["jet1_softdrop_mass"]
        assert planted["distance"] > 2 * hunt["features"]["jet1_eta"]["distance"]
        assert planted["kept_median"] == pytest.approx(toy_search.JET_MASS, rel=0.2)


def test_what_the_detector_sees_is_what_the_selection_hangs_on(found: dict) -> None:
    for hunt in found["hunts"].values():
        assert set(hunt["importance"]) == set(toy_search.JETS)
        assert max(hunt["importance"].values()) > 0.5


def test_the_most_anomalous_events_are_told_by_their_names(found: dict) -> None:
    events = found["hunts"]["weak-W"]["most_anomalous"]
    scores = [event["score"] for event in events]
    assert scores == sorted(scores, reverse=True)
    assert all(toy_search.WINDOW.low <= event["mjj"] < toy_search.WINDOW.high for event in events)
    assert {event["run"] for event in events} <= {1, 2}


def test_detectors_are_compared_and_all_is_printed(found: dict) -> None:
    (compared,) = found["correlations"]
    assert (compared["window"], compared["scores"]) == ("W", ["weak score", "forest score"])
    assert 0.1 < compared["matrix"][0][1] < 1
    console = Console(width=120, file=StringIO())
    print_explanation(found, console)
    text = " ".join(console.file.getvalue().split())
    assert text.index("jet1_softdrop_mass") < text.index("jet1_eta") < text.index("most anomalous events")
    assert "Rank correlations of the scores beside window W" in text
