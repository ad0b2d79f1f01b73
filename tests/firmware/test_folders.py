"""Folders appear whole or not at all, and nothing is removed that Mapless did not write."""

import os

import pytest

from errors import MaplessError
from firmware.folders import complete_folder
from firmware.routes.compiler import run_tool


def write(folder, text="new"):
    with complete_folder(folder) as partial:
        (partial / "inner").mkdir()
        (partial / "inner" / "file").write_text(text)


def test_a_folder_of_ours_is_replaced_as_a_whole(tmp_path):
    write(tmp_path / "out", "old")
    write(tmp_path / "out", "new")
    assert (tmp_path / "out" / "inner" / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out")
    assert (tmp_path / "out" / "inner" / "file").is_file()


@pytest.mark.parametrize("place", ["notes.txt", "inner/notes.txt", "thesis/chapter.tex"])
@pytest.mark.parametrize("ours", [True, False], ids=["in ours", "in another"])
def test_what_somebody_else_wrote_is_named_and_stays(place, ours, tmp_path):
    out = tmp_path / "out"
    if ours:
        write(out, "old")
    (out / place).parent.mkdir(parents=True, exist_ok=True)
    (out / place).write_text("precious")
    with pytest.raises(MaplessError, match=f"holds {place}, which Mapless did not write"):
        write(out)
    assert (out / place).read_text() == "precious"
    assert (out / "inner" / "file").exists() == ours
    assert list(tmp_path.iterdir()) == [out]


def test_what_appears_during_the_work_stays_too(tmp_path):
    with pytest.raises(MaplessError, match="holds late"), complete_folder(tmp_path / "out") as partial:
        (partial / "file").write_text("new")
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "late").write_text("precious")
    assert (tmp_path / "out" / "late").read_text() == "precious"


def test_what_a_tool_of_ours_leaves_there_is_ours(tmp_path):
    write(tmp_path / "out")
    run_tool(["touch", "made"], tmp_path / "out" / "inner", what="a tool")
    write(tmp_path / "out")
    assert not (tmp_path / "out" / "inner" / "made").exists()


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "inner" / "file").is_file()


def test_a_failure_leaves_what_was_there(tmp_path):
    write(tmp_path / "out", "old")
    with pytest.raises(ZeroDivisionError), complete_folder(tmp_path / "out") as partial:
        (partial / "file").write_text("half")
        raise ZeroDivisionError
    assert (tmp_path / "out" / "inner" / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_in_the_way_is_named(tmp_path):
    (tmp_path / "out").write_text("precious")
    with pytest.raises(MaplessError, match="out is a file; name a folder"):
        write(tmp_path / "out")
    with pytest.raises(MaplessError, match="cannot write to"):
        write(tmp_path / "out" / "below")
    assert os.listdir(tmp_path) == ["out"]  # noqa: PTH208
