"""Figure of a spectrum of data outside of its closed intervals."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.report.drawing import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def open_figure(stored: Mapping[str, Any], label: str) -> "Figure":
    """Plot what `analysis.stages.open_spectrum` has stored, with the closed intervals shaded."""
    figure, axes = new_figure(label=label)
    edges, counts = np.array(stored["edges"]), np.array(stored["counts"])
    axes[0, 0].stairs(counts / np.diff(edges), edges, color="black", label="open events")
    for place, (low, high) in enumerate(stored["closed"]):
        text = None if place else "closed until unblinded"
        axes[0, 0].axvspan(low, high, color="tab:red", alpha=0.15, label=text)
    axes[0, 0].set(xlabel=stored["title"], ylabel="Events / GeV", yscale="log")
    axes[0, 0].legend()
    return figure
