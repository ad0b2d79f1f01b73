"""Figures of scores: inside and outside of the window, and of injected signal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from analysis.report.drawing import draw_shapes, new_figure
from analysis.report.hunt_view import HuntView

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Figures = Iterator[tuple[str, str, "Figure"]]


def file_name(text: str) -> str:
    """Text as part of a name of a file.

    >>> file_name("spectrum_mjj-forest_0-1%")
    'spectrum_mjj-forest_0-1_percent'
    """
    return text.replace("%", "_percent").replace(" ", "_").replace("+", "and").replace("/", "_")


def score_figures(view: HuntView) -> Figures:
    """One figure for each score: name, caption, figure."""
    injected = np.asarray(view.events["injected"]) > 0
    for name, score in view.scores.items():
        groups = {"all events": view.inside}
        if view.window is not None:
            edges = f"{view.window.low:g}–{view.window.high:g} GeV"
            groups = {f"window {edges}": view.inside, "outside": ~view.inside}
        if injected.any():
            groups[f"injected signal ({injected.sum():,})"] = injected
        figure, axes = new_figure(label=view.label)
        bins = np.linspace(score.min(), score.max() + 1e-9, 51)
        draw_shapes(axes[0, 0], {group: score[chosen] for group, chosen in groups.items()}, bins)
        for category, threshold in _thresholds(view, score).items():
            axes[0, 0].axvline(
                threshold, color="black", linestyle="--", label=f"{category}: above {threshold:.3g}"
            )
        axes[0, 0].set(xlabel="Anomaly score", ylabel="Fraction of events per bin", yscale="log")
        axes[0, 0].set_ylim(1e-5, 10)
        axes[0, 0].legend(loc="upper left", fontsize=13)
        yield f"scores_{view.name}_{name}", f"Anomaly score, {view.title}", figure


def _thresholds(view: HuntView, score: np.ndarray) -> dict[str, float]:
    """The lowest score kept in each category, where a category is all above one threshold."""
    found = {}
    for category, kept in view.kept.items():
        if kept.any() and not kept.all() and score[kept].min() > score[~kept].max():
            found[category] = float(score[kept].min())
    return found
