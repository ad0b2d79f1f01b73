import pytest

from fits.limits.weak_supervision import InjectedEfficiencies
from fits.plots.efficiency_curve import plot_efficiency_curve
from tests.fits.plots.conftest import texts

LEARNING = InjectedEfficiencies([1.0, 2.0, 4.0], [0.001, 0.02, 0.05], [0.001, 0.002, 0.004])


def test_efficiencies_have_errors_and_the_inclusive_one_is_a_line(tmp_path):
    figure = plot_efficiency_curve(LEARNING, inclusive=0.3)
    figure.savefig(tmp_path / "efficiency.png")
    axes = figure.axes[0]
    (bar,) = axes.containers[0].lines[2]
    assert bar.get_segments()[2][:, 1] == pytest.approx([0.046, 0.054])
    assert axes.lines[-1].get_ydata() == [0.3, 0.3]
    assert axes.get_ylim()[1] > 0.3
    for words in ("Anomaly selection", "Inclusive", "Injected cross section [fb]", "Signal efficiency"):
        assert words in texts(figure)


def test_nothing_selected_is_drawn_too():
    figure = plot_efficiency_curve(InjectedEfficiencies([1.0], [0.0]))
    assert figure.axes[0].get_ylim() == (0, 1)
