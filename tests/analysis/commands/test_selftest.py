import json

import pytest

from analysis.commands import selftest


def test_recorded_numbers_are_reproduced_here() -> None:
    assert selftest.run_selftest()


def test_a_number_that_differs_is_told(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = json.loads(selftest.RECORDED.read_text())
    recorded["folds of 1000 events"] *= 1.001
    other = tmp_path / "recorded.json"
    other.write_text(json.dumps(recorded))
    monkeypatch.setattr(selftest, "RECORDED", other)
    assert not selftest.run_selftest()
    assert capsys.readouterr().out.count("differs") == 1
