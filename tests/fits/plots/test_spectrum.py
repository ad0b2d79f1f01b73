import numpy as np
import pytest

from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.plots.spectrum import plot_stored_spectrum
from fits.resonance_results import fit_to_json
from fits.spectrum import coarse
from tests.fits.plots.conftest import texts


def test_spectrum_figure_names_units_fit_and_signal(dijet_toy, signal, tmp_path):
    fit = fit_background(dijet_toy(1e4, seed=60), Dijet(2))
    figure = plot_stored_spectrum(fit_to_json(fit, fit_signal(fit, signal), 3000.0))
    figure.savefig(tmp_path / "spectrum.png")
    for expected in ("Events / GeV", "[GeV]", "Pull", "dijet, 2 parameters", "signal at 3000 GeV", "ndf"):
        assert expected in texts(figure)


def test_pulls_are_in_the_bins_of_the_points_and_hold_for_few_events(dijet_toy):
    fit = fit_background(dijet_toy(2e4, seed=62), Dijet(2))
    top, bottom = plot_stored_spectrum(fit_to_json(fit)).axes
    points, (stairs, *_) = top.containers[0].lines[0], bottom.patches
    assert points.get_xdata() == pytest.approx(coarse(fit.spectrum, minimum=1).centres)
    pulls, edges, _ = stairs.get_data()
    assert (0.5 * (edges[1:] + edges[:-1])) == pytest.approx(points.get_xdata())
    assert np.std(pulls) == pytest.approx(1, abs=0.35)
    assert np.abs(pulls[-5:]).max() < 3.5


def test_failed_fit_is_named_and_not_drawn(dijet_toy, monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    fit = fit_background(dijet_toy(1e4, seed=61), Dijet(4))
    assert "background fit: not_converged" in texts(plot_stored_spectrum(fit_to_json(fit)))
