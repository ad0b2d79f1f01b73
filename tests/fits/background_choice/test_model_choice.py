import json

import numpy as np
import pytest

from errors import MaplessError
from fits.background_choice.model_choice import ATLAS_FORMS, choose_background, choose_first_good, f_test
from fits.backgrounds import Dijet, expected_counts
from fits.checks.goodness_of_fit import GoodnessOfFit, GoodnessStatus
from fits.spectrum import Spectrum, four_gev_edges


def asimov(values, n_events):
    edges = four_gev_edges(1460, 7000)
    shape = expected_counts(Dijet(len(values) - 1), values, edges)
    return Spectrum(edges, np.random.default_rng(30).poisson(n_events * shape / shape.sum()))


def test_two_parameters_are_enough_for_a_two_parameter_spectrum():
    choice = choose_background(asimov([0, 9.0, 5.0], 1e5), signal_mass=3000, confirmation="newton")
    assert choice.background == Dijet(2)
    assert [trial.verdict for trial in choice.trials] == ["simplest", "not needed", "not needed"]
    assert choice.converged


def test_curved_spectrum_needs_a_third_parameter():
    choice = choose_background(asimov([0, 10.7, 2.0, -0.7], 1e6), signal_mass=3000, confirmation="newton")
    assert choice.background == Dijet(3)
    assert choice.trials[1].f_test_p_value < 0.1
    assert choice.goodness.p_value > 0.01


def test_larger_background_is_refused_if_too_uncertain_at_the_signal_mass():
    spectrum = asimov([0, 10.7, 2.0, -0.7], 1e6)
    choice = choose_background(spectrum, signal_mass=6900, largest_relative_error=1e-3, confirmation="newton")
    assert choice.background == Dijet(2)
    assert choice.trials[1].verdict == "too uncertain at the signal mass"


def test_failed_fit_is_never_chosen(monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    with pytest.raises(MaplessError, match="no background fit converged"):
        choose_background(asimov([0, 9.0, 5.0], 1e4))


def test_choice_becomes_json():
    stored = json.loads(json.dumps(choose_background(asimov([0, 9.0, 5.0], 1e4)).to_json()))
    assert stored["background"] == "dijet, 2 parameters"
    assert len(stored["trials"]) == 3


def test_spectrum_below_the_dijet_bins_is_tested_too():
    edges = np.arange(300.0, 1401.0)
    shape = expected_counts(Dijet(3), [0, 15.0, 6.0, 0.5], edges)
    spectrum = Spectrum(edges, np.random.default_rng(0).poisson(3e5 * shape / shape.sum()))
    choice = choose_background(spectrum, confirmation="newton")
    assert choice.background == Dijet(3)
    assert choice.goodness.n_degrees_of_freedom == 30
    assert choice.goodness.p_value > 0.05


def test_without_bins_for_a_test_the_verdict_says_so():
    few = Spectrum(np.arange(1000.0, 1701.0, 100.0), [7, 3, 2, 1, 1, 0, 1])
    choice = choose_background(few, family=(Dijet(2), Dijet(3)))
    assert [trial.verdict for trial in choice.trials] == ["simplest", "no F-test: too few bins"]
    assert choice.goodness.p_value is None


@pytest.mark.parametrize("n_events", [1e3, 1e5, 1e7])
def test_rounding_of_exact_data_needs_no_parameters(n_events):
    edges = four_gev_edges(1460, 7000)
    shape = expected_counts(Dijet(2), [0, 9.0, 5.0], edges)
    exact = Spectrum(edges, n_events * shape / shape.sum())
    assert choose_background(exact, confirmation="newton").background == Dijet(2)


def test_exact_data_that_would_need_a_parameter_if_they_fluctuated_get_it():
    good = GoodnessStatus.GOOD
    rounding = GoodnessOfFit(good, 1e-20, 30, 1.0)
    assert f_test(GoodnessOfFit(good, 1e-12, 31, 1.0), rounding) == pytest.approx(1, abs=1e-5)
    assert f_test(GoodnessOfFit(good, 0.02, 31, 1.0), rounding) > 0.8
    assert f_test(GoodnessOfFit(good, 20.0, 31, 0.9), rounding) < 1e-3


def test_f_test_needs_two_good_tests():
    good = GoodnessOfFit(GoodnessStatus.GOOD, 20.0, 20, 0.5)
    assert f_test(GoodnessOfFit(GoodnessStatus.TOO_FEW_BINS), good) is None
    worse = GoodnessOfFit(GoodnessStatus.GOOD, 21.0, 19, 0.3)
    assert f_test(good, worse) == 1.0


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"family": (Dijet(3), Dijet(2))}, "growing numbers"),
        ({"family": ()}, "growing numbers"),
        ({"threshold": 1.5}, "between 0 and 1"),
        ({"largest_relative_error": 0.0}, "above 0"),
    ],
)
def test_impossible_choices_are_refused(arguments, complaint):
    with pytest.raises(MaplessError, match=complaint):
        choose_background(asimov([0, 9.0, 5.0], 1e4), **arguments)


@pytest.mark.parametrize(("truth", "chosen"), [([0, 9.0, 5.0], 0), ([0, 10.7, 2.0, -0.7], 1)])
def test_first_atlas_form_that_fits_is_taken(truth, chosen):
    choice = choose_first_good(asimov(truth, 3e6), confirmation="newton")
    assert choice.background == ATLAS_FORMS[chosen]
    assert [trial.accepted for trial in choice.trials] == [False] * chosen + [True]


def test_no_form_is_taken_if_none_fits():
    bump = asimov([0, 9.0, 5.0], 1e5)
    counts = bump.counts + 500 * (np.abs(bump.centres - 2500) < 20)
    with pytest.raises(MaplessError, match="no background fits the spectrum"):
        choose_first_good(Spectrum(bump.edges, counts), confirmation="newton")
