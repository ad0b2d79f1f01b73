import numpy as np

from fits.plots.likelihood_scan import plot_likelihood_scan
from tests.fits.plots.conftest import texts


def test_curves_are_named_and_whole_standard_deviations_marked(tmp_path):
    values = np.linspace(0, 1000, 50)
    curves = {name: (values, ((values - 500) / error) ** 2) for name, error in (("all", 150), ("few", 120))}
    figure = plot_likelihood_scan(curves, best=500.0, interval=(350.0, 650.0))
    figure.savefig(tmp_path / "scan.png")
    for expected in ("all", "few", "Best fit 500", "68% interval", "Signal yield"):
        assert expected in texts(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == ["1$\\sigma$", "2$\\sigma$", "3$\\sigma$"]
