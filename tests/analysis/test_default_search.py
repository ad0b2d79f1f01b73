"""What the first search claims: it finds the injected signal and sees nothing where there is none."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

REPOSITORY = Path(__file__).parents[2]
SEEDS = (6, 7, 8, 9, 10)  # 1 to 5 served to choose the injected events and the number of restarts


def _spectra(output: Path, seed: int, *arguments: str) -> dict[str, Any]:
    seeds = (f"--set=injection.seed={seed}", f"--set=detector.seed={seed}")
    command = [
        sys.executable,
        str(REPOSITORY / "run_analysis.py"),
        "run",
        f"--output={output}",
        *seeds,
        *arguments,
    ]
    subprocess.run(command, check=True)
    return json.loads((output / "results.json").read_text())["spectra"]


def _largest(result: dict[str, Any]) -> dict[str, Any]:
    points = result["scan"]["points"]
    assert all(point["status"] == "converged" or point["status"] == "at_bound" for point in points)
    return max(points, key=lambda point: point["significance"])


@pytest.mark.physics
def test_the_injected_signal_is_found_and_the_inclusive_search_misses_it(tmp_path: Path) -> None:
    found = []
    for seed in SEEDS:
        spectra = _spectra(tmp_path, seed)
        assert _largest(spectra["inclusive"])["significance"] < 2.5
        largest = _largest(spectra["B3"])
        near = abs(largest["mass"] / 3000 - 1) <= 0.05
        found.append(largest["significance"] if near else 0.0)
        print(f"seed {seed}: inclusive {_largest(spectra['inclusive'])}, after the cut {largest}")
    assert np.median(found) > 4
    assert np.count_nonzero(np.array(found) > 4) >= 4


@pytest.mark.physics
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_where_nothing_was_injected(tmp_path: Path, seed: int) -> None:
    spectra = _spectra(tmp_path, seed, "--set=injection.n_events=0")
    print(f"seed {seed}: after the cut {_largest(spectra['B3'])}")
    for result in spectra.values():
        assert _largest(result)["significance"] < 3.5
