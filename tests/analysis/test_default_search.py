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


def _fits(output: Path, seed: int, *arguments: str) -> dict[str, list[dict[str, Any]]]:
    """Points of the mass scan of every fit."""
    command = [
        sys.executable,
        str(REPOSITORY / "run_analysis.py"),
        "run",
        "cms-dijet",
        f"--output={output}",
        f"--set=detectors.cwola.seed={seed}",
        *arguments,
    ]
    subprocess.run(command, check=True)
    fits = json.loads((output / "results.json").read_text())["fits"]
    return {name: fit["parts"][0]["search"]["scan"]["points"] for name, fit in fits.items()}


def _largest(points: list[dict[str, Any]]) -> dict[str, Any]:
    assert all(point["status"] in ("converged", "at_bound") for point in points)
    return max(points, key=lambda point: point["significance"])


@pytest.mark.physics
def test_the_injected_signal_is_found_and_the_inclusive_search_misses_it(tmp_path: Path) -> None:
    found = []
    for seed in SEEDS:
        fits = _fits(tmp_path, seed, f"--set=injections.x_to_yy_3000.seed={seed}")
        assert _largest(fits["mjj"])["significance"] < 2.5
        largest = _largest(fits["mjj-cwola-B3"])
        near = abs(largest["mass"] / 3000 - 1) <= 0.05
        found.append(largest["significance"] if near else 0.0)
        print(f"seed {seed}: inclusive {_largest(fits['mjj'])}, after the cut {largest}")
    assert np.median(found) > 5
    assert np.count_nonzero(np.array(found) > 4.5) >= 4


@pytest.mark.physics
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_found_where_nothing_was_injected(tmp_path: Path, seed: int) -> None:
    fits = _fits(tmp_path, seed, "--set=injections={}")
    print(f"seed {seed}: after the cut {_largest(fits['mjj-cwola-B3'])}")
    for points in fits.values():
        assert _largest(points)["significance"] < 3.5


@pytest.mark.physics
@pytest.mark.parametrize(
    ("search", "fit", "signal", "n_events"),
    [
        ("atlas-dijet", "mJJ-cwola-2", "x_to_yy_3000", 450),
        ("multijet-forest", "mjj-forest", "x_to_yy_3000_multijet", 60),
    ],
)
def test_the_other_searches_find_what_was_injected_and_nothing_else(
    tmp_path: Path, search: str, fit: str, signal: str, n_events: int
) -> None:
    largest = []
    for n in (n_events, 0):
        subprocess.run(
            [
                sys.executable,
                str(REPOSITORY / "run_analysis.py"),
                "run",
                search,
                f"--output={tmp_path}",
                f"--set=injections.{signal}={{n_events: {n}, seed: 11}}",
            ],
            check=True,
        )
        parts = json.loads((tmp_path / "results.json").read_text())["fits"][fit]["parts"]
        points = [point for part in parts for point in part["search"]["scan"]["points"]]
        largest.append(_largest(points))
    print(f"{search}: with signal {largest[0]}, without {largest[1]}")
    assert largest[0]["significance"] > 3.5
    assert abs(largest[0]["mass"] / 3000 - 1) <= 0.05
    assert largest[1]["significance"] < 3.5
