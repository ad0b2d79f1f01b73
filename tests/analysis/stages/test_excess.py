"""An excess is described by where it stands out of what lies beside it."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.pipeline import Pipeline
from analysis.stages.excess import EXCESS, peak_above
from tests.analysis import toy_search

CONFIGURATION = """
search: tests.analysis.toy_search
data: background
hunts: [weak]
samples:
  background: {role: background, files: [background.root]}
  odd: {role: signal, files: [odd.root], mass: 1500}
global_significance: {toys: 20}
"""


def described(folder: Path, n_signal: int) -> dict | None:
    """What is said of the toy search with so many events of a signal."""
    toy_search.write_background(folder / "background.root", 8000, 1)
    toy_search.write_signal(folder / "odd.root", 1000, 2)
    (folder / "toy.yaml").write_text(CONFIGURATION)
    overrides = (f"injections={{odd: {{n_events: {n_signal}}}}}",)
    stages = Pipeline(searches.load(None, folder / "toy.yaml", overrides)).stages("report", folder / "out")
    (excess,) = (stage for stage in stages if stage.name == "excess")
    run_stages(in_order([excess]), folder / "out", Tools())
    return json.loads((excess.folder(folder / "out") / EXCESS).read_text())["excess"]


def test_a_planted_resonance_is_described_with_its_masses(tmp_path: Path) -> None:
    found = described(tmp_path, 200)
    mass = found["mass"]
    assert mass["mass"] == pytest.approx(toy_search.MASS, abs=3 * max(mass["error_low"], mass["error_high"]))
    assert mass["error_high"] < 50
    for peak in found["peaks"].values():
        assert peak["value"] == pytest.approx(toy_search.JET_MASS, abs=max(3 * peak["error"], 10))
    assert found["before_cut"]["signal_yield"] == pytest.approx(
        200, abs=3 * found["before_cut"]["signal_yield_error"]
    )


def test_without_a_resonance_nothing_is_described(tmp_path: Path) -> None:
    assert described(tmp_path, 0) is None


def test_a_peak_is_found_on_a_background_that_is_larger() -> None:
    rng = np.random.default_rng(3)
    background = rng.exponential(80, 4000) + 20
    signal = rng.normal(400, 25, 150)
    here = np.concatenate([rng.exponential(80, 3000) + 20, signal])
    found = peak_above(here, background, 3000, rng)
    assert found["value"] == pytest.approx(400, abs=3 * found["error"])
    assert 2 < found["error"] < 15
    # without subtracting, the background wins
    assert peak_above(here, background, 0, rng)["value"] < 150


def test_errors_of_a_peak_cover_it() -> None:
    pulls = []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        here = np.concatenate([rng.exponential(80, 100) + 20, 400 * np.exp(0.06 * rng.normal(size=150))])
        found = peak_above(here, rng.exponential(80, 2000) + 20, 100, rng)
        pulls.append((found["value"] - 400) / found["error"])
    assert 0.6 < np.sqrt(np.mean(np.square(pulls))) < 1.6
