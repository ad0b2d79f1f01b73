"""The search in classes of events: its stages, its mock data, its report, and what it refuses."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import uproot

from analysis import searches
from analysis.class_pipeline import ClassPipeline
from analysis.commands.difference import print_difference
from analysis.engine.job import Job, Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.kinds import pipeline_of, rehearsed
from analysis.report.class_summary import class_summary
from analysis.searches.event_classes import declare
from analysis.stages.scan_classes import read_filled
from errors import MaplessError

SMALL = (
    "backgrounds={classes_wz: {group: WZ, error: 0.1}, classes_zz: {group: ZZ, error: 0.1}}",
    "mock_data={planted: {classes_leptoquark_800: 200}}",
    "classes={lepton_pt_min: 150, kinds: [exclusive], quantities: [sum_pt], largest_number: 12}",
    "scan={n_rounds: 40, largest_n_rounds: 40}",
    "bin_width=0.4",
)
DATA = Path(searches.CONFIGURATIONS).parent / "samples" / "classes_wz.root"


def pipeline(*overrides: str, unblind: bool = False) -> ClassPipeline:
    found = pipeline_of(searches.load_any("event-classes", None, (*SMALL, *overrides)), unblind)
    assert isinstance(found, ClassPipeline)
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of results of a small search."""
    output = tmp_path_factory.mktemp("event_classes")
    run_stages(pipeline().stages("report", output), output, Tools())
    return output


def test_the_search_that_comes_with_the_suite_can_be_declared() -> None:
    search = declare(searches.load_any("event-classes", None))
    parts = [part for sample in search.samples.values() for part in sample.parts]
    assert all(file.is_file() for part in parts for file in part.files)
    assert {sample.luminosity for sample in search.samples.values()} == {search.luminosity}


def test_stages_can_be_sent_to_another_process_and_keep_their_key() -> None:
    stages = in_order([ClassPipeline(searches.load_any("event-classes", None)).report])
    assert [one.key for one in pickle.loads(pickle.dumps(stages))] == [one.key for one in stages]


def test_what_is_planted_is_ranked_first_and_the_report_says_so(finished: Path) -> None:
    report = pipeline().report.folder(finished)
    results = json.loads((report / "results.json").read_text())
    first = results["results"][0]
    assert first["class"].startswith("2mu") and first["region"]["observed"] > first["region"]["expected"] + 10
    assert first["p_tilde"] == 0.0
    page = (report / "report.html").read_text()
    assert "200 fb of classes_leptoquark_800" in page and "2mu+1j" in page
    names = {plot.stem for plot in (report / "plots").glob("*.png")}
    assert {"yields_exclusive", "p_tilde_exclusive_sum_pt", "region_01"} <= names


