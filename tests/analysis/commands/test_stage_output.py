from io import StringIO
from pathlib import Path

from rich.console import Console

from analysis.commands import stage_output
from analysis.commands.stage_output import publish, run_with_bar
from analysis.engine.stage import Stage
from tests.analysis.engine import tasks


def test_a_newer_report_takes_away_what_the_older_had_and_nothing_else(tmp_path: Path) -> None:
    output = tmp_path / "results"
    (output / "plots").mkdir(parents=True)
    (output / "plots" / "mine.png").write_text("mine")
    for name, files in (("older", ("a.png", "b.png")), ("newer", ("b.png", "c.png"))):
        report = tmp_path / name
        (report / "plots").mkdir(parents=True)
        for file in files:
            (report / "plots" / file).write_text(name)
        publish(report, output)
    found = {file.name: file.read_text() for file in (output / "plots").iterdir()}
    assert found == {"mine.png": "mine", "b.png": "newer", "c.png": "newer"}


def test_without_a_terminal_a_line_now_and_then_says_what_is_at_work(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(stage_output, "MINUTE", 0.05)
    stage = Stage("train-mine", tasks.rest, {"seconds": 0.3})
    told = StringIO()
    run_with_bar([stage], tmp_path, Console(file=told, width=100), threads=1, fresh=False)
    first, *_, last = told.getvalue().splitlines()
    assert first.startswith("train-mine: at work, ")
    assert last.startswith("train-mine  ")
