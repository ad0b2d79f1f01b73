"""What several tests of the command line need."""

import pytest

import run_analysis


@pytest.fixture
def refusal(tmp_path, monkeypatch, capsys):
    """Run `fit` with impossible arguments and give its complaint: one line, and nothing written."""

    def run(arguments):
        command = ["run_analysis.py", "fit", *arguments, "--output", str(tmp_path / "out")]
        monkeypatch.setattr("sys.argv", command)
        assert run_analysis.main() == 2
        complaint = capsys.readouterr().err
        assert complaint.count("\n") == 1
        assert not list(tmp_path.iterdir())
        return complaint

    return run