def test_two_results_stand_side_by_side(
    finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(pipeline().report.folder(finished) / "results.json", tmp_path)
    print_difference(tmp_path, tmp_path)
    assert "2mu+1j" in capsys.readouterr().out


def test_systematic_shifts_reach_the_distributions(finished: Path) -> None:
    scan = pipeline().scan
    job = Job(finished, {name: one.folder(finished) for name, one in scan.after.items()}, scan.arguments)
    filled = read_filled(job)
    classes = filled.classes(("exclusive",), 0.1, 1000)
    found = {one.name: dist for one, _, dist in filled.distributions(classes, ("sum_pt",))}
    one = found["2e+1j"]
    assert set(one.shifts) == {"jet_energy_scale", "luminosity", "cross section of WZ", "cross section of ZZ"}
    assert one.shifts["luminosity"] == pytest.approx(0.025 * one.total)
    assert one.shifts["cross section of WZ"] == pytest.approx(0.1 * one.expected[0])
    assert np.abs(one.shifts["jet_energy_scale"]).sum() > 0
    assert len(filled.classes(("exclusive",), 0.1, 5)) == 5


def test_a_search_goes_on_from_stages_that_are_complete(finished: Path) -> None:
    kept: list[float | None] = []
    stages = pipeline("scan.seed=2").stages("scan", finished)
    run_stages(stages, finished, Tools(), report=lambda _, seconds: kept.append(seconds))
    assert sum(seconds is not None for seconds in kept) == 1  # the scan


def test_measured_data_stay_closed_until_mock_data_were_searched(tmp_path: Path) -> None:
    data = f"samples={{mine: {{role: data, files: [{DATA}], luminosity: 3}}}}"
    closed = pipeline(data, "data=mine")
    assert closed.is_closed and "mine" not in {
        stage.arguments.get("sample") for stage in closed.stages("report", tmp_path)
    }
    with pytest.raises(MaplessError, match="--unblind needs the scan of mock data"):
        pipeline(data, "data=mine", unblind=True).stages("report", tmp_path)


def test_data_with_the_same_events_twice_are_refused(tmp_path: Path) -> None:
    with uproot.open(DATA) as file, uproot.recreate(tmp_path / "some.root") as other:
        arrays = file["Events"].arrays(entry_stop=100)
        other.mkrntuple("Events", {name: arrays[name] for name in arrays.fields})
    twice = f"samples={{mine: {{role: data, files: [{DATA}, {tmp_path / 'some.root'}], luminosity: 1}}}}"
    stages = pipeline(twice, "data=mine", unblind=True).scan.after
    with pytest.raises(MaplessError, match="mine: in region classes .* are there more than once"):
        run_stages([stages["mine-classes"]], tmp_path / "out", Tools())


def test_data_with_weights_are_refused(tmp_path: Path) -> None:
    weighted = f"samples={{mine: {{role: background, files: [{DATA}], luminosity: 3}}}}"
    with pytest.raises(MaplessError, match="data: events have weights that are no counts"):
        run_stages(pipeline(weighted, "data=mine").stages("scan", tmp_path), tmp_path, Tools())


@pytest.mark.parametrize(
    ("override", "complaint"),
    [
        ("backgrounds={qcd_dijet: {group: QCD}}", "qcd_dijet is background, which needs a cross section"),
        ("backgrounds={classes_wz: {group: VV}, classes_zz: {group: VV, error: 0.1}}", "VV has two errors"),
        ("backgrounds={nothing: {group: VV}}", "backgrounds: no sample is called 'nothing'"),
        ("luminosity=0", "mock data need a luminosity"),
        ("variations={nonsense: {size: 0.1}}", "no kind of variation is called 'nonsense'"),
    ],
)
def test_settings_that_cannot_be_are_refused(override: str, complaint: str) -> None:
    with pytest.raises(MaplessError, match=complaint):
        declare(searches.load_any("event-classes", None, (*SMALL, override)))


def test_commands_about_resonances_say_that_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(MaplessError, match="event-classes looks for no resonance"):
        searches.load("event-classes", None)
    with pytest.raises(MaplessError, match="has no detector whose choice could be explained"):
        pipeline().stages("explain", tmp_path)


def test_a_rehearsal_names_what_would_fail(tmp_path: Path) -> None:
    file = f"samples={{mine: {{role: background, files: [{DATA}], luminosity: 3, cross_section: 1}}}}"
    broken = pipeline(file, "backgrounds={mine: {group: mine}}", "mock_data={planted: {}}")
    _, complaints = rehearsed(broken, broken.stages("report", tmp_path), tmp_path)
    assert complaints == [f"{DATA} has no Runs/genEventSumw; give sum_of_weights"]


def test_a_summary_counts_small_p_tilde_beside_pseudo_experiments() -> None:
    results = [
        {
            "class": f"{n}e",
            "suffix": "",
            "quantity": "mass",
            "region": {},
            "n_rounds": 100,
            "n_below": n,
            "p_tilde": n / 100,
        }
        | {"region": {"low": 1.0}}
        for n in range(1, 21)
    ]
    rounds = np.tile(np.arange(1, 101) / 100, (20, 1))
    (group,) = class_summary(results, rounds)["groups"]
    assert (group["n_scanned"], group["n_small"]) == (20, 4)
    assert group["expected"] == pytest.approx(20 * 0.04)
    assert class_summary(results, rounds)["corrected"] == pytest.approx(0.2)
