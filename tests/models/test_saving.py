import json

import numpy as np
import pytest

from errors import MaplessError
from models.isolation_forest import IsolationForest
from models.saving import read_arrays, saved_settings, write_folder
from tests.models import toy


def test_a_folder_appears_only_when_all_is_written(tmp_path):
    with pytest.raises(RuntimeError), write_folder(tmp_path / "result") as folder:
        (folder / "half").write_text("")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_a_failed_rewrite_keeps_the_old_folder(tmp_path):
    with write_folder(tmp_path / "result") as folder:
        (folder / "old").write_text("")
    with pytest.raises(RuntimeError), write_folder(tmp_path / "result"):
        raise RuntimeError
    assert {path.name for path in (tmp_path / "result").iterdir()} == {"old", "checksums.json"}


def test_a_folder_of_others_is_not_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(MaplessError, match="holds something else than a detector"), write_folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_folder_without_settings_is_refused(tmp_path):
    with pytest.raises(MaplessError, match="holds no trained detector or cut"), saved_settings(tmp_path):
        pass


@pytest.fixture(scope="module")
def forest():
    return IsolationForest(toy.INPUTS["jet1"], n_trees=3).fit({"background": toy.background(300, seed=1)})


def flip_a_bit(folder):
    content = bytearray((folder / "forests.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "forests.npz").write_bytes(content)


def cut_short(folder):
    (folder / "forests.npz").write_bytes((folder / "forests.npz").read_bytes()[:-10])


def lose(folder):
    (folder / "forests.npz").unlink()


def add(folder):
    (folder / "more.npz").write_text("")


def age(folder):
    saved = json.loads((folder / "checksums.json").read_text())
    (folder / "checksums.json").write_text(json.dumps(saved | {"format": 0}))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (flip_a_bit, "forests.npz was changed"),
        (cut_short, "forests.npz was changed"),
        (lose, "forests.npz was lost"),
        (add, "more.npz was changed"),
        (age, "format 0"),
    ],
)
def test_what_changed_after_it_was_saved_is_refused(forest, change, reason, tmp_path):
    forest.save(tmp_path / "forest")
    change(tmp_path / "forest")
    with pytest.raises(MaplessError, match=reason):
        IsolationForest.load(tmp_path / "forest")


class Trap:
    """Leaves a trace when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return open, (self.trace, "w")


def test_nothing_that_is_loaded_runs_code(tmp_path):
    np.savez(tmp_path / "arrays.npz", values=np.array([Trap(str(tmp_path / "trace"))], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(tmp_path / "arrays.npz")
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_a_finite_number_is_refused(wrong, tmp_path):
    np.savez(tmp_path / "arrays.npz", good=np.ones(2), bad=np.array([1, wrong]))
    with pytest.raises(ValueError, match="bad does not hold finite numbers"):
        read_arrays(tmp_path / "arrays.npz")
