"""Limits through the stages, with a detector that does not learn from the signal region."""

import json

import pytest

from analysis import searches
from analysis.engine.job import Tools
from analysis.engine.running import run_stages
from analysis.engine.stage import in_order
from analysis.pipeline import Pipeline
from errors import MaplessError

OVERRIDES = (
    "injections={}",
    "limits.signals=[x_to_yy_3000_multijet]",
    "limits.cross_sections=[50, 200, 1000]",
    "dijet.masses={low: 2500, high: 3000, step: 500}",
    "trijet.masses={low: 3000, high: 3000}",
    "detectors.forest.options={n_trees: 20}",
    "detectors.forest.cut=score-above",
    "detectors.forest.cut_options={thresholds: {kept: 0.5}}",
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    pipeline = Pipeline(searches.load("multijet-forest", None, OVERRIDES))
    (limit,) = pipeline.limits.values()
    folder = tmp_path_factory.mktemp("limits")
    run_stages(in_order([limit]), folder, Tools(threads=1))
    return json.loads((limit.folder(folder) / "limits.json").read_text())


def test_only_fits_that_test_the_mass_of_the_signal_give_limits(found: dict) -> None:
    assert [one["fit"] for one in found["found"]] == ["mjj", "mjjj", "mjj-forest", "mjjj-forest"]


def test_the_inclusive_efficiency_is_acceptance_times_selection(found: dict) -> None:
    (point,) = found["found"][0]["efficiencies"]
    assert point["efficiency"] == pytest.approx(0.872 * 2000 / 3000, rel=0.02)


def test_an_efficiency_counts_only_what_is_in_the_spectrum(found: dict) -> None:
    (two_jets,), (three_jets,) = (one["efficiencies"] for one in found["found"][:2])
    # most events of this signal have no third jet, whose mass spectrum they are therefore not in
    assert 0.3 < three_jets["efficiency"] / two_jets["efficiency"] < 0.6


def test_an_efficiency_is_measured_for_every_injection(found: dict) -> None:
    curve = found["found"][2]["efficiencies"]
    assert [point["cross_section"] for point in curve] == [50, 200, 1000]
    inclusive = found["found"][0]["efficiencies"][0]["efficiency"]
    for point in curve:
        assert 0.3 * inclusive < point["efficiency"] < inclusive
        assert 0 < point["error"] < 0.05 * point["efficiency"]


def test_limits_and_reach_are_in_fb_and_in_order(found: dict) -> None:
    for one in (found["found"][0], found["found"][2]):
        assert one["limit"]["status"] == one["reach"]["status"] == "good"
        expected = one["limit"]["expected"]
        assert expected == sorted(expected)
        three, five = one["reach"]["values"]
        assert three < five
        events = expected[2] * found["luminosity"] * one["efficiencies"][-1]["efficiency"]
        assert 3 < events < 200


def test_a_signal_at_a_mass_that_nothing_tests_is_refused() -> None:
    elsewhere = tuple(f"{spectrum}.masses={{low: 2500, high: 2500}}" for spectrum in ("dijet", "trijet"))
    settings = searches.load("multijet-forest", None, (*OVERRIDES, *elsewhere))
    with pytest.raises(MaplessError, match="no spectrum or window tests the mass of x_to_yy_3000_multijet"):
        _ = Pipeline(settings).limits
