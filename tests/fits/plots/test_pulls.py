import numpy as np

from fits.plots.pulls import plot_bias
from tests.fits.plots.conftest import texts


def test_bias_of_each_function_is_drawn_within_the_axes(tmp_path):
    figure = plot_bias([2000, 3000], [[0.1, -0.2], [0.3, 1.4]], np.full((2, 2), 0.05), ["UA2", "dijet"])
    figure.savefig(tmp_path / "bias.png")
    axes = figure.axes[0]
    assert "UA2 | dijet" in texts(figure)
    assert axes.get_ylim()[1] > 1.45
    assert len(axes.containers) == 2
