"""Trained on QCD of a control region, it finds signals that it never saw odder than QCD of the same m_jj."""

import pytest

from analysis.simulation import simulate
from tests.models.variational_autoencoder.judged import SIDEBAND, judge, selected, trained_on

pytestmark = pytest.mark.physics

Y_400 = {"resonance_mass": 3000, "y_mass": 400, "y_prime_mass": 400}
SAMPLES = {
    SIDEBAND: ("qcd", 2000, {"mjj_min": 1900, "min_delta_eta": 1.4, "max_delta_eta": 2.5}),
    "qcd": ("qcd", 600, {"mjj_min": 2725, "mjj_max": 3331, "max_delta_eta": 1.3}),
    "x_to_yy": ("x_to_yy", 200, {**Y_400, "max_delta_eta": 1.3}),
    "y_to_hh": ("y_to_hh", 200, {"resonance_mass": 3000, "h_mass": 400, "max_delta_eta": 1.3}),
}


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder = tmp_path_factory.mktemp("simulated")
    found = {}
    for seed, (name, (process, n_events, parameters)) in enumerate(SAMPLES.items(), start=1):
        file = folder / f"{name}.root"
        simulate(process, n_events, output=file, seed=seed, workers=1, max_constituents=100, **parameters)
        found[name] = selected(file, folder / "selected", 1900, control=name == SIDEBAND)
    return found


def test_many_pronged_jets_are_rebuilt_worse_than_qcd(events):
    detector = trained_on(events[SIDEBAND], events["qcd"], epochs=10)
    found = judge(detector, events["qcd"], {name: events[name] for name in ("x_to_yy", "y_to_hh")})
    for area, at_one_percent, at_ten_percent in found.values():
        assert area > 0.7
        assert at_one_percent > 0.5
        assert at_ten_percent > 1.2
