"""Limits cover the signal that is there, with data drawn anew and a detector trained again in each toy."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.limit_rounds import limits_by_rounds
from analysis.limit_search import LimitSearch
from analysis.stages.limits import LIMITS
from tests.analysis import toy_search

N_TOYS = 100
N_EVENTS = 30_000
LUMINOSITY = 15.0  # 1/fb
CROSS_SECTION = 12.0  # fb, about what is excluded
CONFIGURATION = f"""
search: tests.analysis.toy_search
data: data
samples:
  data: {{role: background, files: [background.root, hidden.root], luminosity: {LUMINOSITY}}}
  odd: {{role: signal, files: [odd.root], mass: 1500}}
  without: {{role: background, files: [without.root], luminosity: {LUMINOSITY}}}
hunts: [weak]
limits: {{trainings: 1, signals: [odd], injected_into: without}}
fit: {{limit_toys: 0}}
"""


def observed_limit(folder: Path, seed: int) -> dict:
    """What the whole procedure says of new data with a signal: the stored limit on its cross section."""
    rng = np.random.default_rng(seed)
    toy_search.write_background(folder / "background.root", int(rng.poisson(N_EVENTS)), seed)
    toy_search.write_background(folder / "without.root", int(rng.poisson(N_EVENTS)), 30_000 + seed)
    n_signal = int(rng.poisson(CROSS_SECTION * LUMINOSITY))
    toy_search.write_signal(folder / "hidden.root", n_signal, 10_000 + seed, run=3)
    toy_search.write_signal(folder / "odd.root", 2000, 20_000 + seed)
    (folder / "toy.yaml").write_text(CONFIGURATION)
    plan = LimitSearch(searches.load(None, folder / "toy.yaml")).pipeline.plan
    output = folder / "out"
    found = limits_by_rounds(plan, ("odd",), output, lambda stages: run_stages(stages, output, Tools()))
    (part,) = json.loads((found.limits["odd", "mjj-weak-W"].folder(output) / LIMITS).read_text())["found"]
    return part["limit"]


@pytest.mark.physics
def test_a_limit_covers_the_signal_in_95_percent_of_new_data(tmp_path: Path) -> None:
    covered, limits = 0, []
    for seed in range(N_TOYS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        limit = observed_limit(folder, seed)["observed"]
        assert limit is not None
        covered += limit >= CROSS_SECTION
        limits.append(limit)
    print(f"covered in {covered} of {N_TOYS} toys; median limit {np.median(limits):.3g} fb")
    assert covered >= 91  # 95 of 100 within two standard deviations
