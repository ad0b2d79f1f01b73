import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from analysis.commands.fit.inputs import read_signal
from analysis.commands.fit.options import parse_masses, parse_range, parse_uncertainties
from errors import MaplessError
from fits.backgrounds import Dijet, expected_counts
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum, dijet_edges

REPOSITORY = Path(__file__).parents[4]
SIGNAL = DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000)


def write_table(path: Path, spectrum: Spectrum) -> Path:
    rows = zip(spectrum.edges[:-1], spectrum.edges[1:], spectrum.counts, strict=True)
    path.write_text("low,high,events\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    return path


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A table with 20,000 background events and 400 of a resonance at 3 TeV, and its shape."""
    folder = tmp_path_factory.mktemp("inputs")
    edges = dijet_edges()
    falling = expected_counts(Dijet(2), [0.0, 9.0, 5.0], edges)
    expected = 2e4 * falling / falling.sum() + 400 * SIGNAL.bin_fractions(edges)
    table = write_table(folder / "spectrum.csv", Spectrum(edges, np.random.default_rng(5).poisson(expected)))
    (folder / "dcb.json").write_text(json.dumps(SIGNAL.to_json()))
    return table, folder / "dcb.json"


def run(*arguments):
    command = [sys.executable, str(REPOSITORY / "run_analysis.py"), "fit", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_command_finds_an_injected_resonance_and_writes_everything(inputs, tmp_path):
    table, shape = inputs
    output = tmp_path / "out"
    answer = run(
        table, "--signal", shape, "--scan", "2500:3500:250", "--limits", "--toys", 20, "--output", output
    )
    assert answer.returncode == 0, answer.stderr
    for words in (
        "Choice of the background",
        "3000 GeV",
        "local significance",
        "global significance",
        "median",
    ):
        assert words in answer.stdout
    names = sorted(file.name for file in (output / "plots").iterdir())
    assert names == [
        f"{name}.{kind}" for name in ("limits", "p_values", "spectrum") for kind in ("pdf", "png")
    ]
    results = json.loads((output / "results.json").read_text())
    found = {fit["mass"]: fit for fit in results["fits"]}[3000]
    assert found["signif"] > 4
    assert found["obs_excess_events"] == pytest.approx(400, abs=3 * found["obs_excess_events_unc"])
    assert found["obs_lim_events"] > found["exp_lim_2sig_high"] > found["exp_lim_events"]
    assert results["settings"]["seed"] == 1
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.csv", "--scan", "3000"), "no file absent.csv"),
        (("TABLE", "--scan", "5:4:3"), "write LOW:HIGH:STEP"),
        (
            ("TABLE", "--scan", "3000", "--background", "cubic"),
            "no background is called cubic; there are dijet",
        ),
        (("TABLE", "--scan", "9000"), "outside the spectrum"),
        (("TABLE", "--scan", "3000", "--signal", "absent.json"), "no file absent.json"),
        (("TABLE", "--scan", "3000", "--export", "excel"), "no export is called excel"),
        (("TABLE", "--scan", "3000", "--check", "luck"), "no check is called luck; there are goodness"),
        (("TABLE", "--scan", "3000", "--range", "wide"), "no mass range; write LOW:HIGH"),
        (("TABLE", "--scan", "3000", "--uncertainties", "scale"), "write scale=0.01"),
        (("TABLE", "--scan", "3000", "--width", "0"), "--width 0: give a finite number"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(inputs, refusal, arguments, words):
    arguments = [str(inputs[0]) if argument == "TABLE" else argument for argument in arguments]
    assert words in refusal(arguments)


def test_signal_files_that_are_no_shapes_are_refused(tmp_path):
    for text, words in (
        ("{", "not JSON"),
        ('{"mean": 3, "mean": 4}', "'mean' stands twice"),
        ('{"mean": NaN}', "NaN is no number of JSON"),
        ("3", "neither one shape"),
        ('{"mean": 3}', "double Crystal Ball"),
    ):
        (tmp_path / "signal.json").write_text(text)
        with pytest.raises(MaplessError, match=words):
            read_signal(tmp_path / "signal.json", 0.035)


def test_options_are_parsed_strictly():
    assert parse_masses("1800:1950:100") == (1800, 1900)
    assert parse_range(None) is None
    assert parse_uncertainties("none").yields == ()
    assert (parse_uncertainties(None).scale, parse_uncertainties("efficiency=0.1").scale) == (0.01, 0)
    with pytest.raises(MaplessError, match="0.1 for 10 %"):
        parse_uncertainties("efficiency=10")
