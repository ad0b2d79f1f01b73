"""Figures of how scores agree with each other and of how a selection follows the mass."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.stats import rankdata

from analysis.report.drawing import new_figure
from analysis.report.hunt_view import HuntView
from analysis.report.score_figures import Figures, file_name
from errors import MaplessError
from models.metrics.agreement import mean_in_bins, sculpting


def correlation_figure(found: Mapping[str, Any], label: str) -> Figures:
    """The matrix of rank correlations of scores of the same events, as the stage `explain` has stored it."""
    matrix, names, place = np.array(found["matrix"]), found["scores"], found["window"]
    side = 4.5 + 0.9 * len(names)
    figure, axes = new_figure(size=(side + 1, side), label=label)
    image = axes[0, 0].imshow(matrix, vmin=-1, vmax=1, cmap="RdBu_r")
    for row, column in np.ndindex(matrix.shape):
        value = matrix[row, column]
        color = "white" if abs(value) > 0.6 else "black"  # noqa: PLR2004  (on the dark ends of the colours)
        axes[0, 0].text(column, row, f"{value:.2f}", ha="center", va="center", fontsize=12, color=color)
    ticks = np.arange(len(names))
    axes[0, 0].set_xticks(ticks, names, rotation=45, ha="right", fontsize=12)
    axes[0, 0].set_yticks(ticks, names, fontsize=12)
    axes[0, 0].minorticks_off()
    figure.colorbar(image, ax=axes[0, 0], label="Rank correlation")
    where = f" beside window {place}" if place else ""
    yield file_name(f"correlations_{place or 'all'}"), f"Correlations of the scores{where}", figure


def mass_figures(view: HuntView) -> Figures:
    """Mean rank of each score and fraction kept against the mass of a hunt's window; nothing without one."""
    if view.window is None:
        return
    mass = np.asarray(view.events[view.window.column], dtype=np.float64)
    edges = np.unique(np.quantile(mass, np.linspace(0, 1, 31)))
    centres = (edges[1:] + edges[:-1]) / 2
    figure, axes = new_figure(2, 1, (8, 9), view.label)
    for name, score in view.scores.items():
        mean, error = mean_in_bins(mass, rankdata(score) / len(score), edges)  # scores differ in scale
        axes[0, 0].errorbar(centres, mean, error, fmt="o", markersize=4, label=name)
    for category, kept in view.kept.items():
        try:
            found = sculpting(mass, kept, bins=30)
        except MaplessError:  # a category that holds all or nothing
            continue
        text = rf"{category}: $\chi^2$ of a flat one {found.chi_square:.0f}/{found.n_degrees_of_freedom}"
        middles = (found.edges[1:] + found.edges[:-1]) / 2
        axes[1, 0].errorbar(middles, found.kept, found.error, fmt="o", markersize=4, label=text)
    for axis, title in zip(axes[:, 0], ("Mean rank of the score", "Fraction kept"), strict=True):
        axis.axvspan(view.window.low, view.window.high, color="tab:red", alpha=0.12)
        axis.set(xlabel=f"{view.window.column} [GeV]", ylabel=title, xscale="log")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.xaxis.set_minor_formatter("{x:g}")
        axis.legend(fontsize=12)
    axes[1, 0].set_ylim(bottom=0)
    yield (
        f"mass_{view.name}",
        f"Mean rank of the score and fraction kept against the mass, {view.title}",
        figure,
    )
