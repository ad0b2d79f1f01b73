import json
from pathlib import Path

import numpy as np
import pytest

from analysis import blinding
from analysis.closure import check_closure, largest_excess, simulated_twins
from analysis.configuration import load_configuration
from analysis.stages import Stage, run_stage
from errors import MaplessError
from models.mass_windows import MassWindow

CONFIGURATION = Path(__file__).parents[2] / "analysis" / "configs" / "cms_dijet.yaml"
ON_DATA = (
    "events.is_data=true",
    "closure={background_files: [qcd.root], signal_files: [signal.root], n_signal_events: 100}",
)


def _results(folder: Path, name: str, significances: dict[float, float | None], p_value: float = 0.5) -> Path:
    points = [{"mass": mass, "significance": value} for mass, value in significances.items()]
    window = {"scan": {"points": points}, "choice": {"goodness": {"p_value": p_value}}}
    folder = folder / name
    folder.mkdir()
    (folder / "results.json").write_text(json.dumps({"spectra": {"inclusive": {}, "B3": window}}))
    return folder


def _checks(tmp_path: Path, background: Path, injected: Path) -> list[bool]:
    check_closure(
        load_configuration(CONFIGURATION), {"background_only": background, "injected": injected}, tmp_path
    )
    return [check["passed"] for check in blinding.read_closure(tmp_path)]


def test_closure_passes_when_only_the_signal_is_seen(tmp_path: Path) -> None:
    background = _results(tmp_path, "background", {2900: 1.0, 3000: 0.2})
    injected = _results(tmp_path, "injected", {2900: 5.0, 3000: 6.0})
    assert _checks(tmp_path, background, injected) == [True, True, True]


def test_each_failure_is_seen(tmp_path: Path) -> None:
    background = _results(tmp_path, "background", {3000: 3.6}, p_value=0.001)
    injected = _results(tmp_path, "injected", {3000: 2.0, 4000: 6.0})
    assert _checks(tmp_path, background, injected) == [False, False, False]


def test_failed_fits_never_pass(tmp_path: Path) -> None:
    background = _results(tmp_path, "background", {3000: None})
    injected = _results(tmp_path, "injected", {3000: None})
    assert _checks(tmp_path, background, injected) == [False, True, False]


def test_largest_excess_leaves_out_failed_fits() -> None:
    points = [{"mass": 1, "significance": None}, {"mass": 2, "significance": 1.0}]
    assert largest_excess({"B3": {"scan": {"points": points}}})["mass"] == 2


def test_simulated_twins_are_not_data_and_differ_by_the_injection() -> None:
    twins = simulated_twins(load_configuration(CONFIGURATION, ON_DATA))
    assert [twin.events.is_data for twin in twins.values()] == [False, False]
    assert [twin.injection.n_events for twin in twins.values()] == [0, 100]


def test_data_are_closed_until_unblinded_and_simulation_never_is() -> None:
    data = load_configuration(CONFIGURATION, ON_DATA)
    assert blinding.is_closed(data, unblind=False)
    assert not blinding.is_closed(data, unblind=True)
    assert not blinding.is_closed(load_configuration(CONFIGURATION), unblind=False)


def test_the_blinded_spectrum_holds_no_event_of_a_window() -> None:
    windows = [MassWindow(2725, 3331), MassWindow(4000, 5000)]
    mjj = np.array([2724.0, 3000.0, 3500.0, 4500.0, 5001.0])
    assert mjj[blinding.outside_windows(mjj, windows)].tolist() == [2724.0, 3500.0, 5001.0]


def test_unblinding_needs_a_closure_test_that_ran_and_passed(tmp_path: Path) -> None:
    def closure(passed: bool) -> Stage:
        content = json.dumps([{"name": "no excess", "passed": passed}])
        return Stage(
            "closure", lambda folder: (folder / "closure.json").write_text(content) and None, {"p": passed}
        )

    with pytest.raises(MaplessError, match="closure.background_files"):
        blinding.require_closure(None, tmp_path)
    with pytest.raises(MaplessError, match="without --unblind first"):
        blinding.require_closure(closure(passed=True), tmp_path)
    for passed in (True, False):
        run_stage(closure(passed), tmp_path)
    blinding.require_closure(closure(passed=True), tmp_path)
    with pytest.raises(MaplessError, match="closure failed .no excess."):
        blinding.require_closure(closure(passed=False), tmp_path)
