"""A dry run says everything that would fail, and what each stage is for."""

from pathlib import Path

import pytest

from analysis import searches
from analysis.engine.stage import in_order
from analysis.pipeline import Pipeline
from analysis.rehearsal import complaints, purposes
from errors import MaplessError

TESTS = Path(__file__).parents[1]
SAMPLES = TESTS.parent / "analysis" / "samples"


def planned(*overrides: str) -> Pipeline:
    return Pipeline(searches.load("cms-dijet", None, overrides))


def told(pipeline: Pipeline, output: Path) -> list[str]:
    return complaints(pipeline, pipeline.stages("report", output), output)


def test_nothing_is_wrong_with_the_default_run_and_nothing_is_written(tmp_path: Path) -> None:
    assert told(planned(), tmp_path / "out") == []
    assert not list(tmp_path.iterdir())


def test_everything_that_would_fail_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    pipeline = planned("windows=[A3, B3]", "injections.x_to_yy_3000.n_events=9999")
    output, window, injection = told(pipeline, tmp_path / "taken")
    assert "is a file, not a folder" in output
    assert window.startswith("window A3") and "begins at 2017, the selection of signal at 2232" in window
    assert injection == "injections: 9,999 events of x_to_yy_3000 are asked for, its files hold 3,000"


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        (f"role: background, files: [{TESTS / 'data' / 'nanoaod_v13_data_2022.root'}]", "has no genWeight"),
        (f"role: data, year: 1999, files: [{TESTS / 'data' / 'nanoaod_v13_data_2022.root'}]", "for 1999"),
        (f"role: data, files: [{TESTS / 'conftest.py'}]", "conftest.py"),
    ],
)
def test_samples_are_opened(sample: str, words: str, tmp_path: Path) -> None:
    own = (f"samples={{mine: {{{sample}}}}}", "data=mine", "injections={}", "selection.jet_features=[]")
    assert any(words in complaint for complaint in told(planned(*own), tmp_path))


def test_all_files_that_are_missing_are_named_together(tmp_path: Path) -> None:
    lost = ", ".join(f"{name}: {{role: signal, mass: 3000, files: [{name}.root]}}" for name in ("a", "b"))
    with pytest.raises(MaplessError, match="a.root does not exist.*b.root does not exist"):
        told(planned(f"samples={{{lost}}}", "signals=[a, b]"), tmp_path)


def test_stages_say_what_they_are_for(tmp_path: Path) -> None:
    data = f"samples={{mine: {{role: data, files: [{SAMPLES / 'qcd_dijet.root'}]}}}}"
    closure = "closure={background: qcd_dijet, signal: x_to_yy_3000, n_signal_events: 550}"
    closed = planned(data, "data=mine", "injections={}", closure)
    stages = in_order(closed.stages("report", tmp_path))
    found = purposes(closed, stages)
    of = {stage.name: set() for stage in stages}
    for stage in stages:
        of[stage.name].add(found[stage.key])
    assert of["select-mine-signal"] == of["open-mjj"] == {"data"}
    assert of["train-cwola-B3"] == {"closure, background", "closure, injected"}
    assert of["closure"] == {"closure"}
    assert of["report"] == {"report"}
    searched = planned()
    stages = in_order(searched.stages("report", tmp_path))
    found = purposes(searched, stages)
    assert {found[one.key] for one in stages if one.name == "select-x_to_yy_3000-signal"} == {"injection"}
