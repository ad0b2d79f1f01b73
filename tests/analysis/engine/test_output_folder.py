"""Whose a folder of results is, and who may write into it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from analysis.engine.output_folder import MARKER, claimed, move_in, require_writable
from errors import MaplessError

REPOSITORY = Path(__file__).parents[3]


def test_a_folder_of_others_is_refused_and_stays_as_it_is(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(MaplessError, match="holds files that Mapless did not write"), claimed(tmp_path):
        pass
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_and_an_own_folder_are_taken(tmp_path):
    for _ in range(2):
        with claimed(tmp_path):
            (tmp_path / "results.json").write_text("{}")
    assert {file.name for file in tmp_path.iterdir()} == {MARKER, "results.json"}


def test_a_folder_in_which_nothing_was_written_vanishes(tmp_path):
    with pytest.raises(RuntimeError), claimed(tmp_path / "new"):
        raise RuntimeError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_what_cannot_be_a_folder_is_refused(tmp_path, place):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(MaplessError, match="choose another folder with --output"), claimed(tmp_path / place):
        pass


def test_one_run_at_a_time_writes_and_the_other_hears_who(tmp_path):
    with claimed(tmp_path):
        (tmp_path / "work.partial-1").mkdir()
        refused = pytest.raises(MaplessError, match=f"another run .process {os.getpid()} on .* writes into")
        with refused, claimed(tmp_path):
            pass
        assert (tmp_path / "work.partial-1").exists()
    with claimed(tmp_path):
        pass


def test_a_dead_run_locks_nothing_and_its_leftovers_go(tmp_path):
    code = f"""
import os
from pathlib import Path
from analysis.engine.output_folder import claimed
output = Path({str(tmp_path / "output")!r})
with claimed(output):
    for left in ("stages/train-1.partial-9/half", "stages/train-1.partial-9-old/half", ".partial-9/half",
                 "model/.partial-9/half", ".published.json.partial-9/half", "stages/train-2/whole"):
        (output / left).mkdir(parents=True)
    (output / ".x.json.partial-9").write_text("half")
    os._exit(0)
"""
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    with claimed(tmp_path / "output"):
        left = {str(file.relative_to(tmp_path / "output")) for file in (tmp_path / "output").rglob("*")}
    assert left == {MARKER, "model", "stages", "stages/train-2", "stages/train-2/whole"}


def test_a_record_that_names_files_elsewhere_removes_none(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / ".published.json").write_text('["../mine"]')
    (tmp_path / "new").mkdir()
    move_in(tmp_path / "new", tmp_path / "output")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    (tmp_path / "kept").mkdir()
    require_writable(tmp_path / "new" / "deep")
    require_writable(tmp_path / "kept")
    assert [place.name for place in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").touch()
    for name, words in (
        ("file", "is a file"),
        ("file/deep", "Not a directory"),
        ("new/" + "n" * 300, "too long"),
        ("a\0b", "null byte"),
    ):
        with pytest.raises(MaplessError, match=words):
            require_writable(tmp_path / name)
    assert [place.name for place in tmp_path.iterdir()] == ["file"]
