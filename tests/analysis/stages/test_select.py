"""What the select stage refuses, warns of and passes on, from files to fits."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uproot

from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.plan import Plan
from analysis.sample import Sample, SamplePart
from analysis.search import MassSpectrum, Search, SignalModel
from analysis.search_settings import SearchSettings
from analysis.stages.data_set import CUTFLOW
from analysis.stages.fit import RESULTS
from errors import MaplessError
from fits.background_choice.smooth import Smooth
from models.events import fold
from selections.graph import Selection
from selections.steps import Cut

N = 4000
SETTINGS = SearchSettings(search="a-search", data="mine")
SPECTRUM = MassSpectrum(
    "mass",
    "mjj",
    "all",
    tuple(np.geomspace(1000, 4000, 40).tolist()),
    Smooth(family="dijet", parameters=(2,)),
    SignalModel(width=0.04),
    (2000.0,),
    blind=((1500.0, 2500.0),),
)


def _file(path: Path, **changes: Any) -> Path:
    """Events with a falling mass spectrum in canonical columns."""
    masses = 1000 + np.random.default_rng(1).exponential(300, N)
    columns = {
        "run": np.ones(N, np.uint32),
        "luminosity_block": np.ones(N, np.uint32),
        "event": np.arange(N, dtype=np.uint64),
        "mjj": masses.astype(np.float32),
        "weight": np.ones(N, np.float32),
    }
    with uproot.recreate(path) as file:
        file["Events"] = columns | changes
    return path


def _plan(role: Any, *files: Path, **opening: Any) -> Plan:
    return _plan_of(Sample("mine", role, (SamplePart(files, opening),)))


def _plan_of(sample: Sample, max_events: int | None = None) -> Plan:
    regions = {"all": Selection("all", cuts=(Cut("mjj > 1000", "m_jj > 1 TeV"),))}
    search = Search("a-search", "", "", "mine", {"mine": sample}, regions, (SPECTRUM,))
    return Plan(search, SETTINGS, max_events)


def _cutflow(plan: Plan, output: Path) -> dict[str, Any]:
    (stage,) = plan.selected([plan.data("all")]).values()
    run_stages([stage], output, Tools())
    found: dict[str, Any] = json.loads((stage.folder(output) / CUTFLOW).read_text())
    return found


def test_data_with_events_that_are_there_twice_are_refused(tmp_path: Path) -> None:
    both = [_file(tmp_path / "one.root"), _file(tmp_path / "other.root", event=np.arange(N) + N - 7)]
    message = r"mine: in region all 7 selected events .* \(first run 1, luminosity block 1, event 3993\)"
    with pytest.raises(MaplessError, match=message):
        _cutflow(_plan("data", *both), tmp_path)
    assert not list((tmp_path / "stages").iterdir())


def test_simulation_with_repeated_numbers_warns_until_its_events_are_renumbered(tmp_path: Path) -> None:
    both = [_file(tmp_path / "one.root"), _file(tmp_path / "other.root", mjj=np.full(N, 2000.0))]
    (warning,) = _cutflow(_plan("background", *both), tmp_path)["warnings"]
    assert warning.startswith("4,000 selected events are there more than once")
    renumbered = _cutflow(_plan("background", *both, renumber_events=True), tmp_path)
    assert renumbered["warnings"] == ["events are numbered anew by file, copies count as independent"]
    assert renumbered["cutflow"]["cuts"][-1]["events"] == 2 * N


def test_events_that_are_all_called_alike_have_no_folds(tmp_path: Path) -> None:
    from selections.events import StoredEvents

    plan = _plan("background", _file(tmp_path / "zero.root", event=np.zeros(N, np.uint64)))
    assert _cutflow(plan, tmp_path)["warnings"]
    (stage,) = plan.selected([plan.data("all")]).values()
    events = StoredEvents(stage.folder(tmp_path) / "events.root")
    with pytest.raises(MaplessError, match="4 of 5 folds hold none of 4,000 events"):
        fold(events, 5)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    weight = np.ones(N, np.float32)
    weight[5] = np.nan
    with pytest.raises(MaplessError, match="mine: weights of events are not finite numbers"):
        _cutflow(_plan("background", _file(tmp_path / "nan.root", weight=weight)), tmp_path)


def _counts(plan: Plan, output: Path) -> int:
    (stage,) = plan.fits.values()
    run_stages(in_order([stage]), output, Tools())
    part = json.loads((stage.folder(output) / RESULTS).read_text())["parts"][0]
    assert "error" not in part["search"]
    return int(part["counts"]["all events"]["n_events"])


def test_the_fit_takes_the_events_of_the_cutflow_whatever_their_common_weight(tmp_path: Path) -> None:
    plan = _plan("background", _file(tmp_path / "equal.root", weight=np.full(N, 100, np.float32)))
    rows = _cutflow(plan, tmp_path)["cutflow"]["cuts"]
    assert (rows[-1]["events"], rows[-1]["weighted"]) == (N, 100 * N)
    inside = uproot.open(tmp_path / "equal.root")["Events"]["mjj"].array(library="np") < 4000
    assert _counts(plan, tmp_path) == inside.sum()


@pytest.mark.parametrize("role", ["background", "data"])
def test_weights_of_both_signs_are_refused_by_every_spectrum(tmp_path: Path, role: str) -> None:
    weight = np.where(np.arange(N) % 4 == 0, -100, 100).astype(np.float32)
    plan = _plan(role, _file(tmp_path / "signs.root", weight=weight))
    assert _cutflow(plan, tmp_path)["cutflow"]["cuts"][-1]["weighted"] == 50 * N
    for stage in (*plan.fits.values(), *plan.open_spectra.values()):
        with pytest.raises(MaplessError, match="unequally weighted events"):
            run_stages(in_order([stage]), tmp_path, Tools())


def _part(folder: Path, run: int, **conditions: Any) -> SamplePart:
    """A part of N events of a run, in luminosity blocks 1 to 4."""
    blocks = (1 + np.arange(N) % 4).astype(np.uint32)
    file = _file(folder / f"{run}.root", run=np.full(N, run, np.uint32), luminosity_block=blocks)
    if "certified" in conditions:
        conditions["certified"] = folder / f"{run}.json"
        conditions["certified"].write_text(json.dumps({run: [[1, 2]]}))
    return SamplePart((file,), **conditions)


def test_parts_of_data_have_their_own_certified_luminosity_and_add_up(tmp_path: Path) -> None:
    parts = tuple(_part(tmp_path, run, certified=True, luminosity=40.0 + run) for run in (1, 2))
    sample = Sample("mine", "data", parts)
    plan = _plan_of(sample)
    content = _cutflow(plan, tmp_path)
    rows = content["cutflow"]["cuts"]
    assert [row["title"] for row in rows] == ["all events", "certified luminosity", "m_jj > 1 TeV"]
    assert [row["events"] for row in rows][:2] == [2 * N, N]
    assert content["notes"]["certified"] == "; ".join(
        f"{run}.json: 2 luminosity blocks of runs {run} to {run}" for run in (1, 2)
    )
    assert sample.luminosity == 83.0
    (stage,) = plan.selected([plan.data("all")]).values()
    kept = uproot.open(stage.folder(tmp_path) / "events.root")["Events"].arrays(library="np")
    assert set(zip(kept["run"], kept["luminosity_block"], strict=True)) == {(1, 1), (1, 2), (2, 1), (2, 2)}


def test_data_of_which_no_event_is_certified_are_refused_by_part(tmp_path: Path) -> None:
    parts = tuple(_part(tmp_path, run, certified=True) for run in (1, 2))
    (tmp_path / "2.json").write_text('{"3": [[1, 9]]}')
    words = r"mine: none of 4,000 events, the first in .*2.root, is in the certified luminosity \(2.json: "
    with pytest.raises(MaplessError, match=words):
        _cutflow(_plan_of(Sample("mine", "data", parts)), tmp_path)
    assert not list((tmp_path / "stages").iterdir())


def test_weights_of_simulation_are_those_expected_of_each_part(tmp_path: Path) -> None:
    known = {"cross_section": 0.5, "sum_of_weights": 2.0 * N}
    parts = (_part(tmp_path, 1, luminosity=40.0, **known), _part(tmp_path, 2, luminosity=60.0, **known))
    sample = Sample("mine", "background", parts)
    content = _cutflow(_plan_of(sample), tmp_path)
    assert content["cutflow"]["cuts"][0]["weighted"] == pytest.approx(0.5 * 100 * 1000 / 2)
    assert "events expected in 40 /fb" in content["notes"]["weight"]
    # half of the first part is read, and none of the second
    content = _cutflow(_plan_of(sample, max_events=N // 2), tmp_path)
    assert content["read"] == {"events": N // 2, "of": 2 * N}
    assert content["cutflow"]["cuts"][0]["weighted"] == pytest.approx(0.5 * 40 * 1000 / 2)
