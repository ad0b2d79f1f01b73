import matplotlib as mpl
import numpy as np
import pytest

from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.plots import plot_p_values, plot_spectrum
from fits.scan import scan_masses
from fits.spectrum import Spectrum

mpl.use("Agg")
pytestmark = pytest.mark.filterwarnings("ignore:.*font.*")


def texts(figure):
    legends = [
        text.get_text() for axes in figure.axes if axes.get_legend() for text in axes.get_legend().texts
    ]
    labels = [label for axes in figure.axes for label in (axes.get_xlabel(), axes.get_ylabel())]
    return " | ".join(legends + labels)


def test_spectrum_figure_names_units_fit_and_signal(dijet_toy, signal, tmp_path):
    spectrum = dijet_toy(1e4, seed=60)
    fit = fit_background(spectrum, Dijet(2))
    figure = plot_spectrum(spectrum, fit, signal=fit_signal(fit, signal))
    figure.savefig(tmp_path / "spectrum.png")
    for expected in ("Events / GeV", "[GeV]", "Pull", "dijet, 2 parameters", "with signal", "ndf"):
        assert expected in texts(figure)


def test_failed_fit_is_named_and_not_drawn(dijet_toy, monkeypatch):
    monkeypatch.setattr("fits.minimise._MAX_ITERATIONS", 1)
    spectrum = dijet_toy(1e4, seed=61)
    assert "background fit: not_converged" in texts(
        plot_spectrum(spectrum, fit_background(spectrum, Dijet(4)))
    )


def test_p_values_of_every_scan_are_drawn_down_to_the_strongest_excess(dijet_toy, signal, tmp_path):
    spectrum = dijet_toy(2e5, seed=62)
    excess = np.round(2000 * signal.bin_fractions(spectrum.edges))
    scans = {
        "background": scan_masses(spectrum, Dijet(3), signal.scaled_to, [2500, 3000, 3500]),
        "excess": scan_masses(
            Spectrum(spectrum.edges, spectrum.counts + excess), Dijet(3), signal.scaled_to, [2500, 3000, 3500]
        ),
    }
    figure = plot_p_values(scans)
    figure.savefig(tmp_path / "p_values.png")
    assert "background" in texts(figure)
    assert figure.axes[0].get_ylim()[0] <= scans["excess"].most_significant.local_p_value or (
        figure.axes[0].get_ylim()[0] < 1e-16
    )
