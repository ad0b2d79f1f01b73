"""Several spectra fitted together by the command line."""

import json

import numpy as np
import pytest

import run_analysis
from analysis.commands.fit.inputs import category_names
from analysis.commands.fit.options import parse_shares
from errors import MaplessError
from fits.backgrounds import Dijet, expected_counts
from fits.signals import DoubleCrystalBall
from fits.spectrum import Spectrum, dijet_edges
from tests.analysis.commands.fit.test_command import write_table

SIGNAL = DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two unlike spectra with shares of one resonance at 3 TeV."""
    folder, edges = tmp_path_factory.mktemp("categories"), dijet_edges()
    falling = expected_counts(Dijet(2), [0.0, 9.0, 5.0], edges)
    falling, peak = falling / falling.sum(), SIGNAL.bin_fractions(edges)
    rng = np.random.default_rng(10)
    for name, events, share in (("loose", 2e4, 0.6), ("tight", 500, 0.4)):
        counts = rng.poisson(events * falling + 150 * share * peak)
        write_table(folder / f"{name}.csv", Spectrum(edges, counts))
    (folder / "dcb.json").write_text(json.dumps(SIGNAL.to_json()))
    return folder


def test_command_writes_one_figure_per_category_and_valid_json(folder, tmp_path, monkeypatch, capsys):
    arguments = [f"a={folder / 'loose.csv'}", str(folder / "tight.csv"), "--shares", "0.6,0.4"]
    arguments += ["--signal", str(folder / "dcb.json"), "--scan", "2900:3000:100", "--limits"]
    arguments += ["--toys", "20", "--workers", "1", "--export", "hepdata", "--check", "compatibility"]
    arguments += ["--check", "impacts", "--output", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["run_analysis.py", "fit", *arguments])
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert run_analysis.main() == 0
    printed = capsys.readouterr().out
    for words in (
        "Choice of the background, a",
        "Each category alone",
        "global significance",
        "median",
        "Impacts at",
        "Compatibility at",
    ):
        assert words in printed
    names = {file.stem for file in (tmp_path / "out" / "plots").iterdir()}
    assert names == {"spectrum_a", "spectrum_tight", "p_values", "limits", "impacts"}
    tables = {file.name for file in (tmp_path / "out" / "hepdata").iterdir()}
    assert {"spectrum_a.yaml", "spectrum_tight.yaml", "limits.yaml"} <= tables
    results = json.loads((tmp_path / "out" / "results.json").read_text(), parse_constant=pytest.fail)
    assert results["spectra"]["a"]["share"] == 0.6
    found = results["fits"][1]
    assert found["asimov_signif_events"] == found["exp_lim_events"]
    assert 1.5 < found["asimov_signif"] < 2.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("loose", "tight"), "2 spectra and 0 shares"),
        (("loose", "tight", "--shares", "0.5,0.3,0.2"), "2 spectra and 3 shares"),
        (("loose", "tight", "--shares", "50,50"), "shares are fractions of the signal"),
        (("loose", "tight", "--shares", "0.5,-0.1"), "shares are fractions of the signal"),
        (("loose", "tight", "--shares", "half"), "write fractions such as"),
        (("loose", "loose", "--shares", "0.5,0.5"), "two spectra are called loose"),
        (("loose", "other=loose", "--shares", "0.5,0.5"), "two spectra come from"),
        (("loose", "--expected-signal", "0"), "--expected-signal 0: give a finite number above zero"),
        (
            ("loose", "tight", "--shares", "0.5,0.5", "--uncertainties", "open.efficiency=0.1"),
            "no spectrum belongs to the uncertainty open.efficiency; there are loose, tight",
        ),
        (("loose", "--uncertainties", "loose.scale=0.1"), "common to all categories"),
        (("loose", "tight", "--shares", "0.5,0.5", "--range", "1500:2800"), "loose: masses 3000 GeV"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(folder, refusal, arguments, words):
    files = {"loose": f"{folder}/loose.csv", "tight": f"{folder}/tight.csv"}
    files["other=loose"] = f"other={folder}/loose.csv"
    given = [files.get(argument, argument) for argument in arguments]
    assert words in refusal([*given, "--scan", "3000"])


def test_names_come_from_files_and_histograms():
    names = category_names(["a/2-jet.csv", "run.root:jets/m jj", "b=c.csv"])
    assert list(names) == ["spectrum_2_jet", "jets_m_jj", "b"]
    with pytest.raises(MaplessError, match="two spectra are called Jets"):
        category_names(["Jets.csv", "x/jets.csv"])


def test_shares_may_leave_out_a_part_of_the_signal():
    assert parse_shares("0.5,0.2") == (0.5, 0.2)
    assert parse_shares(None) == ()
