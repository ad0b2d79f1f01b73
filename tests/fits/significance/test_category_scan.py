import json

import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.likelihood.signal_term import Effect
from fits.limits.asymptotic import upper_limit
from fits.limits.mass_scan import scan_limits
from fits.search_model import Process, SearchCategory, SearchModel
from fits.significance.category_scan import category_fits, scan_categories
from fits.significance.category_search import CategorySearch
from fits.significance.global_significance import SpectrumSearch, global_significance
from fits.significance.mass_scan import scan_masses
from fits.spectrum import Spectrum
from tests.fits.search_models import EDGES, SIGNAL, background, category, three_categories

MASSES = (2500.0, 2800.0, 3000.0, 3200.0)
SHAPES = tuple(SIGNAL.scaled_to(mass) for mass in MASSES)


@pytest.fixture(scope="module")
def counts():
    """Thirty thousand background events and 200 of a signal at 3 TeV."""
    return np.random.default_rng(3).poisson(background(3e4) + 200 * SIGNAL.bin_fractions(EDGES)).astype(float)


def at(model):
    """The model as a function of mass."""
    return lambda mass: model.with_signal(SIGNAL.scaled_to(mass))


def thirds(counts, effects=None):
    """The same spectrum divided into three equal categories, Asimov-like."""
    parts = [
        SearchCategory(name, Spectrum(EDGES, counts / 3), Process(SIGNAL, 1 / 3, effects or {}), Dijet(2))
        for name in "abc"
    ]
    return SearchModel(parts, "signal_yield")


def test_three_equal_thirds_are_as_significant_as_the_whole(counts):
    whole = scan_masses(Spectrum(EDGES, counts), Dijet(2), SIGNAL.scaled_to, MASSES)
    parts = scan_categories(at(thirds(counts)), MASSES)
    assert parts.converged
    assert parts.most_significant.mass == 3000
    for name in ("significance", "local_p_value", "signal_yield", "signal_yield_error"):
        assert parts.column(name) == pytest.approx(whole.column(name), rel=1e-5)


def test_three_equal_thirds_have_the_limits_of_the_whole(counts):
    effects = {"efficiency": Effect(1.1), "mass_scale": Effect(mean=0.01)}
    one = SearchModel(
        [SearchCategory("one", Spectrum(EDGES, counts), Process(SIGNAL, effects=effects), Dijet(2))]
    )
    whole, parts = (scan_limits(at(model), [2500, 3000]) for model in (one, thirds(counts, effects)))
    assert parts.converged
    for limit, expected in zip(parts.limits, whole.limits, strict=True):
        numbers = [expected.observed, *expected.expected]
        assert [limit.observed, *limit.expected] == pytest.approx(numbers, rel=1e-4)


def test_scan_at_one_mass_is_the_result_of_the_model():
    model = three_categories(injected=2.0, seed=4)
    (limit,) = scan_limits(at(model), [3000]).limits
    expected = upper_limit(at(model)(3000).profile_likelihood())
    assert limit.observed == pytest.approx(expected.observed, rel=1e-6)
    assert limit.expected == pytest.approx(expected.expected, rel=1e-6)


def test_category_without_signal_weakens_nothing(counts):
    """Nearly all of the signal is in one of two independent categories: the other changes nothing."""
    empty = SearchCategory(
        "empty", Spectrum(EDGES, np.round(background(2e4))), Process(SIGNAL, 1e-6), Dijet(2)
    )
    full = SearchCategory("full", Spectrum(EDGES, counts), Process(SIGNAL), Dijet(2))
    one, two = (scan_categories(at(SearchModel(parts)), MASSES) for parts in ([full], [full, empty]))
    assert two.column("significance") == pytest.approx(one.column("significance"), rel=1e-4)


def test_fit_of_the_model_is_divided_into_fits_of_its_categories():
    model = three_categories(injected=2.0, seed=4)
    result = model.profile_likelihood().fit()
    parts = category_fits(model, result)
    likelihood = model.profile_likelihood().likelihood
    expected = likelihood.expected(likelihood.internal(result.values))
    for part, events, counts in zip(parts.values(), (60, 30, 20), expected, strict=True):
        strength, error = (
            numbers["signal_strength"] * events for numbers in (result.parameters, result.errors)
        )
        assert part.result.parameters["signal_yield"] == pytest.approx(strength)
        assert part.result.errors["signal_yield"] == pytest.approx(error)
        assert part.expected_background() + part.expected_signal() == pytest.approx(counts)


def test_joined_toys_of_three_thirds_are_fitted_like_the_whole(counts):
    scan = scan_categories(at(thirds(counts)), MASSES)
    null = scan_masses(Spectrum(EDGES, counts), Dijet(2), SIGNAL.scaled_to, MASSES).null
    toys = np.random.default_rng(8).poisson(null.expected_background(), size=(5, len(counts)))
    joined = CategorySearch(tuple(scan.nulls.values()), (1 / 3,) * 3, SHAPES)
    whole = SpectrumSearch(null, SHAPES).significances(toys)
    assert joined.significances(np.tile(toys / 3, 3)) == pytest.approx(whole, abs=1e-5)


def test_joined_fits_of_unlike_categories_are_those_of_the_scan():
    parts = [
        category(name, n_events, 2.0, seed=seed, events=events, effects={})
        for seed, (name, n_events, events) in enumerate((("a", 2e4, 60.0), ("b", 300, 30.0)))
    ]
    scan = scan_categories(at(SearchModel(parts)), MASSES)
    search = CategorySearch(tuple(scan.nulls.values()), (60.0, 30.0), SHAPES)
    found = search.significances([search.counts])[0]
    assert np.maximum(found, 0) == pytest.approx(scan.column("significance"), abs=1e-4)


def test_toys_give_the_same_for_any_number_of_workers():
    parts = [category(name, 2e3, seed=None, events=50.0, effects={}) for name in "ab"]
    nulls = tuple(scan_categories(at(SearchModel(parts)), MASSES).nulls.values())
    search, heard = CategorySearch(nulls, (0.5, 0.5), SHAPES), []
    results = [
        global_significance(
            [search],
            130,
            np.random.default_rng(5),
            workers=workers,
            report=lambda *progress: heard.append(progress),
        )
        for workers in (1, 2)
    ]
    assert results[0].toy_maxima.tolist() == results[1].toy_maxima.tolist()
    assert heard == [(1, 2), (2, 2)] * 2


def test_scan_becomes_json(counts):
    scan = scan_categories(at(thirds(counts)), MASSES[:1])
    stored = json.loads(json.dumps(scan.to_json()))
    assert stored["categories"]["b"]["background"] == "dijet, 2 parameters"
    assert stored["points"][0]["mass"] == 2500


def test_failed_fits_leave_a_status_and_no_number(counts, monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    scan = scan_categories(at(thirds(counts)), MASSES[:1])
    assert "not_converged" in scan.points[0].status
    assert scan.points[0].significance is None
    assert not scan.converged
    with pytest.raises(MaplessError, match="no fit of the mass scan converged"):
        _ = scan.most_significant


def test_mistakes_are_refused(counts):
    with pytest.raises(MaplessError, match="without masses"):
        scan_categories(at(thirds(counts)), [])
    nulls = tuple(scan_categories(at(thirds(counts)), MASSES[:1]).nulls.values())
    with pytest.raises(MaplessError, match="2 shares for 3 categories"):
        CategorySearch(nulls, (0.5, 0.5), SHAPES)
