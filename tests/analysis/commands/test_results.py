"""What `status` tells of a folder of results, and what `clean` takes from it."""

from pathlib import Path

import pytest

from analysis import searches
from analysis.commands.clean import clean_output
from analysis.commands.status import print_status
from analysis.engine.job import Tools
from analysis.engine.manifest import write_manifest
from analysis.engine.output_folder import claimed
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage, in_order
from analysis.pipeline import Pipeline
from errors import MaplessError
from tests.analysis.engine import tasks


def told(output: Path, capsys: pytest.CaptureFixture[str]) -> str:
    print_status(output)
    return " ".join(capsys.readouterr().out.split())


def test_stages_that_are_done_at_work_and_left_are_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    output = tmp_path / "results"
    with claimed(output):
        run_stages([Stage("select", tasks.write, {"text": "42"})], output, Tools())
        (output / "stages" / "train-1.partial-1").mkdir()
        (output / "stages" / "fit-2").mkdir()
        at_work = told(output, capsys)
    for words in ("select │ done", "train-1.partial-1 │ running", "fit-2 │ not complete", "At work: process"):
        assert words in at_work
    left = told(output, capsys)
    assert "left half-written" in left
    assert "No run is at work" in left


def test_a_folder_of_others_has_no_status(tmp_path):
    with pytest.raises(MaplessError, match="no folder of results"):
        print_status(tmp_path)


def stored(output: Path, stage: Stage, verb: str = "run") -> Path:
    """The folder of a stage as if a command had run it."""
    folder = stage.folder(output)
    folder.mkdir(parents=True)
    after = {name: one.key for name, one in stage.after.items()}
    told = {"stage": stage.name, "key": stage.key, "after": after, "seconds": 1.0}
    write_manifest(folder, told | {"command": ["run_analysis.py", verb]})
    return folder


def test_stages_of_another_configuration_are_removed_and_those_of_limits_stay(tmp_path):
    output = tmp_path / "results"
    wanted = Pipeline(searches.load("cms-dijet", None)).stages("train", output)
    old = Stage("select-qcd_dijet-signal", tasks.write, {"text": "older"})
    used = Stage("train-cwola-B3", tasks.write, {"text": "of a limit"}, {"old": old})
    limit = Stage("limit-x", tasks.write, {"text": "limit"}, {"train": used})
    superseded = Stage("train-cwola-B3", tasks.write, {"text": "older"}, {"old": old})
    unfinished = Stage("train-cwola-B3", tasks.write, {"text": "of limits that were stopped"})
    with claimed(output):
        kept = [stored(output, unfinished, "limits")]
        kept += [stored(output, stage) for stage in (*wanted, *in_order([limit]))]
        removed = stored(output, superseded)
        (output / "stages" / "mine").mkdir()
    clean_output("cms-dijet", None, (), output, max_events=None, dry_run=True)
    assert removed.exists()
    clean_output("cms-dijet", None, (), output, max_events=None, dry_run=False)
    assert not removed.exists()
    assert all(folder.exists() for folder in (*kept, output / "stages" / "mine"))


def test_nothing_is_removed_from_a_folder_of_others(tmp_path):
    with pytest.raises(MaplessError, match="no folder of results"):
        clean_output("cms-dijet", None, (), tmp_path, max_events=None, dry_run=False)
