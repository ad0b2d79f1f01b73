"""A closure test from files to its page: simulation, and data of the control region."""

import json
import re
from pathlib import Path

import pytest

from tests.analysis.test_run import REPOSITORY, _run

DATA = REPOSITORY / "analysis" / "samples" / "qcd_multijet.root"
SETTINGS = (
    f"--set=samples={{mine: {{role: data, files: [{DATA}], luminosity: 0.226}}}}",
    "--set=data=mine",
    "--set=injections={}",
    "--set=signals=[x_to_yy_3000_multijet]",
    "--set=selection.mjj_min=1530 GeV",
    "--set=spectrum.low=1530 GeV",
    "--set=closure={background: qcd_multijet, signal: x_to_yy_3000_multijet, seeds: 2, control: true}",
    "--max-events=60000",
)


@pytest.mark.physics
def test_a_closure_test_runs_to_its_page_and_decides_whether_data_are_opened(tmp_path: Path) -> None:
    result = _run(tmp_path, "run", *SETTINGS)
    assert result.returncode == 0, result.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    kinds = re.findall(r"(background|injected|control region) mjj-cwola-W", " ".join(results["closure_fits"]))
    assert sorted(kinds) == sorted(["background", "injected", "control region"] * 2)
    stages = tmp_path / "stages"
    (size,) = stages.glob("injection-*/injection.json")
    chosen = json.loads(size.read_text())["n_events"]
    for name, fit in results["closure_fits"].items():
        (counts,) = fit["parts"][0]["counts"].values()
        assert counts["injected"] == (chosen if name.startswith("injected") else 0)
    titles = {
        cut["title"]
        for flow in stages.glob("select-mine-signal-*/cutflow.json")
        for cut in json.loads(flow.read_text())["cutflow"]["cuts"]
    }
    assert {"|delta eta| < 1.3", "1.4 < |delta eta| < 2.5"} <= titles
    assert "Local p-values in the data of the control region" in (tmp_path / "report.html").read_text()
    failed = [check["name"] for check in results["closure"] if not check["passed"]]
    opened = _run(tmp_path, "scan", *SETTINGS, "--unblind")
    assert opened.returncode == (2 if failed else 0)
    assert not failed or "closure failed" in opened.stderr
