"""What is drawn from the background is as rare as it should be; what is planted or left out is at the top."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis import searches
from analysis.class_pipeline import ClassPipeline
from analysis.engine.job import Tools
from analysis.engine.running import run_stages

pytestmark = pytest.mark.physics

TWO_KINDS = "classes={lepton_pt_min: 150, kinds: [exclusive, inclusive], quantities: [sum_pt, mass]}"
QUICK = "scan={simulation: gamma, n_rounds: 500, largest_n_rounds: 4000, enough: 3}"


def ranked(output: Path, *overrides: str, without: str = "") -> list[dict[str, Any]]:
    """The results of a scan, those first that differ the most."""
    settings = searches.load_any("event-classes", None, (QUICK, *overrides))
    if without:
        kept = {name: one for name, one in settings.backgrounds.items() if name != without}
        settings = settings.model_copy(update={"backgrounds": kept})
    pipeline = ClassPipeline(settings)
    run_stages(pipeline.stages("scan", output), output, Tools())
    return json.loads((pipeline.scan.folder(output) / "scan.json").read_text())["results"]


def test_p_tilde_of_events_drawn_from_the_background_is_uniform(tmp_path: Path) -> None:
    results = [
        one
        for seed in (41, 42, 43)
        for one in ranked(
            tmp_path,
            f"mock_data={{planted: {{}}, seed: {seed}}}",
            "classes={lepton_pt_min: 150, kinds: [exclusive], quantities: [sum_pt]}",
        )
        if one["region"]
    ]
    p_tilde = np.array([one["p_tilde"] for one in results])
    few = np.array([one["expected"] < 10 for one in results])
    print(
        f"{len(p_tilde)} classes, {few.sum()} of few events; deciles {np.histogram(p_tilde, 10, (0, 1))[0]}"
    )
    assert len(p_tilde) > 300
    assert stats.kstest(p_tilde, "uniform", alternative="greater").pvalue > 0.01  # never too small
    assert stats.kstest(p_tilde[few], "uniform", alternative="greater").pvalue > 0.01
    assert stats.kstest(p_tilde[~few], "uniform").pvalue > 0.01


def test_a_planted_w_prime_is_at_the_top(tmp_path: Path) -> None:
    results = ranked(tmp_path, TWO_KINDS, "mock_data={planted: {classes_wprime_2000: 100}, seed: 21}")
    print([(one["class"], one["quantity"], one["p_tilde"]) for one in results[:4]])
    assert results[0]["class"] in {"1e+MET", "1mu+MET", "1e+MET+X", "1mu+MET+X", "1e+1j+MET", "1mu+1j+MET"}
    assert results[0]["region"]["low"] > 1000 and results[0]["p_tilde"] < 0.001


def test_a_planted_leptoquark_is_at_the_top(tmp_path: Path) -> None:
    results = ranked(tmp_path, TWO_KINDS, "mock_data={planted: {classes_leptoquark_800: 150}, seed: 21}")
    print([(one["class"], one["quantity"], one["p_tilde"]) for one in results[:4]])
    assert results[0]["class"].startswith("2mu+") and "j" in results[0]["class"]
    assert results[0]["region"]["low"] > 600 and results[0]["p_tilde"] < 0.001


def test_a_missing_background_is_at_the_top(tmp_path: Path) -> None:
    names = [*searches.load_any("event-classes", None).backgrounds]
    mock = f"mock_data={{planted: {{}}, seed: 21, samples: [{', '.join(names)}]}}"
    results = ranked(tmp_path, TWO_KINDS, mock, "luminosity=30", without="classes_wz")
    print([(one["class"], one["quantity"], one["p_tilde"]) for one in results[:4]])
    assert results[0]["class"].partition("+X")[0] in {"2e+1mu", "1e+2mu", "3mu", "3e"}
    assert results[0]["region"]["observed"] > results[0]["region"]["expected"]
