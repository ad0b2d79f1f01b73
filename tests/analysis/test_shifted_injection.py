"""Signal that is injected under a systematic shift: it changes, and nothing else does."""

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from analysis.engine.job import Job, Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import Stage, in_order
from analysis.plan import Plan
from analysis.sample_table import SampleSettings
from analysis.search import Hunt, MassSpectrum, Search, SignalModel
from analysis.search_settings import SearchSettings
from analysis.source import Source
from analysis.stages.cut import EFFICIENCIES
from analysis.stages.data_set import read_events
from errors import MaplessError
from fits.background_choice.smooth import Smooth
from models.made import Made
from selections.dijet import dijet

SIZE = 0.05
UP = "jet_energy_scale:up"
N_INJECTED = 200
LUMINOSITY = 10.0  # 1/fb


def _write(path: Path, run: int, pt: np.ndarray, seed: int) -> None:
    """Events of two jets, back to back in the transverse plane, of these momenta."""
    rng = np.random.default_rng(seed)
    n = len(pt)

    def jets(first: Any, second: Any) -> ak.Array:
        return ak.from_regular(np.column_stack([first, second]).astype(np.float32))

    with uproot.recreate(path) as file:
        file["Events"] = {
            "run": np.full(n, run, np.uint32),
            "luminosity_block": np.ones(n, np.uint32),
            "event": np.arange(n, dtype=np.uint64),
            "weight": np.ones(n),
            "jet_pt": jets(pt, pt),
            "jet_eta": jets(rng.uniform(-0.4, 0.4, n), rng.uniform(-0.4, 0.4, n)),
            "jet_phi": jets(np.zeros(n), np.full(n, np.pi)),
            "jet_mass": jets(rng.uniform(40, 200, n), rng.uniform(40, 200, n)),
            "jet_softdrop_mass": jets(rng.uniform(40, 200, n), rng.uniform(40, 200, n)),
        }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A falling background, and a resonance at the lower end of what is selected."""
    folder, rng = tmp_path_factory.mktemp("shifted"), np.random.default_rng(1)
    _write(folder / "background.root", 1, 480 + rng.exponential(150, 20_000), 2)
    _write(folder / "signal.root", 2, rng.normal(495, 30, 2000), 3)
    return folder


def _plan(folder: Path, shift: str) -> Plan:
    given: dict[str, Any] = {
        "background": {"role": "background", "files": ["background.root"], "luminosity": LUMINOSITY},
        "signal": {
            "role": "signal",
            "files": ["signal.root"],
            "mass": 1100,
            "variations": {"jet_energy_scale": {"size": SIZE}},
        },
    }
    samples = {
        name: SampleSettings.model_validate(one).at(folder).sample(name) for name, one in given.items()
    }
    settings = SearchSettings.model_validate(
        {
            "search": "a-search",
            "data": "background",
            "injections": {"signal": {"n_events": N_INJECTED, "shift": shift}},
        }
    )
    spectrum = MassSpectrum(
        "mjj",
        "mjj",
        "signal",
        tuple(np.geomspace(1000, 3000, 60).tolist()),
        Smooth(family="dijet", parameters=(3,)),
        SignalModel(width=0.06),
        (1100.0,),
    )
    features = {"features": ("jet1_softdrop_mass", "jet2_softdrop_mass")}
    hunt = Hunt(
        "forest",
        Made("isolation-forest", {"n_trees": 5}, {"seed": 1, "folds": 2, **features}),
        {"background": Source("signal")},
        ("mjj",),
        Made("score-above", {"thresholds": {"kept": 0.45}}),
        Source("signal"),
    )
    regions = {"signal": dijet(mjj_min=1000.0, features=())}
    injected = settings.injected()
    search = Search("a-search", "", "", "background", samples, regions, (spectrum,), (hunt,), injected)
    return Plan(search, settings)


@pytest.fixture(scope="module")
def ran(folder: Path) -> dict[str, tuple[Plan, list[Stage]]]:
    """Plans with the injection as it is and shifted, whose stages up to the cut have run."""
    found = {}
    for shift in ("nominal", UP):
        plan = _plan(folder, shift)
        stages = in_order([chain.cut for chain in plan.chains])
        run_stages(stages, folder / "out", Tools())
        found[shift] = (plan, stages)
    return found


def _events(folder: Path, ran: tuple[Plan, list[Stage]]) -> Any:
    plan, stages = ran
    places = {stage.name.removeprefix("select-"): stage.folder(folder / "out") for stage in stages}
    return read_events(Job(folder, places, {}), plan.data("signal"))


def test_a_shift_changes_what_is_injected_and_nothing_else(folder: Path, ran: Any) -> None:
    nominal, shifted = (_events(folder, ran[shift]) for shift in ("nominal", UP))
    added, added_shifted = nominal["injected"] == 1, shifted["injected"] == 1
    assert added.sum() == N_INJECTED
    for name in nominal.columns:
        np.testing.assert_array_equal(nominal[name][~added], shifted[name][~added_shifted])
    before = dict(zip(nominal["event"][added].tolist(), nominal["mjj"][added].tolist(), strict=True))
    after = dict(
        zip(shifted["event"][added_shifted].tolist(), shifted["mjj"][added_shifted].tolist(), strict=True)
    )
    # jets that are scaled up all pass again: the same events, and some more that did not pass before
    assert before.keys() < after.keys()
    for event, mass in before.items():
        assert after[event] == pytest.approx(mass * (1 + SIZE), rel=1e-5)
    assert all(after[event] < 1000 * (1 + SIZE) * 1.0001 for event in after.keys() - before.keys())


def test_as_many_are_injected_as_the_same_cross_section_gives(folder: Path, ran: Any) -> None:
    stored = uproot.open(folder / "signal.root")["Events"].arrays()
    n = {}
    for shift, factor in (("nominal", 1), (UP, 1 + SIZE)):
        pt, eta, mass = (stored[f"jet_{name}"] for name in ("pt", "eta", "mass"))
        energy = ak.sum(np.sqrt((pt * np.cosh(eta)) ** 2 + mass**2), axis=1)
        along = ak.sum(pt * np.sinh(eta), axis=1)
        n[shift] = int(ak.sum(factor * np.sqrt(energy**2 - along**2) > 1000))
    expected = N_INJECTED * n[UP] / n["nominal"]
    assert n[UP] > 1.1 * n["nominal"]
    events = _events(folder, ran[UP])
    assert (events["injected"] == 1).sum() == pytest.approx(expected, abs=1)


def test_stages_without_the_injection_are_the_same(folder: Path, ran: Any) -> None:
    names = {shift: {stage.folder(folder / "out").name for stage in ran[shift][1]} for shift in ran}
    other = {name.rpartition("-")[0] for name in names[UP] - names["nominal"]}
    assert other == {
        "select-signal-signal-jet_energy_scale-up",
        "train-forest",
        "score-forest-background-signal",
        "score-forest-signal-signal-jet_energy_scale-up",
        "cut-forest",
    }


def test_detectors_are_evaluated_on_the_shifted_signal(folder: Path, ran: Any) -> None:
    found = {}
    for shift, (_, stages) in ran.items():
        cut = next(stage for stage in stages if stage.name.startswith("cut"))
        rows = json.loads((cut.folder(folder / "out") / EFFICIENCIES).read_text())
        found[shift] = [(row["sample"], row["shift"]) for row in rows]
    assert found["nominal"] == [("background", "nominal"), ("signal", "nominal")]
    assert found[UP] == [("background", "nominal"), ("signal", UP)]


def test_a_shift_that_the_sample_does_not_have_is_refused(folder: Path) -> None:
    with pytest.raises(MaplessError, match="signal has no shift 'jet_mass_scale:up'; known: nominal, jet"):
        _ = _plan(folder, "jet_mass_scale:up").chains
