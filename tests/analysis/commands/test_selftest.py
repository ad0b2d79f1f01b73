import json

import pytest

from analysis.commands import selftest


def test_golden_numbers_are_reproduced_here() -> None:
    assert selftest.run_selftest()


def test_a_number_that_differs_is_told(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = json.loads(selftest.GOLDEN.read_text())
    golden["folds of 1000 events"] *= 1.001
    other = tmp_path / "golden.json"
    other.write_text(json.dumps(golden))
    monkeypatch.setattr(selftest, "GOLDEN", other)
    assert not selftest.run_selftest()
    assert capsys.readouterr().out.count("differs") == 1
