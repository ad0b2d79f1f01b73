"""The whole chain on few events: every stage, resuming, blinding and the report."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
SAMPLES = REPOSITORY / "analysis" / "samples"
QUICK = (
    "--max-events=12000",
    "--set=detector.options={restarts: 1, iterations: 10}",
    "--set=detector.kept_fraction=0.05",
    "--set=injection.n_events=200",
    "--set=scan.mass_step=400 GeV",
)


def _run(output: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        str(REPOSITORY / "run_analysis.py"),
        arguments[0],
        f"--output={output}",
        *QUICK,
        *arguments[1:],
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    result = _run(folder, "run")
    assert result.returncode == 0, result.stderr
    return folder


def test_a_run_ends_in_one_report_that_opens_anywhere(output: Path) -> None:
    report = (output / "report.html").read_text()
    assert len(re.findall("data:image/png;base64", report)) >= 6
    assert not re.findall(r"(?:src|href)=\"(?!data:)", report)
    for heading in ("What was found", "Cutflow", "Provenance"):
        assert heading in report


def test_every_plot_exists_as_png_and_pdf(output: Path) -> None:
    names = {"p_values", "spectrum_inclusive", "spectrum_B3", "scores_B3", "kept_jets_B3"}
    names.add("event_B3_most_anomalous")
    assert names <= {file.stem for file in (output / "plots").glob("*.png")}
    assert names <= {file.stem for file in (output / "plots").glob("*.pdf")}


def test_the_numbers_are_there_as_json(output: Path) -> None:
    results = json.loads((output / "results.json").read_text())
    kept, everything = results["spectra"]["B3"], results["spectra"]["inclusive"]
    assert everything["n_events"] <= 12200
    assert kept["n_events"] == pytest.approx(0.05 * everything["n_events"], rel=0.3)
    assert kept["injected"] == 200
    assert all(point["status"] for point in kept["scan"]["points"])
    assert results["cutflow"]["events"]["cutflow"]["cuts"][0]["events"] == 12000


def test_a_second_run_keeps_every_finished_stage(output: Path) -> None:
    result = _run(output, "run")
    assert result.stdout.count("kept from an earlier run") == 4


def test_another_injection_keeps_the_selection_only(output: Path) -> None:
    result = _run(output, "run", "--dry-run", "--set=injection.seed=7")
    states = re.findall(r"(select|train-B3|scan|report).*(done|to do)", result.stdout)
    assert states == [("select", "done"), ("train-B3", "to do"), ("scan", "to do"), ("report", "to do")]


def test_manifests_name_inputs_seeds_and_versions(output: Path) -> None:
    manifest = json.loads(next((output / "stages").glob("train-B3-*/manifest.json")).read_text())
    assert manifest["settings"]["detector"]["seed"] == 1
    assert manifest["versions"]["tensorflow"]
    assert "scores.npz" in manifest["products"]


def test_too_much_signal_leaves_nothing_half_written(tmp_path: Path) -> None:
    result = _run(tmp_path, "train", "--set=injection.n_events=100000")
    assert result.returncode == 1
    assert result.stderr.startswith("mapless: injection.n_events=100000, but only")
    assert [folder.name.split("-")[0] for folder in (tmp_path / "stages").iterdir()] == ["select"]


def test_data_stay_closed_and_unblinding_is_refused_without_closure(tmp_path: Path) -> None:
    data = ("--set=events.is_data=true", "--set=injection.n_events=0")
    result = _run(tmp_path, "run", *data)
    assert result.returncode == 0, result.stderr
    report = (tmp_path / "report.html").read_text()
    assert "The signal region is closed" in report
    assert "spectrum_B3" not in report
    assert not list((tmp_path / "stages").glob("train-*"))
    refused = _run(tmp_path, "run", *data, "--unblind")
    assert refused.returncode == 1
    assert "closure" in refused.stderr
