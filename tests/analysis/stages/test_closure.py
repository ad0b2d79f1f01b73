import json
import os
from pathlib import Path

import numpy as np
import pytest

from analysis import blinding
from analysis.engine.job import Job, Tools
from analysis.engine.running import run_stage
from analysis.engine.stage import Stage
from analysis.stages.closure import CLOSURE, check_closure
from analysis.stages.open_spectrum import is_open
from errors import MaplessError


def _fit(folder: Path, name: str, significances: dict[float, float | None], p_value: float = 0.5) -> Path:
    points = [{"mass": mass, "significance": value} for mass, value in significances.items()]
    spectra = {"kept": {"chi_square": {"p_value": p_value}}}
    part = {
        "name": "kept",
        "purposes": ["search"],
        "search": {"scan": {"points": points}, "spectra": spectra},
    }
    place = folder / name
    place.mkdir()
    (place / "results.json").write_text(json.dumps({"parts": [part]}))
    return place


def _passed(tmp_path: Path, background: Path, injected: Path) -> list[bool]:
    after = {"background mjj-cwola-B3": background, "injected mjj-cwola-B3": injected}
    check_closure(Job(tmp_path, after, {"mass": 3000.0}), Tools())
    return [check["passed"] for check in json.loads((tmp_path / CLOSURE).read_text())]


def test_closure_passes_when_only_the_signal_is_seen(tmp_path: Path) -> None:
    background = _fit(tmp_path, "background", {2900: 1.0, 3000: 0.2})
    injected = _fit(tmp_path, "injected", {2900: 5.0, 3000: 6.0})
    assert _passed(tmp_path, background, injected) == [True, True, True]


def test_each_failure_is_seen(tmp_path: Path) -> None:
    background = _fit(tmp_path, "background", {3000: 3.6}, p_value=0.001)
    injected = _fit(tmp_path, "injected", {3000: 2.0, 4000: 6.0})
    assert _passed(tmp_path, background, injected) == [False, False, False]


def test_an_excess_in_the_control_region_of_the_data_is_seen(tmp_path: Path) -> None:
    quiet, loud = _fit(tmp_path, "quiet", {3000: 1.0}), _fit(tmp_path, "loud", {3000: 4.0})
    after = {"background a": quiet, "injected a": loud, "control region a": loud}
    check_closure(Job(tmp_path, after, {"mass": 3000.0}), Tools())
    checks = json.loads((tmp_path / CLOSURE).read_text())
    assert [check["name"] for check in checks if not check["passed"]] == [
        "no excess without signal, control region a, kept"
    ]


def test_failed_fits_never_pass(tmp_path: Path) -> None:
    background = _fit(tmp_path, "background", {3000: None})
    injected = _fit(tmp_path, "injected", {3000: None})
    assert _passed(tmp_path, background, injected) == [False, True, False]


def test_one_failed_fit_among_good_ones_fails_the_test(tmp_path: Path) -> None:
    background = _fit(tmp_path, "background", {2900: 1.0, 3000: None})
    injected = _fit(tmp_path, "injected", {3000: 6.0})
    assert _passed(tmp_path, background, injected) == [False, True, True]


def test_a_signal_whose_mass_nothing_tests_is_not_found(tmp_path: Path) -> None:
    background = _fit(tmp_path, "background", {4000: 1.0})
    injected = _fit(tmp_path, "injected", {4000: 6.0})
    assert _passed(tmp_path, background, injected) == [True, True, False]


def test_an_open_spectrum_holds_no_event_of_a_closed_interval() -> None:
    mass = np.array([2724.0, 3000.0, 3500.0, 4500.0, 5001.0])
    assert mass[is_open(mass, ((2725, 3331), (4000, 5000)))].tolist() == [2724.0, 3500.0, 5001.0]


def write_checks(job: Job, tools: Tools) -> None:
    content = [{"name": "no excess", "passed": job.arguments["passed"]}]
    (job.folder / CLOSURE).write_text(json.dumps(content))


def test_unblinding_needs_a_closure_test_that_ran_and_passed(tmp_path: Path) -> None:
    good, bad = (Stage("closure", write_checks, {"passed": passed}) for passed in (True, False))
    with pytest.raises(MaplessError, match=r"closure\.background"):
        blinding.require_closure(None, tmp_path)
    with pytest.raises(MaplessError, match="without --unblind first"):
        blinding.require_closure(good, tmp_path)
    run_stage(good, tmp_path)
    run_stage(bad, tmp_path)
    blinding.require_closure(good, tmp_path)
    with pytest.raises(MaplessError, match="closure failed .no excess."):
        blinding.require_closure(bad, tmp_path)


def test_an_edited_closure_test_opens_nothing(tmp_path: Path) -> None:
    stage = Stage("closure", write_checks, {"passed": False})
    checks = run_stage(stage, tmp_path) / CLOSURE
    state = checks.stat()
    checks.write_text(checks.read_text().replace("false", "true "))
    os.utime(checks, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert checks.stat().st_size == state.st_size
    with pytest.raises(MaplessError, match="needs the closure report as it was written"):
        blinding.require_closure(stage, tmp_path)
