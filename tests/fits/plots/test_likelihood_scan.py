import numpy as np
import pytest

from fits.plots.likelihood_scan import plot_likelihood_contour, plot_likelihood_scan
from tests.fits.plots.conftest import texts


def test_curves_are_named_and_whole_standard_deviations_marked(tmp_path):
    values = np.linspace(0, 1000, 50)
    curves = {name: (values, ((values - 500) / error) ** 2) for name, error in (("all", 150), ("few", 120))}
    figure = plot_likelihood_scan(curves, best=500.0, interval=(350.0, 650.0))
    figure.savefig(tmp_path / "scan.png")
    for expected in ("all", "few", "Best fit 500", "68% interval", "Signal yield"):
        assert expected in texts(figure)
    assert [text.get_text() for text in figure.axes[0].texts] == ["1$\\sigma$", "2$\\sigma$", "3$\\sigma$"]


def test_contours_lie_at_the_levels_of_two_parameters(tmp_path):
    """A two-dimensional Gaussian has radius sqrt(2.30) at 68 % and sqrt(6.18) at 95 %."""
    axis = np.linspace(-4, 4, 161)
    x, y = np.meshgrid(axis, axis)
    figure = plot_likelihood_contour(axis, axis, x**2 + y**2, best=(0, 0), expected=(1, 1), y_title="scale")
    figure.savefig(tmp_path / "contour.png")
    lines = figure.axes[0].collections[1].get_paths()
    assert [path.get_extents().x1 for path in lines] == pytest.approx(
        [np.sqrt(2.296), np.sqrt(6.18)], rel=2e-3
    )
    assert "95% CL region" in texts(figure)
