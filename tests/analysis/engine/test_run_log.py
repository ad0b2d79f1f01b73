import getpass

import pytest

from analysis.engine.output_folder import claimed
from analysis.engine.run_log import LOG, last_line, logged
from errors import MaplessError


def test_who_ran_what_and_how_it_ended_is_kept_over_runs(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["./run_analysis.py", "run", "--set", "seed=2"])
    with logged(tmp_path, "cms-dijet"):
        pass
    with pytest.raises(MaplessError), logged(tmp_path, "cms-dijet, unblinded"):
        raise MaplessError("no file\nis there")
    with pytest.raises(KeyboardInterrupt), logged(tmp_path, "cms-dijet"):
        raise KeyboardInterrupt
    lines = (tmp_path / LOG).read_text().splitlines()
    assert [line.split(" ", 3)[3].split(" on ")[0].split(" after ")[0] for line in lines] == [
        f"cms-dijet, started by {getpass.getuser()}",
        "cms-dijet, finished",
        f"cms-dijet, unblinded, started by {getpass.getuser()}",
        "cms-dijet, unblinded, failed: no file is there",
        f"cms-dijet, started by {getpass.getuser()}",
        "cms-dijet, stopped",
    ]
    assert lines[0].endswith(": run_analysis.py run --set seed=2")
    assert last_line(tmp_path) == lines[-1]


def test_a_user_without_a_name_is_a_number(tmp_path, monkeypatch):
    def nobody():
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    with logged(tmp_path, "run"):
        pass
    assert "started by user " in (tmp_path / LOG).read_text()


def test_an_output_in_which_nothing_was_made_vanishes_with_its_log(tmp_path):
    output = tmp_path / "results"
    with pytest.raises(MaplessError), claimed(output), logged(output, "run"):
        raise MaplessError("no file")
    assert not output.exists()
