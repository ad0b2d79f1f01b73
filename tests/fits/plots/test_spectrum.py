from fits.backgrounds import Dijet
from fits.fit import fit_background, fit_signal
from fits.plots.spectrum import plot_spectrum
from tests.fits.plots.conftest import texts


def test_spectrum_figure_names_units_fit_and_signal(dijet_toy, signal, tmp_path):
    spectrum = dijet_toy(1e4, seed=60)
    fit = fit_background(spectrum, Dijet(2))
    figure = plot_spectrum(spectrum, fit, signal=fit_signal(fit, signal))
    figure.savefig(tmp_path / "spectrum.png")
    for expected in ("Events / GeV", "[GeV]", "Pull", "dijet, 2 parameters", "with signal", "ndf"):
        assert expected in texts(figure)


def test_failed_fit_is_named_and_not_drawn(dijet_toy, monkeypatch):
    monkeypatch.setattr("fits.likelihood.minimise._MAX_ITERATIONS", 1)
    spectrum = dijet_toy(1e4, seed=61)
    assert "background fit: not_converged" in texts(
        plot_spectrum(spectrum, fit_background(spectrum, Dijet(4)))
    )
