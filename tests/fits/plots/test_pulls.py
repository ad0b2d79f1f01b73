import numpy as np

from fits.plots.pulls import plot_bias, plot_pulls
from tests.fits.plots.conftest import texts


def test_mean_and_width_stand_in_the_legend_and_nothing_is_hidden(tmp_path):
    pulls = np.concatenate([np.tile([-1.0, 1.0], 50), [np.nan, 9.0]])
    figure = plot_pulls(pulls, title="UA2, 3 TeV")
    figure.savefig(tmp_path / "pulls.png")
    for expected in ("101 toys", "mean 0.09 $\\pm$ 0.13", "width 1.34 $\\pm$ 0.09", "1 beyond the axis"):
        assert expected in texts(figure)
    assert figure.axes[0].get_legend().get_title().get_text() == "UA2, 3 TeV"


def test_bias_of_each_function_is_drawn_within_the_axes(tmp_path):
    figure = plot_bias([2000, 3000], [[0.1, -0.2], [0.3, 1.4]], np.full((2, 2), 0.05), ["UA2", "dijet"])
    figure.savefig(tmp_path / "bias.png")
    axes = figure.axes[0]
    assert "UA2 | dijet" in texts(figure)
    assert axes.get_ylim()[1] > 1.45
    assert len(axes.containers) == 2
