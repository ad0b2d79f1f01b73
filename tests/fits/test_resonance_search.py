"""The chain from spectra to a result."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import Dijet, expected_counts
from fits.backgrounds.catalogue import background_from_json
from fits.limits.mass_scan import SignalUncertainties
from fits.resonance_search import (
    ResonanceCategory,
    ResonanceSettings,
    Smooth,
    search_for_resonance,
    toy_search_from_json,
)
from fits.signals import DoubleCrystalBall, GaussianSignal, ScaledSignal, signal_from_json
from fits.sources.files import read_spectrum
from fits.spectrum import Spectrum, dijet_edges, four_gev_edges

SIGNAL = ScaledSignal(DoubleCrystalBall(2970, 95, 1.19, 3.1, 1.77, 9.0, mass=3000))
MASSES = (2700.0, 3000.0)
TWO = Smooth(parameters=(2,))


def falling():
    shape = expected_counts(Dijet(2), [0.0, 9.0, 5.0], dijet_edges())
    return shape / shape.sum()


@pytest.fixture(scope="module")
def whole():
    """30,000 background events and 300 of a resonance at 3 TeV."""
    peak = SIGNAL(3000).bin_fractions(dijet_edges())
    return Spectrum(dijet_edges(), np.random.default_rng(9).poisson(3e4 * falling() + 300 * peak))


@pytest.fixture(scope="module")
def unlike():
    """A loose and a tight category with shares of a resonance at 3 TeV."""
    rng, peak = np.random.default_rng(10), SIGNAL(3000).bin_fractions(dijet_edges())
    return [
        ResonanceCategory(
            name, Spectrum(dijet_edges(), rng.poisson(events * falling() + 150 * share * peak)), share
        )
        for name, events, share in (("loose", 2e4, 0.6), ("tight", 500, 0.4))
    ]


def test_three_thirds_give_the_results_of_the_whole(whole):
    settings = ResonanceSettings(MASSES, TWO, limits=True, expected_signal=80.0)
    alone = search_for_resonance([ResonanceCategory("whole", whole)], SIGNAL, settings).to_json()
    third = Spectrum(whole.edges, whole.counts / 3)
    parts = [ResonanceCategory(name, third, 1 / 3) for name in ("one", "two", "three")]
    together = search_for_resonance(parts, SIGNAL, settings).to_json()
    for found, expected in zip(together["fits"], alone["fits"], strict=True):
        for key in ("signif", "obs_excess_events", "obs_lim_events", "exp_lim_events", "asimov_signif"):
            assert found[key] == pytest.approx(expected[key], rel=1e-4)
        assert set(found["categories"]) == {"one", "two", "three"}
        assert found["categories"]["two"]["nPars_QCD"] == 2


def test_categories_together_find_more_than_each_alone(unlike):
    results = search_for_resonance(unlike, SIGNAL, ResonanceSettings(MASSES, TWO, toys=40))
    at = MASSES.index(3000)
    alone = [category.scan.points[at].significance for category in results.categories]
    together = results.scan.points[at].significance
    assert together > max(alone)
    assert together == pytest.approx(np.hypot(*alone), rel=0.1)
    assert results.global_significance.local_significance == pytest.approx(together, rel=1e-4)
    seen = [fit.result.parameters["signal_yield"] for fit in results.with_signal.values()]
    assert seen[0] / seen[1] == pytest.approx(0.6 / 0.4)


def test_uncertainty_of_one_category_weakens_the_limit_less_than_a_common_one(unlike):
    def limit(*yields):
        settings = ResonanceSettings(
            MASSES, TWO, limits=True, uncertainties=SignalUncertainties(0, 0, yields)
        )
        return search_for_resonance(unlike, SIGNAL, settings).limits.limits[1].median

    assert limit() < limit(("tight.efficiency", 0.3)) < limit(("efficiency", 0.3))


def test_uncertain_p_values_take_the_shape_that_fits_best(whole, unlike):
    """A signal looked for at the wrong mass is found better if its mass scale may move."""
    uncertainties = SignalUncertainties(0.05, 0.0, ())
    for categories in ([ResonanceCategory("whole", whole)], unlike):
        settings = ResonanceSettings((2900.0,), TWO, uncertainties=uncertainties)
        uncertain = ResonanceSettings((2900.0,), TWO, uncertainties=uncertainties, uncertain_p_values=True)
        exact = search_for_resonance(categories, SIGNAL, settings)
        moved = search_for_resonance(categories, SIGNAL, uncertain)
        assert moved.scan.points[0].significance > exact.scan.points[0].significance
        (fit, *_) = moved.with_signal.values()
        assert fit.result.parameters["mass_scale"] > 0


def test_published_cms_spectrum_is_described_without_excess(cms_spectrum):
    """CMS finds a good fit and no significant excess (arXiv:1911.03947, 137 fb^-1)."""
    settings = ResonanceSettings(tuple(range(1800, 6001, 300)))
    category = ResonanceCategory("all", read_spectrum(str(cms_spectrum)))
    results = search_for_resonance([category], GaussianSignal(0.035), settings)
    assert results.categories[0].choice.goodness.p_value > 0.1
    assert results.scan.converged
    assert results.scan.most_significant.significance < 2.5


def test_workers_change_nothing_but_the_time(whole):
    settings = {"masses": (2800.0, 3200.0), "limits": True, "toys": 10, "seed": 3}
    one, two = (
        search_for_resonance(
            [ResonanceCategory("whole", whole)], SIGNAL, ResonanceSettings(workers=n, **settings)
        )
        for n in (1, 2)
    )
    for alone, shared in zip(one.limits.limits, two.limits.limits, strict=True):
        # products of matrices may round differently from process to process
        assert [shared.observed, *shared.expected] == pytest.approx(
            [alone.observed, *alone.expected], rel=1e-12
        )
    assert one.global_significance.p_value == two.global_significance.p_value


def test_each_background_is_fitted_once(unlike, monkeypatch):
    fitted = []

    def counted(fit):
        def fit_and_count(spectrum, background, **options):
            fitted.append(background)
            return fit(spectrum, background, **options)

        return fit_and_count

    for module in ("background_choice.model_choice", "significance.mass_scan", "search_model"):
        function = __import__(f"fits.{module}", fromlist=["fit_background"]).fit_background
        monkeypatch.setattr(f"fits.{module}.fit_background", counted(function))
    search_for_resonance(unlike, SIGNAL, ResonanceSettings(MASSES, TWO, limits=True))
    assert len(fitted) == len(unlike)


def test_stored_results_are_plain_and_hold_background_and_signal(whole):
    results = search_for_resonance(
        [ResonanceCategory("whole", whole, source="a.csv")], SIGNAL, ResonanceSettings(MASSES, TWO)
    )
    stored = json.loads(json.dumps(results.to_json(), allow_nan=False))
    category = stored["spectra"]["whole"]
    assert background_from_json(category["background"]) == Dijet(2)
    assert signal_from_json(stored["signal"])(3300).sigma == pytest.approx(104.5)
    assert sum(category["expected_background"]) == pytest.approx(whole.total, rel=1e-6)
    with_signal = category["with_signal"]
    assert with_signal["mass"] == 3000
    assert sum(with_signal["expected_signal"]) == pytest.approx(with_signal["signal_yield"])
    assert stored["scan"]["points"] == category["scan"]["points"]
    assert stored["settings"]["background"]["parameters"] == [2]


def test_toys_of_stored_searches_are_fitted_as_those_of_new_ones(whole, unlike):
    """What was stored is enough for a global significance of several searches."""
    for categories in ([ResonanceCategory("whole", whole)], unlike):
        stored = search_for_resonance(categories, SIGNAL, ResonanceSettings(MASSES, TWO)).to_json()
        search = toy_search_from_json(json.loads(json.dumps(stored)))
        assert len(search.hypotheses) == len(MASSES)
        (found,) = search.significances([search.counts])
        expected = [point["significance"] for point in stored["scan"]["points"]]
        assert np.maximum(found, 0) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("seed", [1, 3])
def test_a_lone_event_far_in_the_tail_makes_no_excess(seed):
    """A power tail as simulation has it, n = 1.8, made 3 to 5 standard deviations of it at all masses."""
    edges = four_gev_edges(2232, 10800)
    background = expected_counts(Dijet(2), [0, 10.5, 5.0], edges)
    counts = np.random.default_rng(seed).poisson(2600 * background / background.sum()).astype(float)
    lone = counts + (np.arange(len(counts)) == np.searchsorted(edges, 10056) - 1)
    signal = ScaledSignal(DoubleCrystalBall(2942, 128.6, 0.8, 27, 1.6, 1.8, mass=3000))
    settings = ResonanceSettings((2700, 2800, 2900, 3000, 3100), Smooth(parameters=(2, 3, 4)))
    without, beside = (
        search_for_resonance([ResonanceCategory("all", Spectrum(edges, one))], signal, settings).scan
        for one in (counts, lone)
    )
    for before, after in zip(without.points, beside.points, strict=True):
        assert after.significance < before.significance + 0.5


def test_a_range_that_begins_below_the_data_is_refused():
    edges = four_gev_edges(1460, 6100)
    background = expected_counts(Dijet(2), [0, 9.5, 5.2], edges)
    counts = np.where(edges[:-1] < 1904, 0.0, np.round(1e5 * background / background.sum()))
    category = ResonanceCategory("all", Spectrum(edges, counts))
    with pytest.raises(MaplessError, match="no event from 1460 to 1904 GeV, .* start the range at 1904 GeV"):
        search_for_resonance([category], SIGNAL, ResonanceSettings(MASSES, TWO))


def test_a_significance_of_fits_that_do_not_describe_the_data_carries_its_flag(whole, unlike):
    step = np.where((whole.centres > 3300) & (whole.centres < 4000), 0.5, 1.0)
    broken = ResonanceCategory("broken", Spectrum(whole.edges, np.round(whole.counts * step)))
    for categories in ([broken], [replace(broken, share=0.5), replace(unlike[0], share=0.5)]):
        results = search_for_resonance(categories, SIGNAL, ResonanceSettings(MASSES, TWO))
        assert {point.quality for point in results.scan.points} == {"fit does not describe the data"}
        stored = results.to_json()
        assert stored["scan"]["points"][0]["quality"] == stored["fits"][0]["fit_quality"]


def test_a_background_that_fits_only_beside_the_signal_is_said_to_fit_badly_alone():
    edges = four_gev_edges(1860, 6100)
    background = expected_counts(Dijet(2), [0, 9.5, 5.2], edges)
    expected = 3000 * background / background.sum() + 150 * SIGNAL(3000).bin_fractions(edges)
    category = ResonanceCategory("all", Spectrum(edges, np.random.default_rng(1).poisson(expected)))
    (point,) = search_for_resonance([category], SIGNAL, ResonanceSettings((3000.0,), TWO)).scan.points
    assert point.quality == "background alone fits badly"


def test_settings_can_be_pickled_and_hashed():
    settings = ResonanceSettings(MASSES, TWO, checks=("goodness",))
    assert hash(pickle.loads(pickle.dumps(settings))) == hash(settings)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"masses": ()}, "needs masses"),
        ({"checks": ("luck",)}, "no check is called luck; there are goodness"),
        ({"exports": ("excel",)}, "no export is called excel; there are hepdata"),
        ({"expected_signal": 0.0}, "give more than zero"),
        ({"toys": -1}, "numbers of toys"),
    ],
)
def test_impossible_settings_are_refused(changed, words):
    with pytest.raises(MaplessError, match=words):
        ResonanceSettings(**{"masses": MASSES} | changed)


@pytest.mark.parametrize(
    ("names", "shares", "words"),
    [
        (("a", "a"), (0.5, 0.5), "different names, not a, a"),
        ((), (), "different names, not none"),
        (("a", "b"), (0.5, 0.6), "together at most 1"),
        (("a", "b"), (0.5, 0.0), "above zero"),
        (("a",), (0.5,), "single spectrum"),
        (("a", "b"), (0.5, 0.5), "b: masses 9000 GeV"),
    ],
)
def test_impossible_categories_are_refused(whole, names, shares, words):
    masses = (9000.0,) if words.startswith("b:") else MASSES
    wide = Spectrum([*whole.edges, 10000.0], [*whole.counts, 0])
    spectra = {"a": wide, "b": whole}
    categories = [ResonanceCategory(n, spectra[n], s) for n, s in zip(names, shares, strict=True)]
    with pytest.raises(MaplessError, match=words):
        search_for_resonance(categories, SIGNAL, ResonanceSettings(masses, TWO))
