"""Checks that a search can make of itself."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import Dijet, expected_counts
from fits.limits.mass_scan import SignalUncertainties
from fits.plots.resonance_search import resonance_figures
from fits.resonance_categories import Found
from fits.resonance_checks import run_checks
from fits.resonance_search import ResonanceCategory, ResonanceSettings, Smooth, search_for_resonance
from fits.resonance_settings import CHECKS
from fits.signals import DoubleCrystalBall, ScaledSignal
from fits.significance.mass_scan import MassPoint, MassPoints
from fits.spectrum import Spectrum, dijet_edges

SIGNAL = ScaledSignal(DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000))
SETTINGS = ResonanceSettings(
    (2800.0, 3000.0, 3200.0),
    Smooth(parameters=(2, 3), choice="f-test"),
    limits=True,
    uncertainties=SignalUncertainties(yields=(("luminosity", 0.016), ("tight.efficiency", 0.1))),
    checks=CHECKS,
    check_toys=40,
)


@pytest.fixture(scope="module")
def stored():
    """All checks of a loose and a tight category with 150 events of a resonance at 3 TeV."""
    falling = expected_counts(Dijet(2), [0.0, 9.0, 5.0], dijet_edges())
    falling, peak = falling / falling.sum(), SIGNAL(3000).bin_fractions(dijet_edges())
    rng = np.random.default_rng(10)
    categories = [
        ResonanceCategory(
            name, Spectrum(dijet_edges(), rng.poisson(events * falling + 150 * share * peak)), share
        )
        for name, events, share in (("loose", 2e4, 0.6), ("tight", 2000, 0.4))
    ]
    results = search_for_resonance(categories, SIGNAL, SETTINGS).to_json()
    return json.loads(json.dumps(results, allow_nan=False))


@pytest.fixture(scope="module")
def checks(stored):
    return stored["checks"]


def test_all_checks_are_made(checks):
    assert list(checks) == list(CHECKS)
    assert not [name for name, content in checks.items() if "error" in content]


def test_signal_shows_in_the_goodness_of_the_background(checks):
    assert checks["goodness"]["tight"]["saturated"]["p_value"] < 0.1
    assert set(checks["goodness"]["loose"]) == {
        "saturated", "kolmogorov_smirnov", "anderson_darling", "chi_square",
    }  # fmt: skip


def test_a_good_range_is_not_narrowed(checks):
    choice = checks["range"]["loose"]
    assert choice["good"]
    assert choice["chosen"]["range"][0] >= 1460
    assert choice["chosen"]["background"].startswith("dijet")


def test_toys_of_the_fitted_function_have_no_bias(checks):
    own = [point for point in checks["bias"]["loose"] if point["truth"].startswith("dijet")]
    assert {point["injected"] > 0 for point in own} == {True, False}
    pulls = [point["pull_mean"] / point["pull_mean_error"] for point in own]
    assert np.abs(pulls).max() < 3.5
    assert len({point["truth"] for point in checks["bias"]["loose"]}) == 4


def test_spurious_signal_is_that_of_every_other_function(checks):
    assert len(checks["spurious-signal"]["loose"]) == 3
    for test in checks["spurious-signal"]["loose"].values():
        assert [point["mass"] for point in test["points"]] == [2800, 3000, 3200]
        assert test["largest_ratio"] > 0


def test_uncertain_efficiency_of_the_tight_category_matters_more_than_the_luminosity(checks):
    sizes = {row["parameter"]: max(map(abs, row["impacts"])) for row in checks["impacts"]["nuisances"]}
    assert sizes["tight_efficiency"] > sizes["luminosity"]
    assert set(checks["impacts"]["groups"]) == {"signal", "all else"}


def test_intervals_of_profile_scan_toys_and_compatibility_agree(checks):
    profile, scan = checks["impacts"]["result"], checks["likelihood-scan"]
    assert scan["interval"]["best"] == pytest.approx(profile["best"])
    inside = np.interp([profile["low"], profile["high"]], scan["values"], scan["curves"]["all uncertainties"])
    assert inside == pytest.approx([1, 1], abs=0.1)
    assert max(scan["curves"]["statistical"]) > max(scan["curves"]["all uncertainties"])
    toys = checks["feldman-cousins"]
    assert toys["low"] < profile["low"] < profile["high"] < toys["high"]  # 90 % and 68 %
    assert checks["compatibility"]["common"]["best"] == pytest.approx(profile["best"], rel=1e-3)
    assert checks["compatibility"]["p_value"] > 0.01


def test_zfit_finds_the_same_minimum_with_shapes_integrals_and_minimiser_of_its_own(checks):
    content = checks["zfit"]
    assert content["agree"]
    shape = {f"{name}_{one}" for name in ("loose", "tight") for one in ("p1", "p2", "background")}
    assert {"signal_yield", *shape} <= set(content["parameters"])
    significances = content["significances"]
    # tails of the signal that do not end make it 4e-6
    assert significances["zfit"] == pytest.approx(significances["ours"], abs=5e-7)
    assert abs(content["likelihood_difference"]) < 0.01


def test_toys_give_nearly_the_asymptotic_limit(stored):
    asymptotic = stored["limits"]["points"][1]
    assert stored["checks"]["toy-limit"]["mass"] == asymptotic["mass"] == 3000
    assert stored["checks"]["toy-limit"]["observed"] == pytest.approx(asymptotic["observed"], rel=0.1)


def test_envelope_agrees_with_the_chosen_function_or_is_wider(stored):
    envelope = stored["checks"]["discrete-profiling"]
    assert envelope["fit"]["significance"] == pytest.approx(
        stored["scan"]["points"][1]["significance"], abs=0.5
    )
    assert len(envelope["fit"]["penalised"]) == 4


def test_reach_rises_with_significance_and_bump_lies_on_the_resonance(checks):
    for point in checks["discovery-reach"]:
        three, five = point["values"]
        assert 1.5 < five / three < 2
    assert all(bump["low"] < 3000 < bump["high"] for bump in checks["bump-hunter"]["bumps"])


def test_checks_have_figures(stored, tmp_path):
    figures = resonance_figures(stored)
    expected = {"bias_loose", "bias_tight_injected", "spurious_signal_tight", "impacts", "likelihood_scan"}
    assert expected < set(figures)
    for name in expected:
        figures[name].savefig(tmp_path / f"{name}.png")
    plt.close("all")


def test_a_check_that_cannot_be_made_says_why_and_leaves_the_others(stored):
    """Without a mass at which a fit converged there are no impacts, but the background has its goodness."""
    spectrum = Spectrum(**stored["spectra"]["loose"]["spectrum"])
    settings = ResonanceSettings(
        (3000.0,), Smooth(parameters=(2,)), checks=("impacts", "goodness"), check_toys=10
    )
    results = search_for_resonance([ResonanceCategory("all", spectrum)], SIGNAL, settings)
    failed = MassPoints((MassPoint(3000.0, "not_converged"),))
    heard = []
    checks = run_checks(
        Found(settings, results.categories, SIGNAL, failed), lambda *progress: heard.append(progress)
    )
    assert checks["impacts"] == {"error": "no fit of the mass scan converged (not_converged)"}
    assert checks["goodness"]["all"]["saturated"]["status"] == "good"
    assert heard == [(1, 2), (2, 2)]
    assert "impacts" not in resonance_figures(results.to_json() | {"checks": checks})


def test_compatibility_of_one_spectrum_is_refused_before_any_fit():
    spectrum = Spectrum(dijet_edges(), np.full(len(dijet_edges()) - 1, 10.0))
    with pytest.raises(MaplessError, match="several categories"):
        search_for_resonance(
            [ResonanceCategory("one", spectrum)],
            SIGNAL,
            ResonanceSettings((3000.0,), checks=("compatibility",)),
        )
