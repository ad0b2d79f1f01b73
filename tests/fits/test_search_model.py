import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.likelihood.binned import Constraint
from fits.likelihood.signal_term import Effect, SignalTerm
from fits.limits.asymptotic import LimitStatus, upper_limit
from fits.results import FitStatus
from fits.search_model import Process, SearchCategory, SearchModel
from fits.signals import Template
from fits.significance.asymptotic import expected_significance, observed_significance
from fits.spectrum import Spectrum
from tests.fits.search_models import EDGES, JETS, SIGNAL, background, category, three_categories


def test_fit_finds_the_injected_signal_in_all_categories():
    fit = three_categories(injected=3.0, seed=11).profile_likelihood().fit()
    assert fit.status == FitStatus.CONVERGED
    error = fit.errors["signal_strength"]
    assert fit.parameters["signal_strength"] == pytest.approx(3, abs=2.5 * error)
    assert {"a_p1", "b_p1", "c_p1", "efficiency_a", "efficiency_b", "efficiency"} <= set(fit.names)


def test_parameter_of_interest_scales_with_the_events_of_the_signal():
    """The limit on a cross section is that on events over luminosity times efficiency."""
    limits = [
        upper_limit(SearchModel([category("one", 1e4, events=events)]).profile_likelihood()).median
        for events in (1.0, 138 * 0.2)
    ]
    assert limits[0] / limits[1] == pytest.approx(138 * 0.2, rel=1e-3)


def test_categories_that_are_split_at_random_give_the_limit_of_the_whole():
    """Two halves of one spectrum with everything in common are the spectrum, but for a free normalisation."""
    whole = category("whole", 2e4, seed=None, events=100.0)
    halves = [category(name, 1e4, seed=None, events=50.0) for name in ("one", "other")]
    limits = [upper_limit(SearchModel(parts).profile_likelihood()) for parts in ([whole], halves)]
    assert limits[1].expected == pytest.approx(limits[0].expected, rel=0.01)


def test_uncorrelated_efficiencies_hurt_less_than_a_common_one():
    def limit(names):
        parts = [
            category(part, 1e4, 5.0, seed=None, effects={name: Effect(1.3)})
            for part, name in zip("ab", names, strict=True)
        ]
        return upper_limit(SearchModel(parts).profile_likelihood()).observed

    assert limit(["efficiency_a", "efficiency_b"]) < 0.97 * limit(["efficiency", "efficiency"])


def test_log_normal_efficiency_pulls_as_kappa_to_the_nuisance():
    """With the signal fixed at one, a sharp excess of 20 % is explained by the nuisance."""
    model = SearchModel([category("one", 100, 1.2, seed=None, events=1e5, effects={"eff": Effect(1.1)})])
    fit = model.profile_likelihood().fit({"signal_strength": 1.0})
    assert fit.parameters["eff"] == pytest.approx(np.log(1.2) / np.log(1.1), rel=0.01)


@pytest.mark.parametrize(
    ("theta", "factor"), [(1.0, 1.2), (-1.0, 0.7), (2.0, 1.44), (-2.0, 0.49), (0.0, 1.0)]
)
def test_asymmetric_log_normal_has_its_factors_at_one_deviation(theta, factor):
    term = SignalTerm(SIGNAL, EDGES, {"eff": Effect((0.7, 1.2))})
    assert term.expected(np.array([10.0, theta])).sum() == pytest.approx(10 * factor)


@pytest.mark.parametrize("theta", [-0.7, -0.3, 0.2, 0.8])
def test_asymmetric_log_normal_has_exact_derivatives(theta):
    term, step = SignalTerm(SIGNAL, EDGES, {"eff": Effect((0.7, 1.2))}), 1e-5
    up, here, down = (term.evaluate(np.array([10.0, theta + s * step])) for s in (1, 0, -1))
    np.testing.assert_allclose(here.jacobian[:, 1], (up.expected - down.expected) / (2 * step), rtol=1e-6)
    weights = np.ones(len(EDGES) - 1)
    bend = (up.jacobian - down.jacobian).sum(axis=0) / (2 * step)
    np.testing.assert_allclose(here.curvature(weights)[1], bend, rtol=1e-6, atol=1e-6)


