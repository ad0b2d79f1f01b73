"""JSON files: complete or not there, and nothing in them that JSON does not know."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis.engine.json_file import read_json, write_json


def test_numbers_that_json_does_not_know_become_null(tmp_path):
    content = {"interval": (float("-inf"), 1.5), "deep": [{"limit": np.float32("nan")}], "status": "no_limit"}
    write_json(tmp_path / "results.json", content)
    expected = {"interval": [None, 1.5], "deep": [{"limit": None}], "status": "no_limit"}
    assert (
        json.loads((tmp_path / "results.json").read_text())
        == expected
        == read_json(tmp_path / "results.json")
    )


def test_numbers_of_numpy_stay_numbers_and_paths_become_text(tmp_path):
    content = {
        "n": np.int64(3),
        "x": np.float32(0.5),
        "passed": np.bool_(True),
        "edges": np.array([[1.0, 2.0]]),
    }
    write_json(tmp_path / "results.json", content | {"file": Path("a/b"), 3000: "mass"})
    expected = {"n": 3, "x": 0.5, "passed": True, "edges": [[1.0, 2.0]], "file": "a/b", "3000": "mass"}
    assert read_json(tmp_path / "results.json") == expected


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    write_json(tmp_path / "results.json", {"n": 1})
    with pytest.raises(TypeError, match="object"):
        write_json(tmp_path / "results.json", {"n": object()})
    assert [file.name for file in tmp_path.iterdir()] == ["results.json"]
    assert read_json(tmp_path / "results.json") == {"n": 1}
