"""Figures of pseudo-experiments: the distribution of pulls, and the bias of many tests side by side."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from fits.plots.style import BLUE, COLOURS, LABEL, RESONANCE_TITLE, style, write_label

_WIDTH = 0.25  # of bins, in standard deviations
_TOLERATED_BIAS = 0.5  # of the statistical error, the usual criterion of CMS


def plot_bias(
    masses: npt.ArrayLike,
    means: npt.ArrayLike,
    errors: npt.ArrayLike,
    names: Sequence[str],
    *,
    x_title: str = RESONANCE_TITLE,
    y_title: str = "Mean pull of the signal yield",
    label: str = LABEL,
) -> Figure:
    """Mean pull of the signal yield against mass, for toys from several alternative functions.

    `masses` (n,) in GeV, `means` and their `errors` (n_functions, n), `names` of the functions. The shaded
    area is half a standard deviation, below which a bias is usually neglected.
    """
    with style():
        figure, axes = plt.subplots(figsize=(9, 6.5))
        axes.axhspan(-_TOLERATED_BIAS, _TOLERATED_BIAS, color=BLUE, alpha=0.12, linewidth=0)
        axes.axhline(0, color="grey", linewidth=1)
        middle = np.asarray(masses, dtype=float)
        step = 0.12 * np.min(np.diff(middle)) if len(middle) > 1 else 0.0
        columns = zip(names, np.atleast_2d(means), np.atleast_2d(errors), COLOURS * len(names), strict=False)
        for place, (name, mean, error, colour) in enumerate(columns):
            shifted = middle + step * (place - (len(names) - 1) / 2)
            axes.errorbar(shifted, mean, error, fmt="o", color=colour, markersize=7, capsize=3, label=name)
        furthest = max(1.0, 1.6 * float(np.nanmax(np.abs(means) + np.asarray(errors))))
        axes.set(xlabel=x_title, ylabel=y_title, ylim=(-furthest, furthest))
        axes.legend(loc="upper left", ncols=2 if len(names) > 1 else 1, fontsize=12)
        write_label(axes, label)
    return figure
