import numpy as np

from fits.backgrounds import Dijet
from fits.plots.p_values import plot_p_values
from fits.significance.mass_scan import scan_masses
from fits.spectrum import Spectrum
from tests.fits.plots.conftest import texts


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
