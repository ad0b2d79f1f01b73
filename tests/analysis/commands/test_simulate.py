from pathlib import Path

import pytest

from analysis.commands.simulate import simulate_to_file
from errors import MaplessError


def test_a_sample_is_written_and_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "qcd.root"
    simulate_to_file("qcd", 10, output, 1, 1, "tiny", ("mjj_min=1500", "max_jets=2"))
    assert output.is_file()
    shown = " ".join(capsys.readouterr().out.split())
    assert "10 events" in shown
    assert "pb after the selection" in shown


@pytest.mark.parametrize(
    ("quality", "overrides", "words"),
    [
        ("finest", (), "choose from full, fast, tiny"),
        ("tiny", ("mjj_min",), "write it as key=value"),
        ("tiny", ("mass=3",), "no such parameter"),
    ],
)
def test_what_cannot_be_simulated_is_refused_before_anything_is_written(
    quality: str, overrides: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with pytest.raises(MaplessError, match=words):
        simulate_to_file("qcd", 10, tmp_path / "qcd.root", 1, 1, quality, overrides)
    assert not list(tmp_path.iterdir())
