from pathlib import Path

import numpy as np
import pytest

from analysis.commands.convert import convert_files
from errors import MaplessError


def test_arrays_become_a_file_and_come_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = np.random.default_rng(1).uniform(0.1, 0.2, (20, 6))
    rows[:, 5] = 1  # the label
    np.save(tmp_path / "rows.npy", rows)
    convert_files([tmp_path / "rows.npy"], tmp_path / "rows.root", None, 1.0, 0.0)
    convert_files([tmp_path / "rows.root"], tmp_path / "again.npy", None, 1.0, 0.0)
    assert "20 events" in " ".join(capsys.readouterr().out.split())
    assert np.load(tmp_path / "again.npy")[:, 0] == pytest.approx(rows[:, 0], rel=1e-5)


@pytest.mark.parametrize(
    ("names", "output", "words"),
    [
        (["a.npy"], "x.csv", "x.csv: name it .root, .h5"),
        (["a.root", "b.root"], "x.h5", "made of one file, not of 2"),
        (["a.npz"], "x.root", "name its arrays with --columns"),
        (["a.npz"], "no/x.root", "there is no folder .*no; make it first"),
        (["no.npz"], "x.root", "no file .*no.npz"),
        (["folder"], "x.root", "folder is a folder"),
    ],
)
def test_what_cannot_be_converted_is_told(names: list[str], output: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("a.npy", "a.npz", "a.root", "b.root"):
        (tmp_path / name).touch()
    with pytest.raises(MaplessError, match=words):
        convert_files([tmp_path / name for name in names], tmp_path / output, None, 1.0, 0.0)


def test_typo_in_the_names_of_arrays_names_its_key(tmp_path: Path) -> None:
    (tmp_path / "a.npz").touch()
    (tmp_path / "names.yaml").write_text("column: {mjj: m}")
    with pytest.raises(MaplessError, match="column: unknown key; did you mean 'columns'"):
        convert_files([tmp_path / "a.npz"], tmp_path / "x.root", tmp_path / "names.yaml", 1.0, 0.0)


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    for name in ("rows.npy", "mine.root"):
        (tmp_path / name).write_text("mine")
    with pytest.raises(MaplessError, match=r"mine.root is there already and would be lost"):
        convert_files([tmp_path / "rows.npy"], tmp_path / "mine.root", None, 1.0, 0.0)
    assert (tmp_path / "mine.root").read_text() == "mine"
