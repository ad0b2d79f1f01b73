from pathlib import Path

from analysis.commands.stage_output import publish


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
