"""Figures of pseudo-experiments: the distribution of pulls, and the bias of many tests side by side."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy import stats

from fits.plots.style import BLUE, COLOURS, GREY, LABEL, RED, RESONANCE_TITLE, style, write_label

_WIDTH = 0.25  # of bins, in standard deviations
_TOLERATED_BIAS = 0.5  # of the statistical error, the usual criterion of CMS


def plot_pulls(
    pulls: npt.ArrayLike,
    *,
    title: str = "",
    x_title: str = r"Pull, $(\hat N - N_\mathrm{injected})\,/\,\sigma_N$",
    label: str = LABEL,
) -> Figure:
    """Distribution of pulls (n_toys,) with the unit Gaussian and the one of the same mean and width.

    Pulls that are not numbers are left out; those beyond five standard deviations are counted in the legend.
    """
    values = np.asarray(pulls, dtype=float)
    values = values[np.isfinite(values)]
    edges = np.arange(-5, 5 + _WIDTH, _WIDTH)
    with style():
        figure, axes = plt.subplots(figsize=(9, 7))
        counts, _ = np.histogram(values, edges)
        outside = len(values) - int(counts.sum())
        centres = 0.5 * (edges[1:] + edges[:-1])
        points: dict[str, Any] = {
            "xerr": _WIDTH / 2,
            "fmt": "ko",
            "markersize": 5,
            "label": f"{len(values)} toys",
        }
        drawn: list[Any] = [axes.errorbar(centres, counts, np.sqrt(counts), **points)]
        x = np.linspace(-5, 5, 400)
        mean, width = float(values.mean()), float(values.std(ddof=1))
        errors = width / np.sqrt(len(values)) * np.array([1, np.sqrt(0.5)])
        text = f"mean {mean:.2f} $\\pm$ {errors[0]:.2f}\nwidth {width:.2f} $\\pm$ {errors[1]:.2f}"
        scale = _WIDTH * len(values)
        drawn += axes.plot(x, scale * stats.norm.pdf(x, mean, width), color=RED, linewidth=2.2, label=text)
        drawn += axes.plot(x, scale * stats.norm.pdf(x), "--", color=GREY, linewidth=2, label="unit Gaussian")
        if outside:
            drawn += axes.plot([], [], " ", label=f"{outside} beyond the axis")
        axes.set(xlabel=x_title, ylabel=f"Toys / {_WIDTH:g}", xlim=(-5, 5), ylim=(0, 1.45 * counts.max()))
        axes.legend(handles=drawn, title=title or None, loc="upper left", fontsize=13)
        write_label(axes, label)
    return figure


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
