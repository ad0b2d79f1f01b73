"""Categories fitted together get the shares that each injection has."""

from types import SimpleNamespace

import numpy as np
import pytest

from analysis.stages import limits
from analysis.stages.limits import InjectedPoint
from analysis.stages.measured_signal import MeasuredSignal
from fits.backgrounds import Dijet, expected_counts
from fits.resonance_search import ResonanceCategory, ResonanceSettings, Smooth, search_for_resonance
from fits.signals import GaussianSignal
from fits.spectrum import Spectrum, dijet_edges

CUTS = {  # efficiencies
    "weak": {"loose": 0.09, "tight": 0.01},
    "strong": {"loose": 0.0, "tight": 0.1},
}


@pytest.fixture
def found(monkeypatch):
    """Limits of two categories; the stronger injection puts all signal into the purer one."""
    shape = expected_counts(Dijet(2), [0.0, 9.0, 5.0], dijet_edges())
    spectra = {name: np.round(n * shape / shape.sum()) for name, n in (("loose", 1e5), ("tight", 1e3))}
    categories = [
        ResonanceCategory(name, Spectrum(dijet_edges(), counts), 0.5) for name, counts in spectra.items()
    ]
    settings = ResonanceSettings((3000.0,), Smooth(parameters=(2,)))
    search = search_for_resonance(categories, GaussianSignal(0.035), settings).to_json()
    monkeypatch.setattr(
        limits,
        "measured_signal",
        lambda job, spectrum, signal, cuts, masks: MeasuredSignal(CUTS[cuts[0]], 0.0, None),
    )
    arguments = {
        "rule": "injections",
        "data": SimpleNamespace(luminosity=100.0),
        "signal": SimpleNamespace(mass=3000.0),
        "settings": {"uncertainties": {}, "limit_toys": 0, "seed": 1},
    }
    points = (InjectedPoint(1.0, ("weak",)), InjectedPoint(10.0, ("strong",)))
    tested = SimpleNamespace(points=points, spectrum=None, signal=None, systematic=0.0)
    job = SimpleNamespace(arguments=arguments)
    return limits._with_injections(job, tested, {"search": search, "masks": {}})


def test_each_injection_has_its_own_shares(found):
    weak, strong = (point["shares"] for point in found["efficiencies"])
    assert weak == pytest.approx({"loose": 0.9, "tight": 0.1})
    assert strong == pytest.approx({"loose": 0, "tight": 1}, abs=1e-5)


def test_the_limit_of_an_injection_is_that_with_its_shares(found):
    """61.6 events with a tenth of them in the pure category, over 10 per fb; 1.87 with a half."""
    assert found["limit"]["injection"] == 1.0
    assert found["limit"]["observed"] == pytest.approx(6.16, abs=0.05)
