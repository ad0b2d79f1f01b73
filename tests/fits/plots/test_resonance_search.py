import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fits.plots.resonance_search import resonance_figures
from fits.resonance_search import ResonanceCategory, ResonanceSettings, Smooth, search_for_resonance
from fits.signals import GaussianSignal
from fits.spectrum import Spectrum, coarse
from tests.fits.plots.conftest import texts

SETTINGS = ResonanceSettings((2800.0, 3000.0, 3200.0), Smooth(parameters=(2,)), limits=True)


@pytest.fixture(scope="module")
def stored(dijet_toy, signal):
    spectrum = coarse(dijet_toy(1e4, seed=60), minimum=1)
    excess = np.round(100 * signal.bin_fractions(spectrum.edges))
    spectra = {"loose": spectrum, "tight": Spectrum(spectrum.edges, np.round(spectrum.counts / 10) + excess)}
    categories = [ResonanceCategory(name, one, 0.5) for name, one in spectra.items()]
    found = search_for_resonance(categories, GaussianSignal(0.035), SETTINGS)
    return json.loads(json.dumps(found.to_json()))


def test_figures_need_what_is_stored_and_no_fit(stored, monkeypatch, tmp_path):
    monkeypatch.setattr("fits.likelihood.minimise._newton", None)  # whoever minimises fails
    figures = resonance_figures(stored, label="ours", x_title="mass of all jets", right="138 fb$^{-1}$")
    assert list(figures) == ["spectrum_loose", "spectrum_tight", "p_values", "limits"]
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name}.png")
        assert figure.axes[0].get_title("left") == "ours"
        assert figure.axes[0].get_title("right") == "138 fb$^{-1}$"
        plt.close(figure)
    for expected in ("mass of all jets", "dijet, 2 parameters", "With signal at", "ndf"):
        assert expected in texts(figures["spectrum_tight"])
    assert all(name in texts(figures["p_values"]) for name in ("together", "loose", "tight"))
    assert "Observed" in texts(figures["limits"])


def test_a_limit_that_failed_leaves_a_gap(stored):
    failed = {"mass": 3000.0, "status": "fit_failed", "observed": None, "expected": None}
    points = [*stored["limits"]["points"][:1], failed]
    figure = resonance_figures(stored | {"limits": {"points": points}})["limits"]
    observed = next(line for line in figure.axes[0].lines if line.get_label() == "Observed")
    assert np.isnan(observed.get_ydata()).tolist() == [False, True]


def test_interpolated_signal_shows_its_closure(stored, signal):
    shapes = [signal.scaled_to(mass).to_json() for mass in (2000, 2500, 3000, 3500)]
    figure = resonance_figures(stored | {"signal": shapes})["signal_interpolation"]
    assert {text.get_text() for text in figure.axes[0].texts} == {"2500\n0.0%", "3000\n0.0%"}
    assert "signal_interpolation" not in resonance_figures(stored | {"signal": shapes[:3]})
