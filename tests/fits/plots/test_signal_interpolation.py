import numpy as np
import pytest

from errors import MaplessError
from fits.plots.signal_interpolation import plot_signal_interpolation
from fits.signals import DoubleCrystalBall

SHAPES = [
    DoubleCrystalBall(0.99 * m, 0.03 * m, 1.2, 3, 1.8, 9, mass=m) for m in (2000, 3000, 4000, 5000, 6000)
]


def largest_difference(figure):
    return max(np.abs(line.get_ydata()).max() for line in figure.axes[1].lines)


def test_shapes_that_scale_with_mass_close_and_an_odd_one_does_not(tmp_path):
    figure = plot_signal_interpolation(SHAPES)
    figure.savefig(tmp_path / "closure.png")
    assert {text.get_text() for text in figure.axes[0].texts} == {f"{m}\n0.0%" for m in (3000, 4000, 5000)}
    assert largest_difference(figure) < 1e-9
    odd = [*SHAPES[:2], SHAPES[2].varied(3960, 200), *SHAPES[3:]]
    assert largest_difference(plot_signal_interpolation(odd)) > 0.1


def test_too_few_masses_are_refused():
    with pytest.raises(MaplessError, match="at least 4 shapes, not 3"):
        plot_signal_interpolation(SHAPES[:3])