def test_mass_scale_moves_the_peak_linearly():
    term = SignalTerm(SIGNAL, EDGES, JETS)
    moved = SIGNAL.varied(SIGNAL.mean * 1.02, SIGNAL.sigma * (1 - 0.035)).bin_fractions(EDGES)
    moved[EDGES[:-1] >= SIGNAL.reach[1]] = 0
    np.testing.assert_allclose(term.expected(np.array([7.0, 2.0, -1.0])), 7 * moved / moved.sum())


def test_explicit_centre_of_a_constraint_moves_the_peak():
    """The scale was measured to be 2 sigma low: without signal the nuisance stays there."""
    constraints = (Constraint("mass_scale", -2.0, 0.5),)
    model = SearchModel([category("one", 2e4, seed=None)], constraints=constraints)
    fit = model.profile_likelihood().fit({"signal_strength": 0.0})
    assert fit.parameters["mass_scale"] == pytest.approx(-2, abs=1e-6)
    assert fit.errors["mass_scale"] == pytest.approx(0.5)


def test_flat_nuisance_stays_in_its_range_and_a_free_one_is_unconstrained():
    effects = {"eff": Effect(1.1)}
    inside = SearchModel(
        [category("one", 100, 1.5, seed=None, events=1e4, effects=effects)], ranges={"eff": (-1, 1)}
    )
    fit = inside.profile_likelihood().fit({"signal_strength": 1.0})
    assert (fit.status, fit.parameters["eff"]) == (FitStatus.AT_BOUND, 1.0)
    free = SearchModel(inside.categories, ranges={"eff": (-np.inf, np.inf)}).profile_likelihood()
    assert free.likelihood.constraints == ()
    value = free.fit({"signal_strength": 1.0}).parameters["eff"]
    assert value == pytest.approx(np.log(1.5) / np.log(1.1), rel=0.01)


def test_rate_multiplies_the_yield():
    effects = {"scale_factor": Effect(rate=True)}
    parts = [category("one", 100, 1.5, seed=None, events=1e4, effects=effects)]
    model = SearchModel(parts, constraints=(Constraint("scale_factor", 1.0, 5.0),))
    fit = model.profile_likelihood().fit({"signal_strength": 1.0})
    assert fit.parameters["scale_factor"] == pytest.approx(1.5, rel=0.01)


def test_templates_replace_a_background_function():
    shape = Template.of(Spectrum(EDGES, background(1e4)))
    norm = Process(shape, 1e4, {"norm": Effect(1.05)})
    part = SearchCategory("one", Spectrum(EDGES, background(1.03e4)), Process(SIGNAL), None, {"qcd": norm})
    fit = SearchModel([part]).profile_likelihood().fit()
    assert "one_qcd" in fit.names
    assert fit.errors["one_qcd"] == 0
    assert fit.parameters["norm"] == pytest.approx(np.log(1.03) / np.log(1.05), rel=0.05)
    free = SearchModel([part], ranges={"one_qcd": (0, 10)}).profile_likelihood()
    assert free.fit({"norm": 0.0}).parameters["one_qcd"] == pytest.approx(1.03, rel=1e-3)


def test_one_node_is_the_density_at_the_bin_centre():
    edges = np.arange(2000.0, 4401.0, 200.0)
    inside = SIGNAL.cdf(edges[-1]) - SIGNAL.cdf(edges[0])
    centres = 0.5 * (edges[1:] + edges[:-1])
    term = SignalTerm(SIGNAL, edges, JETS, n_nodes=1)
    np.testing.assert_allclose(
        term.expected(np.array([5.0, 0, 0])), 5 * 200 * SIGNAL.pdf(centres) / inside, rtol=1e-5
    )
    np.testing.assert_allclose(
        term.evaluate(np.array([5.0, 0, 0])).expected, term.expected(np.array([5.0, 0, 0]))
    )


def test_bin_centres_serve_narrow_bins():
    limits = [
        upper_limit(SearchModel([category("one", 2e4)], n_nodes=n).profile_likelihood()).median
        for n in (1, None)
    ]
    assert limits[0] == pytest.approx(limits[1], rel=0.01)


