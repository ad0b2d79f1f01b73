"""The search for a Higgs boson and an unusual jet: what it looks at, and that it finds what was injected."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from analysis import searches
from analysis.kept_columns import kept_columns
from analysis.plan import Plan
from errors import MaplessError

X_PEAK = 86.4  # GeV, median soft-drop mass of an X of 85 GeV (231 simulated events between 65 and 110 GeV)
REPOSITORY = Path(__file__).parents[3]


def settings(*overrides: str):
    return searches.load("atlas-higgs-x", None, overrides)


def test_the_network_learns_from_all_jets_and_the_grid_holds_anomalous_candidates() -> None:
    search = searches.declare(settings())
    (hunt,) = search.hunts
    assert hunt.training["events"].region == "jets"
    anomaly, merged = search.grids
    assert (anomaly.hunt, anomaly.category, merged.hunt) == ("anomaly", "anomaly", "")
    assert merged.conditions == {"x_tau21": (0.0, 0.4)}
    kept = kept_columns(search)["jets"]
    assert {"x_constituent_pt", "higgs_constituent_eta", "higgs_b_tag", "x_softdrop_mass"} <= set(kept)


def test_every_grid_is_a_stage_behind_the_cut_of_its_hunt() -> None:
    chosen = settings()
    grids = Plan(searches.declare(chosen), chosen).grids
    assert set(grids) == {"grid-anomaly", "grid-merged"}
    assert "cut" in grids["grid-anomaly"].after
    assert "cut" not in grids["grid-merged"].after


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("higgs.low_sideband=[50, 80]", "overlaps its sidebands"),
        ("grid.low=400 GeV", "impossible range"),
        ("spectrum.low=1.5 TeV", "raise the one or lower the other"),
    ],
)
def test_impossible_settings_are_refused(override: str, message: str) -> None:
    with pytest.raises(MaplessError, match=message):
        searches.declare(settings(override))


@pytest.mark.physics
@pytest.mark.parametrize("injected", [True, False])
def test_what_is_injected_is_found_in_its_cell_and_nothing_without_it(tmp_path: Path, injected: bool) -> None:
    for seed in (2, 3):  # the embedded configuration was chosen with seed 1
        injection = f"injections.y_to_hx_3700_85.seed={seed}" if injected else "injections={}"
        command = [sys.executable, str(REPOSITORY / "run_analysis.py"), "run", "atlas-higgs-x"]
        chosen = [f"--set={one}" for one in (injection, f"detector.seed={seed}")]
        subprocess.run([*command, *chosen, "--threads=1", f"--output={tmp_path}"], check=True)
        found = json.loads((tmp_path / "results.json").read_text())["grids"]["grid-anomaly"]["found"]
        best = found["best"]
        print(f"seed {seed}: {best}, global p {found['p_value']}")
        if injected:
            assert best["low"] < X_PEAK < best["high"]
            assert best["first"] < 3700 < best["last"]
            assert found["p_value"] < 0.01
        else:
            assert found["p_value"] > 0.01
