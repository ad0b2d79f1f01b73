"""It finds wide jets odd that it never saw, and a cut that follows m_jj keeps the spectrum of QCD."""

import numpy as np
import pytest

from analysis.simulation import simulate
from models.image_autoencoder.detector import ImageAutoencoder
from models.metrics.agreement import sculpting
from tests.models.image_autoencoder.judged import BACKGROUND, SIDEBAND, judge, kept, selected

pytestmark = pytest.mark.physics

WIDE = {"mjj_min": 1900, "max_delta_eta": 1.4}
SAMPLES = {
    SIDEBAND: ("qcd", 2500, {"mjj_min": 1900, "min_delta_eta": 1.4, "max_delta_eta": 2.5}),
    BACKGROUND: ("qcd", 15_000, WIDE),
    "graviton_to_tt": ("graviton_to_tt", 300, WIDE | {"resonance_mass": 3500, "relative_width": 0.15}),
    "y_to_hh": ("y_to_hh", 300, WIDE | {"resonance_mass": 3000, "h_mass": 400}),
}


@pytest.fixture(scope="module")
def events(tmp_path_factory):
    folder, found = tmp_path_factory.mktemp("simulated"), {}
    for seed, (name, (process, n_events, parameters)) in enumerate(SAMPLES.items(), start=1):
        file = folder / f"{name}.root"
        simulate(process, n_events, output=file, seed=seed, workers=1, max_constituents=100, **parameters)
        found[name] = selected(file, folder / "selected", control=name == SIDEBAND)
    return found


@pytest.fixture(scope="module")
def trained(events):
    return ImageAutoencoder(epochs=4).fit({"background": events[SIDEBAND]})


@pytest.fixture(scope="module")
def of_background(events, trained):
    return trained.score(events[BACKGROUND])


def test_jets_with_many_prongs_are_told_from_qcd_of_the_same_mass(events, trained, of_background):
    found = {
        name: judge(trained.score(events[name]), events[name], of_background, events[BACKGROUND])["both"]
        for name in ("graviton_to_tt", "y_to_hh")
    }
    (top_quarks, *_), (higgs_bosons, at_one_percent, at_ten_percent) = found.values()
    assert top_quarks > 0.7
    assert higgs_bosons > 0.9
    assert at_one_percent > 1
    assert at_ten_percent > 1.5


def test_a_threshold_shapes_the_spectrum_more_than_one_that_follows_the_mass(events, of_background):
    mjj = np.asarray(events[BACKGROUND]["mjj"])
    masks = kept(of_background["both"], events[BACKGROUND])
    tail, bulk = (sculpting(mjj, masks[name], bins=10) for name in ("tail", "bulk"))
    assert tail.chi_square > 2 * bulk.chi_square
    assert bulk.p_value > 0.01
    assert masks["bulk"].mean() == pytest.approx(0.1, rel=0.1)
