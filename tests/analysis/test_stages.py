import json
from pathlib import Path

import pytest

from analysis.stages import Stage, read_manifest, run_stage, write_json


def _writer(calls: list[Path], text: str = "42"):
    def run(folder: Path) -> None:
        calls.append(folder)
        (folder / "product.txt").write_text(text)

    return run


def test_a_finished_stage_is_not_run_again(tmp_path: Path) -> None:
    calls: list[Path] = []
    for _ in range(2):
        folder = run_stage(Stage("select", _writer(calls), {"cut": 1}), tmp_path)
    assert len(calls) == 1
    assert (folder / "product.txt").read_text() == "42"


def test_fresh_runs_it_again(tmp_path: Path) -> None:
    calls: list[Path] = []
    for _ in range(2):
        run_stage(Stage("select", _writer(calls)), tmp_path, fresh=True)
    assert len(calls) == 2


def test_another_setting_input_or_earlier_stage_makes_another_folder(tmp_path: Path) -> None:
    file = tmp_path / "events.root"
    file.write_text("a")
    base = Stage("select", _writer([]), {"cut": 1}, inputs=(file,))
    keys = {base.key, Stage("select", _writer([]), {"cut": 2}, inputs=(file,)).key}
    keys.add(Stage("train", _writer([]), after=(base,)).key)
    keys.add(Stage("train", _writer([])).key)
    file.write_text("b")
    keys.add(Stage("select", _writer([]), {"cut": 1}, inputs=(file,)).key)
    assert len(keys) == 5


def test_other_code_makes_another_folder() -> None:
    keys = {Stage("select", _writer([]), sources=sources).key for sources in ((), ("fits",), ("errors.py",))}
    assert len(keys) == 3


def test_an_interrupted_stage_leaves_nothing(tmp_path: Path) -> None:
    def run(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise KeyboardInterrupt

    stage = Stage("train", run)
    with pytest.raises(KeyboardInterrupt):
        run_stage(stage, tmp_path)
    assert not stage.is_done(tmp_path)
    assert not list((tmp_path / "stages").iterdir())


def test_the_manifest_records_settings_checksums_versions_and_time(tmp_path: Path) -> None:
    folder = run_stage(Stage("select", _writer([]), {"cut": 1}), tmp_path)
    manifest = read_manifest(folder)
    assert manifest["settings"] == {"cut": 1}
    assert set(manifest["products"]) == {"product.txt"}
    assert manifest["versions"]["numpy"]
    assert manifest["seconds"] >= 0
    json.dumps(manifest)


def test_numbers_that_json_does_not_know_become_null(tmp_path: Path) -> None:
    content = {"interval": (float("-inf"), 1.5), "deep": [{"limit": float("nan")}], "status": "no_limit"}
    write_json(tmp_path / "results.json", content)
    text = (tmp_path / "results.json").read_text()
    assert json.loads(text) == {"interval": [None, 1.5], "deep": [{"limit": None}], "status": "no_limit"}
