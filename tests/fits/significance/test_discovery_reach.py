import json

import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.likelihood.profile import ProfileLikelihood
from fits.likelihood.signal_term import Effect
from fits.limits.asymptotic import LimitStatus
from fits.significance.discovery_reach import discovery_reach
from fits.significance.mass_scan import scan_masses
from fits.spectrum import Spectrum
from tests.fits.limits.test_toy_limits import counting


def test_reach_of_a_counting_experiment_is_the_asimov_formula():
    """Z = sqrt(2 ((s + b) ln(1 + s / b) - s)): arXiv:1007.1727, equation 97."""
    reach = discovery_reach(counting(50, 50.0))
    assert reach.status == LimitStatus.GOOD
    for significance, signal in zip(reach.significances, reach.values, strict=True):
        expected = np.sqrt(2 * ((signal + 50) * np.log1p(signal / 50) - signal))
        assert expected == pytest.approx(significance, rel=1e-3)


def test_spectrum_with_the_reach_injected_has_the_significance(dijet_toy, signal):
    spectrum = dijet_toy(2e5, seed=98)
    null = fit_background(spectrum, Dijet(3))
    profile = ProfileLikelihood(fit_signal(null, signal).likelihood, null.result.parameters)
    three, five = discovery_reach(profile).values
    for significance, signal_yield in ((3, three), (5, five)):
        peak = signal.bin_fractions(spectrum.edges) * signal_yield
        asimov = Spectrum(spectrum.edges, null.expected_background() + peak)
        point = scan_masses(asimov, Dijet(3), signal.scaled_to, [3000]).points[0]
        assert point.significance == pytest.approx(significance, rel=0.01)


def test_uncertain_efficiency_hardly_moves_the_reach_as_q0_tests_no_signal():
    plain = discovery_reach(counting(50, 50.0)).values
    uncertain = discovery_reach(counting(50, 50.0, {"efficiency": Effect(kappa=1.1)})).values
    assert uncertain == pytest.approx(plain, rel=1e-3)


def test_failed_fit_leaves_no_reach(monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 0)
    reach = discovery_reach(counting(50, 50.0, {"efficiency": Effect(kappa=1.1)}))
    assert reach.status == LimitStatus.FIT_FAILED
    assert reach.values is None
    assert json.loads(json.dumps(reach.to_json()))["status"] == "fit_failed"


def test_zero_is_no_significance_to_reach():
    with pytest.raises(MaplessError, match="must be positive"):
        discovery_reach(counting(50, 50.0), [0.0])
