"""The whole chain on few events: every stage, resuming, several processes, blinding and the report."""

import json
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import uproot
from matplotlib import pyplot
from matplotlib.image import imread
from rich.console import Console

from analysis.commands.difference import print_difference
from analysis.commands.findings import print_findings
from analysis.commands.plot import draw_again
from analysis.engine import provenance
from analysis.engine.json_file import write_json
from analysis.report.closure_figures import closure_figures
from analysis.report.page import render
from analysis.report.search_header import search_header
from analysis.results import load
from errors import MaplessError
from fits.checks.fit_quality import FitQuality
from tests.analysis.with_quality import with_quality

REPOSITORY = Path(__file__).parents[2]
QUICK = (
    "--max-events=12000",
    "--set=detectors.cwola.options={restarts: 1, iterations: 10}",
    "--set=detectors.cwola.cut_options={kept: 0.05}",
    "--set=injections.x_to_yy_3000.n_events=5833",  # of all 350,000 events: 200 in the first 12,000
    "--set=masses.step=400 GeV",
    "--set=global_significance.toys=20",
    "--set=own_windows={W: {low: 2725, high: 3331, masses: [2600, 3000, 3400], kept: 0.05}}",
    "--set=windows=[W]",
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


@pytest.fixture(scope="module")
def results(output: Path) -> dict:
    return json.loads((output / "results.json").read_text())


def test_a_run_ends_in_one_report_that_opens_anywhere(output: Path) -> None:
    report = (output / "report.html").read_text()
    assert len(re.findall("data:image/png;base64", report)) >= 6
    assert not re.findall(r"(?:src|href)=\"(?!data:)", report)
    headings = ("Is there something?", "What was looked at", "Cutflow", "Provenance")
    for text in (*headings, "global p-value", "13 TeV", "sum of weights (pb)"):
        assert text in report


@pytest.mark.skipif(not shutil.which("chromium"), reason="needs a browser")
@pytest.mark.parametrize("width", [1400, 800])
def test_in_a_browser_nothing_is_wider_than_the_page_and_every_image_loads(
    output: Path, tmp_path: Path, width: int
) -> None:
    fits = "document.documentElement.scrollWidth <= innerWidth"
    tables = "[...document.querySelectorAll('table')].every(t => t.scrollWidth <= t.clientWidth)"
    loaded = "[...document.images].every(i => i.naturalWidth)"
    script = f"<script>document.title = {fits} && {tables} && {loaded}</script></body>"
    page = (output / "report.html").read_text()
    (tmp_path / "page.html").write_text(page.replace("</body>", script))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--window-size={width},1000"]
    command += [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", f"file://{tmp_path / 'page.html'}"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert "<title>true</title>" in shown.stdout


def test_every_plot_exists_as_png_and_pdf(output: Path) -> None:
    names = {
        "p_values_mjj",
        "spectrum_mjj",
        "spectrum_mjj-cwola-W",
        "scores_cwola-W_score",
        "compared_cwola-W",
        "features_cwola-W",
        "mass_cwola-W",
    }
    names |= {"event_cwola-W_1", "event_cwola-W_3", "prongs_cwola-W"}
    assert names <= {file.stem for file in (output / "plots").glob("*.png")}
    assert names <= {file.stem for file in (output / "plots").glob("*.pdf")}


def test_the_numbers_are_there_as_json(results: dict) -> None:
    everything = results["fits"]["mjj"]["parts"][0]["counts"]["all events"]
    kept = results["fits"]["mjj-cwola-W"]["parts"][0]["counts"]["kept"]
    assert everything["n_events"] <= 12200
    assert kept["n_events"] == pytest.approx(0.05 * everything["n_events"], rel=0.3)
    assert kept["injected"] == 200
    assert results["cutflow"]["qcd_dijet-signal"]["read"] == {"events": 12000, "of": 350000}
    points = [
        p
        for fit in results["fits"].values()
        for part in fit["parts"]
        for p in part["search"]["scan"]["points"]
    ]
    assert all(point["status"] for point in points)
    assert results["cutflow"]["qcd_dijet-signal"]["cutflow"]["cuts"][0]["events"] == 12000


def test_the_smallest_p_value_of_every_mass_knows_where_it_comes_from(results: dict) -> None:
    fits = results["fits"]
    for point in results["summary"]["smallest"]:
        found = [
            (one["local_p_value"], name)
            for name, fit in fits.items()
            for part in fit["parts"]
            for one in part["search"]["scan"]["points"]
            if one["mass"] == point["mass"] and one["local_p_value"] is not None
        ]
        assert (point["local_p_value"], point["fit"]) == min(found)
    assert {point["mass"] for point in results["summary"]["smallest"]} >= {2600.0, 3000.0, 3400.0}


def test_the_global_p_value_is_larger_than_the_smallest_local_one(results: dict) -> None:
    smallest = min(
        p["local_p_value"] for p in results["summary"]["smallest"] if p["local_p_value"] is not None
    )
    everywhere = results["summary"]["global"]
    assert everywhere["status"] == "good"
    assert everywhere["n_toys"] == 20
    assert everywhere["extrapolated"] is (everywhere["p_value"] == 0)
    assert (everywhere["p_value"] or everywhere["upcrossings_p_value"]) >= smallest


def test_no_significance_is_printed_without_the_flag_of_its_fits(
    results: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = FitQuality.DOUBTFUL.value
    flagged = with_quality(results, words)
    flagged |= {"background_only": flagged["fits"]}
    write_json(tmp_path / "results.json", flagged)
    print_findings(tmp_path, Console(width=200), closed=False)
    printed = [line for line in capsys.readouterr().out.splitlines() if re.search(r"\d σ", line)]
    assert len(printed) > 2
    assert not [line for line in printed if words not in line]
    texts = dict.fromkeys(("name", "title", "reference", "data_text", "configuration"), "")
    facts = results["samples"]
    told = {"samples": facts, "cuts": {}, "closed": False, "hunts": {}, "described": defaultdict(str)}
    header = search_header(texts | told, flagged)
    nothing = {"plots": [], "manifests": [], "environment": provenance.environment()}
    page = render("search.html.j2", header=header, results=flagged, **nothing)
    verdict, _, tables = page.partition("<table>")
    assert verdict.count("σ") == verdict.count(words) > 1
    assert "The same without the injected signal" in tables
    assert "How each background was chosen" in tables
    rows = [row for row in re.findall(r"<tr>.*?</tr>", tables, re.DOTALL) if re.search(r"\d σ<", row)]
    smallest = tables.partition("Smallest local p-value at every mass")[2].partition("</table>")[0]
    rows += re.findall(r"<tr><td>.*?</tr>", smallest, re.DOTALL)
    assert len(rows) > len(results["summary"]["smallest"])
    assert not [row for row in rows if words not in row]


def test_the_report_of_a_closure_test_shows_every_fit_and_draws_the_first_of_each_kind(results: dict) -> None:
    fit, words = results["fits"]["mjj-cwola-W"], ("background", "injected", "control region")
    fits = {f"{kind} mjj-cwola-W{seed}": fit for kind in words for seed in ("", ", seed 2")}
    check = {"name": "no excess", "value": 1.0, "limit": "< 3.5", "passed": True}
    told = json.loads(json.dumps(results)) | {"closure": [check], "closure_fits": fits}
    told["settings"]["closure"] |= {"background": "qcd_dijet", "signal": "x_to_yy_3000", "seeds": 2}
    drawn = []
    for name, _, figure in closure_figures(fits):
        drawn.append(name)
        pyplot.close(figure)
    assert drawn[:2] == ["closure_simulation_mjj", "closure_data_mjj"]
    assert [name for name in drawn[2:] if "seed" in name] == []
    assert sum(name.startswith("spectrum_closure") for name in drawn) == len(words)
    texts = dict.fromkeys(("name", "title", "reference", "data_text", "configuration"), "")
    shown = {"samples": results["samples"], "cuts": {}, "closed": True, "hunts": {}}
    header = search_header(texts | shown, told)
    nothing = {"plots": [], "closure_plots": [], "manifests": [], "environment": provenance.environment()}
    page = " ".join(render("search.html.j2", header=header, results=told, **nothing).split())
    assert "with 200 events of x_to_yy_3000 in it, as many as are expected to have 2 σ" in page
    assert all(f"<td>{kind}, seed {seed}: mjj, cwola, window W" in page for kind in words for seed in (1, 2))


def test_the_report_begins_with_what_was_found_and_lists_the_events_that_were_kept(
    output: Path, results: dict
) -> None:
    report = (output / "report.html").read_text()
    assert "In simulation (qcd_dijet, the first 12,000 events) with" in report
    assert "<code>events/cwola-W.csv</code>" in report
    kept = load(output).selected("cwola-W")
    fit = results["fits"]["mjj-cwola-W"]["parts"][0]
    edges = fit["search"]["spectra"]["kept"]["spectrum"]["edges"]
    low, high = edges[0], edges[-1]
    assert kept["mjj"].between(low, high).sum() == fit["counts"]["kept"]["n_events"]
    assert kept["injected"].sum() == fit["counts"]["kept"]["injected_kept"]


def test_figures_of_fits_are_drawn_again_in_a_style_of_ones_own(output: Path, tmp_path: Path) -> None:
    style, mine = tmp_path / "mine.mplstyle", tmp_path / "mine"
    style.write_text("figure.facecolor: 0.5\n")
    draw_again(output, mine, style, "Ours")
    names = {file.stem for file in mine.glob("*.png")}
    assert names == {"p_values_mjj", "spectrum_mjj", "spectrum_mjj-cwola-W"}
    assert imread(mine / "spectrum_mjj.png")[0, 0, 0] == pytest.approx(0.5, abs=0.01)
    assert imread(output / "plots" / "spectrum_mjj.png")[0, 0, 0] == 1
    for wrong in ("axes.nothing: 3", "lines.linewidth: wide"):
        style.write_text(wrong)
        with pytest.raises(MaplessError, match=re.escape(str(style))):
            draw_again(output, tmp_path / "wrong", style, None)
    assert not (tmp_path / "wrong").exists()


def test_two_results_are_shown_side_by_side(
    output: Path, results: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    changed = json.loads(json.dumps(results))
    changed["settings"]["masses"]["step"] = 123.0
    write_json(tmp_path / "results.json", changed)
    print_difference(output, tmp_path)
    settings, _, found = capsys.readouterr().out.partition("Events")
    assert re.search(r"masses.step .* 400.0 .* 123.0", settings)
    assert "masses.low" not in settings
    assert "global significance" in found and "mjj, all events" in found
    with pytest.raises(MaplessError, match="holds no results of a search"):
        write_json(tmp_path / "results.json", {"fits": []})
        print_difference(output, tmp_path)


def test_the_page_on_results_at_a_prompt_does_what_it_says(
    output: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (REPOSITORY / "docs" / "interactive.md").read_text()
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL)).replace("B3", "W")
    monkeypatch.chdir(output.parent)
    known: dict = {}
    exec(code.replace("results/cms-dijet", output.name), known)
    assert "qcd_dijet-signal" in capsys.readouterr().out
    assert len(known["arrays"]) == len(known["masses"]) == len(known["scores"]["score"])
    assert known["heaviest"] == known["masses"].max()
    assert known["spectrum"]["edges"].size == known["spectrum"]["counts"].size + 1
    with pytest.raises(MaplessError, match="it has .*qcd_dijet-signal"):
        known["results"].events("qcd")


def test_scores_are_stored_under_the_name_of_the_event(output: Path) -> None:
    file = next((output / "stages").glob("score-cwola-W-qcd_dijet-signal-*/scores.root"))
    arrays = uproot.open(file)["Scores"].arrays(library="np")
    names = np.stack([arrays[name] for name in ("run", "luminosity_block", "event")], axis=1)
    assert len(np.unique(names, axis=0)) == len(names)
    assert (arrays["injected"] == 1).sum() == 200


def test_a_second_run_keeps_every_finished_stage(output: Path) -> None:
    result = _run(output, "run")
    assert result.stdout.count("kept from an earlier run") == len(list((output / "stages").iterdir()))


def test_another_injection_keeps_the_selection_only(output: Path) -> None:
    result = _run(output, "run", "--dry-run", "--set=injections.x_to_yy_3000.seed=7")
    states = dict(
        re.findall(r"\b(select|shape|train|score|cut|fit|global|report)\S*.*(done|to do)", result.stdout)
    )
    assert states.pop("select") == states.pop("shape") == "done"
    assert set(states.values()) <= {"to do", "done"} and states["train"] == states["report"] == "to do"


def test_two_processes_give_the_same_numbers(output: Path, tmp_path: Path) -> None:
    result = _run(tmp_path, "scan", "--workers=2")
    assert result.returncode == 0, result.stderr
    for stage in (output / "stages").glob("fit-*"):
        assert (tmp_path / "stages" / stage.name / "results.json").read_text() == (
            stage / "results.json"
        ).read_text()


def test_manifests_name_inputs_seeds_and_versions(output: Path) -> None:
    manifest = json.loads(next((output / "stages").glob("train-cwola-W-*/manifest.json")).read_text())
    assert manifest["arguments"]["detector"]["offered"]["seed"] == 1
    assert manifest["versions"]["tensorflow"]
    assert any(product.startswith("W/") for product in manifest["products"])
    select = json.loads(next((output / "stages").glob("select-qcd_dijet-*/manifest.json")).read_text())
    assert any(file.endswith("qcd_dijet.root") for file in select["inputs"])


def test_too_much_signal_leaves_nothing_half_written(tmp_path: Path) -> None:
    result = _run(tmp_path, "train", "--set=injections.x_to_yy_3000.n_events=100000")
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1
    assert "3,429 events of x_to_yy_3000 cannot be injected, only 2,992" in result.stderr
    assert {folder.name.split("-")[0] for folder in (tmp_path / "stages").iterdir()} == {"select"}


DATA = (
    "--set=samples={mine: {role: data, files: [SAMPLE], luminosity: 51}}".replace(
        "SAMPLE", str(REPOSITORY / "analysis" / "samples" / "qcd_dijet.root")
    ),
    "--set=data=mine",
    "--set=injections={}",
)


def test_data_stay_closed_and_unblinding_is_refused_without_closure(tmp_path: Path) -> None:
    result = _run(tmp_path, "run", *DATA)
    assert result.returncode == 0, result.stderr
    report = (tmp_path / "report.html").read_text()
    assert "The signal region is closed" in report
    flow = json.loads((tmp_path / "results.json").read_text())["cutflow"]["mine-signal"]
    assert flow["closed_from"] == "m_jj > 2232 GeV"
    assert flow["cutflow"]["cuts"][-1]["title"] == "two tight jets, pt > 300 GeV, |eta| < 2.5"
    assert "are closed" in report
    assert {file.stem for file in (tmp_path / "plots").glob("*.png")} == {"open_mjj"}
    assert not (tmp_path / "events").exists()
    with pytest.raises(MaplessError, match="mine-signal is closed until --unblind"):
        load(tmp_path).events("mine-signal")
    assert not [
        stage for stage in (tmp_path / "stages").iterdir() if stage.name.split("-")[0] in ("train", "fit")
    ]
    refused = _run(tmp_path, "run", *DATA, "--unblind")
    assert refused.returncode == 2
    assert "closure" in refused.stderr