def test_observed_significance_is_that_of_the_likelihood_ratio():
    profile = SearchModel([category("one", 2e4, 2.0, seed=5)]).profile_likelihood()
    result, best = observed_significance(profile), profile.fit()
    q0 = 2 * (profile.fit({"signal_strength": 0.0}).nll - best.nll)
    assert result.significance == pytest.approx(np.sqrt(q0), rel=1e-6)
    assert result.p_value == pytest.approx(stats.norm.sf(np.sqrt(q0)))
    assert result.value == pytest.approx(best.parameters["signal_strength"], rel=1e-3)


def test_deficit_has_no_significance():
    profile = SearchModel([category("one", 2e4, -1.0, seed=None)]).profile_likelihood()
    result = observed_significance(profile)
    assert (result.significance, result.p_value) == (0.0, 0.5)


def test_expected_significance_is_the_observed_one_of_data_without_fluctuation():
    profile = SearchModel([category("one", 2e4, 3.0, seed=None)]).profile_likelihood()
    observed = observed_significance(profile).significance
    assert expected_significance(profile, 3.0).significance == pytest.approx(observed, rel=0.01)
    null = SearchModel([category("one", 2e4, seed=None)]).profile_likelihood()
    before = expected_significance(null, 3.0, fitted_nuisances=False)
    assert before.significance == pytest.approx(observed, rel=0.02)


def test_failed_fits_leave_a_status_and_no_number(monkeypatch):
    profile = three_categories(2.0).profile_likelihood()
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    for result in (observed_significance(profile), expected_significance(profile, 1.0)):
        assert result.status == FitStatus.NOT_CONVERGED
        assert result.significance is result.p_value is result.value is None
    assert upper_limit(profile).status == LimitStatus.FIT_FAILED


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"constraints": (Constraint("lumi"),)}, "nothing uses lumi"),
        ({"ranges": {"typo": (0, 1)}}, "nothing uses typo"),
        ({"categories": []}, "different names"),
        ({"categories": [category("a", 1e3), category("a", 1e3)]}, "different names"),
        ({"categories": [category("a", 1e3, shape=SIGNAL.scaled_to(9000))]}, "lies in the spectrum"),
    ],
)
def test_inconsistent_models_are_refused(arguments, complaint):
    with pytest.raises(MaplessError, match=complaint):
        SearchModel(**({"categories": [category("one", 1e3)]} | arguments))


def test_empty_category_is_refused_by_name():
    parts = [category("full", 1e3), category("nothing", 1e-9)]
    with pytest.raises(MaplessError, match="category nothing: the spectrum is empty"):
        SearchModel(parts).profile_likelihood()


@pytest.mark.parametrize("bad", [{"kappa": 0.0}, {"kappa": -1.0}, {"kappa": (0.9, 0.0)}, {"mean": np.nan}])
def test_impossible_effects_are_refused(bad):
    with pytest.raises(MaplessError, match="effect"):
        Effect(**bad)


@pytest.mark.parametrize("events", [0.0, -1.0, np.nan, np.inf])
def test_processes_need_events(events):
    with pytest.raises(MaplessError, match="events"):
        Process(SIGNAL, events)


def test_background_parameters_cannot_be_held():
    profile = SearchModel([category("one", 1e3)]).profile_likelihood()
    with pytest.raises(MaplessError, match="one_p1 cannot be held"):
        profile.fit({"one_p1": 3.0})
    with pytest.raises(MaplessError, match="typo cannot be held"):
        profile.fit({"typo": 3.0})


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mass", [2400, 3900])
def test_few_events_still_have_a_limit(seed, mass):
    """Sixty and six hundred events, at a mass with some and with no background."""
    parts = [category(str(n), n, seed=seed, shape=SIGNAL.scaled_to(mass), events=10.0) for n in (60, 600)]
    limit = upper_limit(SearchModel(parts).profile_likelihood())
    assert limit.status == LimitStatus.GOOD
    assert 0 < limit.expected[0] < limit.median < limit.expected[4]
    assert limit.observed > 0.1
