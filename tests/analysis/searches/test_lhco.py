"""Windows of the search for a box of the LHC Olympics, and a planted answer that it gives."""

import json
from pathlib import Path

import numpy as np
import pytest

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.pipeline import Pipeline
from errors import MaplessError

BOX = Path(searches.CONFIGURATIONS) / "lhco_box.yaml"


def declared(*overrides: str):
    return searches.declare(searches.load("lhco", None, overrides))


def test_every_mass_is_tested_in_one_window_that_holds_it_near_its_centre() -> None:
    for hunt in declared().hunts:
        tested = sorted(mass for masses in hunt.masses.values() for mass in masses)
        assert tested == list(np.arange(2700.0, 4201.0, 100.0))
        for window in hunt.windows:
            assert window.low_sideband[0] >= 2232
            assert window.high_sideband[1] <= 6100
            for mass in hunt.masses[window.name]:
                assert abs(np.log(mass**2 / (window.low * window.high))) <= np.log(1.12) / 2 + 1e-9


def test_features_of_the_challenge_are_enough() -> None:
    search = declared("selection={mjj_min: 2232, jet_mass: plain, jet_features: [tau1, tau2]}")
    views = search.hunts[0].detector.offered["views"]
    assert views["event"]["event"] == ("jet1_mass", "mass_difference", "jet1_tau21", "jet2_tau21")


def test_masses_without_sidebands_are_refused() -> None:
    with pytest.raises(MaplessError, match="masses: none lies in a window with sidebands"):
        declared("masses={low: 2300, high: 2400, step: 100}")


def test_the_box_of_the_challenge_says_what_differs(tmp_path: Path) -> None:
    (tmp_path / "box.h5").touch()
    settings = searches.load("lhco", BOX, (f"samples.box.files=[{tmp_path / 'box.h5'}]",))
    search = searches.declare(settings)
    assert search.data == "box"
    assert not search.injections
    assert search.spectra[0].edges[0] == 2950


@pytest.mark.physics
@pytest.mark.parametrize("n_events", [0, 1500])
def test_a_resonance_is_found_with_its_masses_and_an_empty_box_has_none(
    n_events: int, tmp_path: Path
) -> None:
    """Half a per cent of X -> YY' with 400 GeV each; seeds that chose nothing."""
    settings = searches.load(
        "lhco",
        None,
        (f"injections.x_to_yy_3000={{n_events: {n_events}, seed: 21}}", "detectors.event.seed=21"),
    )
    pipeline = Pipeline(settings)
    run_stages(pipeline.stages("report", tmp_path), tmp_path, Tools(threads=2))
    results = json.loads((pipeline.report.folder(tmp_path) / "results.json").read_text())
    print(json.dumps(results["excess"], indent=1))
    found = results["excess"]["excess"]
    if not n_events:
        assert found is None
        assert results["summary"]["global"]["significance"] < 3
        return
    assert found["mass"]["mass"] == pytest.approx(3000, rel=0.05)
    for jet in (1, 2):
        assert found["peaks"][f"jet{jet}_softdrop_mass"]["value"] == pytest.approx(400, rel=0.15)
    before = found["before_cut"]
    assert before["signal_yield"] == pytest.approx(n_events, abs=3 * before["signal_yield_error"])
