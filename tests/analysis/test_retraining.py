"""How much training again changes the global p-value, whose null holds trained detectors as they are."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.plan import Plan
from selections.steps import Cut

N_SAMPLES = 12
OVERRIDES = (
    "injections={}",
    "windows=[B3, A4]",
    "detectors.cwola.options={restarts: 2, iterations: 30}",
    "detectors.cwola.cut_options={kept: 0.05}",
    "global_significance.toys=300",
)


@pytest.mark.physics
def test_global_p_values_of_independent_background_samples_are_uniform(tmp_path: Path) -> None:
    """Each part of the embedded sample is trained on anew: only the background differs between them."""
    settings = searches.load("cms-dijet", None, OVERRIDES)
    search = searches.declare(settings)
    p_values = []
    for part in range(N_SAMPLES):
        cut = Cut(f"mapless::fold(run, luminosity_block, event + 7, {N_SAMPLES}) == {part}", f"part {part}")
        region = search.regions["signal"].refine(f"part_{part}", cut)
        region = replace(region, headers=(*region.headers, "mapless/fold.h"))
        plan = Plan(replace(search, regions={"signal": region}), settings)
        run_stages(in_order([plan.global_significance]), tmp_path, Tools(threads=2))
        found = json.loads((plan.global_significance.folder(tmp_path) / "global.json").read_text())["global"]
        assert found["status"] == "good"
        p_values.append(found["p_value"])
        print(f"part {part}: {found['local_significance']:.2f} sigma, global p-value {p_values[-1]:.3f}")
    agreement = stats.kstest(p_values, "uniform").pvalue
    print(f"mean {np.mean(p_values):.2f}, Kolmogorov-Smirnov p-value {agreement:.2f}")
    assert agreement > 0.01
    assert min(p_values) > 0.001
