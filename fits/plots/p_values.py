"""Figure of local p-values along the mass."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from fits.checks.fit_quality import flag
from fits.plots.style import COLOURS, LABEL, RESONANCE_TITLE, style, write_label
from fits.significance.mass_scan import MassPoints
from fits.spectrum import FloatArray

_SMALLEST_P_VALUE, _HIGHEST = 1e-16, 3
_LEGEND_ROWS = 10  # in one column
_LEGEND_ROW = 0.055  # of the height of the axes, which end so far below the lowest point


def plot_p_values(
    scans: Mapping[str, MassPoints],
    *,
    smallest_of_all: bool = False,
    x_title: str = RESONANCE_TITLE,
    label: str = LABEL,
    right: str = "",
) -> Figure:
    """Local p-value against mass for each scan, with lines at whole numbers of standard deviations.

    Stored scans are `MassPoints.of_json` of their points. Masses whose fit failed leave a gap, marked by a
    cross on the upper edge; where the fits do not describe the data points are open, and the legend says so.
    `smallest_of_all` adds a curve through the smallest p-value of any scan at each mass.
    """
    with style():
        figure, axes = plt.subplots(figsize=(9, 7))
        smallest, flagged = 1e-3, set[str | None]()
        for (name, scan), colour in zip(scans.items(), COLOURS * len(scans), strict=False):
            masses, p_values = scan.column("mass"), scan.column("local_p_value")
            failed = np.isnan(p_values)
            drawn = np.maximum(p_values, _SMALLEST_P_VALUE)
            axes.plot(masses, drawn, "o-", color=colour, markersize=5, linewidth=2, label=name)
            doubtful = np.array([bool(flag(point.quality)) for point in scan.points])
            axes.plot(masses[doubtful], drawn[doubtful], "o", color="white", markersize=9, zorder=2.5)
            edge: dict[str, Any] = {"mfc": "none", "mec": colour, "mew": 2}
            axes.plot(masses[doubtful], drawn[doubtful], "o", markersize=9, **edge)
            flagged |= {point.quality for point in scan.points if flag(point.quality)}
            axes.plot(masses[failed], np.full(failed.sum(), 0.7), "x", color=colour, markersize=8)
            smallest = min(smallest, np.nanmin(drawn, initial=1.0))
        if smallest_of_all:
            masses, p_values = _smallest(list(scans.values()))
            axes.plot(masses, np.maximum(p_values, _SMALLEST_P_VALUE), "k-", linewidth=1.5, label="Smallest")
        if flagged:
            words = ",\n".join(sorted(map(str, flagged)))
            axes.plot([], [], "o", mfc="none", mec="black", mew=2, label=f"Open: {words}")
        axes.set(xlabel=x_title, ylabel="Local p-value", yscale="log")
        rows = sum(1 + words.count("\n") for words in axes.get_legend_handles_labels()[1])
        columns = -(-rows // _LEGEND_ROWS)
        share = _LEGEND_ROW * (-(-rows // columns) + 1)
        axes.set_ylim(_HIGHEST * (smallest / _HIGHEST) ** (1 / (1 - share)), _HIGHEST)
        _draw_significances(axes)
        size = {"fontsize": 9} if columns > 1 else {}
        axes.legend(loc="lower left", ncols=columns, frameon=True, framealpha=0.9, edgecolor="none", **size)
        write_label(axes, label, right)
    return figure


def _smallest(scans: Sequence[MassPoints]) -> tuple[FloatArray, FloatArray]:
    """All masses in their order, with the smallest p-value of any scan at each; NaN where all failed."""
    masses = np.concatenate([scan.column("mass") for scan in scans])
    p_values = np.concatenate([scan.column("local_p_value") for scan in scans])
    every, places = np.unique(masses, return_inverse=True)
    smallest = np.full(len(every), np.nan)
    np.fmin.at(smallest, places, p_values)
    return every, smallest


def _draw_significances(axes: Axes) -> None:
    """Lines at whole numbers of standard deviations that leave room for their labels."""
    deepest = stats.norm.isf(2 * axes.get_ylim()[0])
    for sigmas in range(1, int(deepest) + 1):
        level = float(stats.norm.sf(sigmas))
        axes.axhline(level, color="grey", linestyle=":", linewidth=1.2, zorder=0)
        place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "bottom", "ha": "right"}
        axes.text(0.975, level, f"{sigmas}$\\sigma$", color="grey", fontsize=13, **place)
