"""Figure of the closure of a signal interpolation: each mass predicted from the others."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fits.plots.style import COLOURS, LABEL, style, write_label
from fits.signals import DoubleCrystalBall, InterpolatedSignal
from fits.signals.interpolation import Closure

_REACH = 6  # widths of the peak that are drawn on either side


def plot_signal_interpolation(
    shapes: Sequence[DoubleCrystalBall],
    *,
    x_title: str = r"$m_{jj}$ [GeV]",
    label: str = LABEL,
) -> Figure:
    """Fitted shapes (lines) and what the interpolation through all other masses says (dashes).

    Peaks have their mass and the fraction of events that the interpolation misplaces; below is the difference
    of the two relative to the peak height. `shapes` know their masses; those at the ends cannot be left out.
    Raises MaplessError for fewer than four shapes.
    """
    closure = InterpolatedSignal(shapes).closure()
    with style():
        figure, (top, bottom) = plt.subplots(
            2, 1, figsize=(10, 9), sharex=True, height_ratios=(3, 1), gridspec_kw={"hspace": 0.06}
        )
        for place, point in enumerate(closure):
            _draw(top, bottom, point, COLOURS[place % len(COLOURS)])
        top.plot([], [], "k-", linewidth=2, label="Fit to simulation")
        top.plot([], [], "k--", linewidth=2, label="From the other masses")
        top.set_ylabel("Probability density [1/GeV]")
        top.set_ylim(0, 1.4 * top.get_ylim()[1])
        top.legend(loc="upper right", ncols=2)
        bottom.axhline(0, color="grey", linewidth=1)
        bottom.set(xlabel=x_title, ylabel="Difference / peak")
        bottom.yaxis.label.set_size(15)
        write_label(top, label)
    return figure


def _draw(top: Axes, bottom: Axes, point: Closure, colour: str) -> None:
    shape = point.known
    mass = np.linspace(shape.mean - _REACH * shape.sigma, shape.mean + _REACH * shape.sigma, 300)
    fitted, expected = shape.pdf(mass), point.predicted.pdf(mass)
    top.plot(mass, fitted, color=colour, linewidth=2)
    top.plot(mass, expected, color=colour, linewidth=2, linestyle="--")
    top.annotate(
        f"{point.mass:g}\n{point.misplaced:.1%}",
        (shape.mean, fitted.max()),
        xytext=(0, 6),
        color=colour,
        ha="center",
        textcoords="offset points",
        fontsize=14,
    )
    bottom.plot(mass, (expected - fitted) / fitted.max(), color=colour, linewidth=2)
