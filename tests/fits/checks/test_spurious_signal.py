import json

import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import UA2, Dijet
from fits.checks.spurious_signal import spurious_signal
from fits.fit import fit_background
from fits.spectrum import Spectrum

MASSES = range(2000, 5001, 500)


@pytest.fixture(scope="module")
def expectation(dijet_toy):
    """What UA2's function with three parameters expects for 2e5 events."""
    spectrum = dijet_toy(2e5, seed=97)
    return Spectrum(spectrum.edges, fit_background(spectrum, UA2(3)).expected_background())


def test_the_right_function_finds_nothing(expectation, signal):
    result = spurious_signal(expectation, UA2(3), signal.scaled_to, MASSES)
    assert np.abs(result.ratios) == pytest.approx(0, abs=1e-3)
    assert result.acceptable(0.01)


def test_too_stiff_a_function_fails_the_criterion(expectation, signal):
    stiff = spurious_signal(expectation, Dijet(2), signal.scaled_to, MASSES)
    soft = spurious_signal(expectation, Dijet(4), signal.scaled_to, MASSES)
    assert stiff.largest_ratio > 2 * soft.largest_ratio
    assert not stiff.acceptable(0.99 * stiff.largest_ratio)
    assert list(stiff.to_frame()["mass"]) == list(MASSES)
    assert json.loads(json.dumps(stiff.to_json()))["largest_ratio"] == stiff.largest_ratio


def test_a_deficit_is_as_bad_as_an_excess(expectation, signal):
    result = spurious_signal(expectation, Dijet(2), signal.scaled_to, [4500])
    assert result.ratios[0] < 0
    assert result.largest_ratio == -result.ratios[0]


def test_ratio_grows_with_the_root_of_the_luminosity(expectation, signal):
    more = Spectrum(expectation.edges, 4 * expectation.counts)
    once, four_times = (
        spurious_signal(spectrum, Dijet(2), signal.scaled_to, [3000]).ratios[0]
        for spectrum in (expectation, more)
    )
    assert four_times == pytest.approx(2 * once, rel=0.05)


def test_failed_fit_is_never_acceptable(expectation, signal, monkeypatch):
    monkeypatch.setattr("fits.likelihood.descent._MAX_ITERATIONS", 1)
    result = spurious_signal(expectation, Dijet(2), signal.scaled_to, MASSES)
    assert not result.converged
    assert not result.acceptable(1e9)
    assert result.largest_ratio is None
    assert result.to_json()["points"][0]["ratio"] is None


def test_signal_outside_is_refused(expectation, signal):
    with pytest.raises(MaplessError, match="choose another mass"):
        spurious_signal(expectation, Dijet(2), signal.scaled_to, [500])
