"""Figures of the likelihood: scan of one parameter, contours of two."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fits.plots.style import COLOURS, LABEL, style, write_label

_LEVELS = (0.6827, 0.9545)  # one and two standard deviations
_DEEPEST = 12.0
_ROOM_FOR_LEGEND = 0.2


def plot_likelihood_scan(
    curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    best: float | None = None,
    interval: tuple[float, float] | None = None,
    x_title: str = "Signal yield",
    label: str = LABEL,
) -> Figure:
    """Twice the difference of the negative log-likelihood to its minimum, along one parameter.

    `curves` are (values, differences), each (n,), by name, for example with all uncertainties and with
    statistical ones only. `best` and `interval` mark the minimum and its 68 % interval.
    """
    with style():
        figure, axes = plt.subplots(figsize=(9, 7))
        for (name, (values, differences)), colour in zip(curves.items(), COLOURS * len(curves), strict=False):
            axes.plot(values, differences, color=colour, linewidth=2.5, label=name)
        deepest = max(float(np.nanmax(np.asarray(curve[1], dtype=float))) for curve in curves.values())
        top = min(max(deepest, 4.5), _DEEPEST)
        axes.set_ylim(0, 1.35 * top)
        for sigmas in range(1, int(np.sqrt(top)) + 1):
            _mark_level(axes, sigmas)
        if interval is not None:
            axes.axvspan(
                *interval, ymax=1 / 1.35, color="lightgrey", alpha=0.4, linewidth=0, label="68% interval"
            )
        if best is not None:
            axes.axvline(best, color="grey", linestyle=":", label=f"Best fit {best:.3g}")
        axes.set(xlabel=x_title, ylabel=r"$-2\,\Delta\ln L$")
        axes.legend(loc="upper center", ncols=2)
        write_label(axes, label)
    return figure


def _mark_level(axes: Axes, sigmas: int) -> None:
    axes.axhline(sigmas**2, color="grey", linestyle=":", linewidth=1.2, zorder=0)
    place = axes.get_yaxis_transform()
    text = f"{sigmas}$\\sigma$"
    axes.text(0.975, sigmas**2, text, color="grey", fontsize=13, transform=place, va="bottom", ha="right")
