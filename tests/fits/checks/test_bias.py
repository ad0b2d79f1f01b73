import json

import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import UA2, Dijet
from fits.checks.bias import bias_test
from fits.fit import fit_background


@pytest.fixture(scope="module")
def spectrum(dijet_toy):
    from fits.spectrum import coarse

    return coarse(dijet_toy(2e5, seed=95), minimum=1)


def test_own_function_has_no_bias_at_any_injected_yield(spectrum, signal):
    nominal = fit_background(spectrum, Dijet(3))
    truths = {"same": nominal.expected_background()}
    test = bias_test(nominal, truths, signal, [0, 150, 400], 400, np.random.default_rng(95))
    for point in test.points:
        assert point.pull_mean == pytest.approx(0, abs=4 * point.pull_mean_error)
        assert point.pull_mean_error == pytest.approx(0.05, abs=0.01)
        assert point.pull_width == pytest.approx(1, abs=0.15)
        assert (point.n_toys, point.n_failed) == (400, 0)
    assert abs(test.largest_bias) < 0.2
    assert json.loads(json.dumps(test.to_json()))["points"][2]["injected"] == 400


def test_function_that_bends_less_has_the_bias_of_its_misfit(spectrum, signal):
    """The mean pull is that of a fit to the expectation of the other function."""
    from fits.many_fits import fit_many_signals

    other = fit_background(spectrum, UA2(3)).expected_background()
    nominal = fit_background(spectrum, Dijet(2))
    test = bias_test(nominal, {"UA2": other}, signal, [0.0], 600, np.random.default_rng(96))
    exact = fit_many_signals(nominal, [other], [signal])
    expected = exact.signal_yields[0, 0] / exact.errors[0, 0]
    assert abs(expected) > 0.3
    assert test.points[0].pull_mean == pytest.approx(expected, abs=0.15)


def test_fits_that_fail_leave_no_pulls(spectrum, signal, monkeypatch):
    nominal = fit_background(spectrum, Dijet(3))
    monkeypatch.setattr("fits.likelihood.descent._MAX_ITERATIONS", 1)
    test = bias_test(
        nominal, {"same": nominal.expected_background()}, signal, [0], 10, np.random.default_rng(1)
    )
    assert test.points[0].n_failed == 10
    assert test.points[0].pull_mean is test.largest_bias is None


def test_truth_in_other_bins_and_single_toys_are_refused(spectrum, signal):
    nominal = fit_background(spectrum, Dijet(3))
    with pytest.raises(MaplessError, match="3 events of other"):
        bias_test(nominal, {"other": np.ones(3)}, signal, [0], 10, np.random.default_rng(1))
    with pytest.raises(MaplessError, match="ask for 200"):
        bias_test(nominal, {}, signal, [0], 1, np.random.default_rng(1))
