"""A signal that is injected and another that gives the shape of the resonance stay apart."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import uproot

from analysis.engine.job import Job, Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.plan import Plan
from analysis.sample import Sample, SamplePart
from analysis.search import MassSpectrum, Search, SignalModel
from analysis.search_settings import SearchSettings
from analysis.search_variants import with_signal_shape
from analysis.source import Injection
from analysis.stages.data_set import read_events
from analysis.stages.fit import RESULTS
from analysis.stages.signal_shape import SHAPE
from fits.background_choice.smooth import Smooth
from selections.graph import Selection
from selections.steps import Cut

RUNS = {"background": 1, "injected": 2, "shape": 3}


def _sample(folder: Path, name: str, masses: np.ndarray, mass: float | None) -> Sample:
    n = len(masses)
    path = folder / f"{name}.root"
    with uproot.recreate(path) as file:
        file["Events"] = {
            "run": np.full(n, RUNS[name], np.uint32),
            "luminosity_block": np.ones(n, np.uint32),
            "event": np.arange(n, dtype=np.uint64),
            "mjj": masses.astype(np.float32),
        }
    return Sample(name, "signal" if mass else "background", (SamplePart((path,)),), mass)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    """A search that injects 300 events at 2 TeV, with the shape of a signal at 3 TeV."""
    rng = np.random.default_rng(1)
    samples = {
        "background": _sample(tmp_path, "background", 1000 + rng.exponential(300, 20000), None),
        "injected": _sample(tmp_path, "injected", rng.normal(2000, 60, 1000), 2000.0),
        "shape": _sample(tmp_path, "shape", rng.normal(3000, 150, 1000), 3000.0),
    }
    spectrum = MassSpectrum(
        "mjj",
        "mjj",
        "all",
        tuple(np.geomspace(1000, 5000, 80).tolist()),
        Smooth(family="dijet", parameters=(2, 3)),
        SignalModel(("shape",)),
        (2000.0, 3000.0),
    )
    regions = {"all": Selection("all", cuts=(Cut("mjj > 1000", "m_jj > 1 TeV"),))}
    search = Search(
        "a-search",
        "",
        "",
        "background",
        samples,
        regions,
        (spectrum,),
        injections=(Injection("injected", n_events=300),),
    )
    return Plan(search, SearchSettings(search="a-search", data="background"))


def test_what_is_injected_and_what_is_fitted_come_from_the_sample_named_for_each(
    plan: Plan, tmp_path: Path
) -> None:
    (fit,) = plan.fits.values()
    run_stages(in_order([fit]), tmp_path, Tools())
    after = {name: stage.folder(tmp_path) for name, stage in fit.after.items()}
    events = read_events(Job(tmp_path, after, {}), plan.data("all"))
    added = events["injected"] == 1
    assert added.sum() == 300
    assert set(events["run"][added].tolist()) == {RUNS["injected"]}
    assert set(events["run"][~added].tolist()) == {RUNS["background"]}
    shape = json.loads((after["shape"] / SHAPE).read_text())
    assert shape["samples"] == ["shape"]
    assert shape["signal"]["mean"] == pytest.approx(3000, abs=20)
    (part,) = json.loads((fit.folder(tmp_path) / RESULTS).read_text())["parts"]
    assert part["counts"]["all events"]["injected"] == 300


def test_a_template_takes_the_place_of_simulated_signals_and_finds_what_was_injected(
    plan: Plan, tmp_path: Path
) -> None:
    rng = np.random.default_rng(2)
    counts, edges = np.histogram(rng.normal(3000, 90, 50_000), bins=60, range=(2500, 3500))  # 3 % wide
    shape = {"shape": "template", "edges": edges.tolist(), "counts": counts.tolist(), "mass": 3000.0}
    search = with_signal_shape(plan.search, shape)
    (fit,) = replace(plan, search=search).fits.values()
    names = {stage.name for stage in in_order([fit])}
    assert "select-shape-all" not in names
    run_stages(in_order([fit]), tmp_path, Tools())
    (part,) = json.loads((fit.folder(tmp_path) / RESULTS).read_text())["parts"]
    point = part["search"]["scan"]["points"][0]
    assert point["mass"] == 2000
    assert abs(point["signal_yield"] - 300) < 2.5 * point["signal_yield_error"]
    assert point["significance"] > 5
    assert part["search"]["signal"] == shape
