import numpy as np
import pytest

from fits.plots.impacts import plot_impacts
from tests.fits.plots.conftest import texts

NAMES = ("luminosity", "mass_scale", "efficiency")
IMPACTS = np.array([[-1.0, 1.0], [30.0, -20.0], [-10.0, 12.0]])


def test_nuisances_are_ranked_by_impact_and_their_names_are_words(tmp_path):
    figure = plot_impacts(NAMES, [0.1, -1.5, 0.0], [1.0, 0.9, 1.0], IMPACTS, result="yield 5")
    figure.savefig(tmp_path / "impacts.png")
    left, right = figure.axes
    by_height = sorted(left.get_yticklabels(), key=lambda label: -label.get_position()[1])
    assert [label.get_text() for label in by_height] == ["mass scale", "efficiency", "luminosity"]
    widths = [bar.get_width() for bar in right.patches]
    assert widths == [-20, 12, 1, 30, -10, -1]
    assert left.get_xlim()[0] < -2.4
    assert "signal yield" in texts(figure)


def test_only_the_largest_impacts_are_drawn():
    figure = plot_impacts(NAMES, [0.1, -1.5, 0.0], np.full((3, 2), 1.0), IMPACTS, largest=1)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["mass scale"]


def test_asymmetric_errors_of_pulls_keep_their_sides():
    figure = plot_impacts(NAMES[:1], [0.5], [[0.2, 0.4]], IMPACTS[:1])
    (bar,) = figure.axes[0].containers[0].lines[2]
    assert bar.get_segments()[0][:, 0] == pytest.approx([0.3, 0.9])
