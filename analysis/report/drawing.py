"""What the figures of events share: a figure in the style of the experiments, and normalised shapes."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def new_figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = (8, 6), label: str = ""
) -> tuple["Figure", np.ndarray]:
    """Return a figure in the style of the experiments and its axes, shape (rows, columns)."""
    import mplhep
    from matplotlib import pyplot

    with pyplot.style.context([mplhep.style.CMS, {"font.size": 15, "axes.titley": 1.0}]):
        figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
        axes[0, 0].set_title(label, loc="left", fontsize=15, fontweight="bold")
        return figure, axes


def draw_shapes(axis: "Axes", groups: Mapping[str, np.ndarray], edges: np.ndarray) -> None:
    """Draw the values of each group as fraction of its events per bin; the ends hold what is beyond."""
    for name, values in groups.items():
        if len(values):
            counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), edges)
            fractions, errors = counts / len(values), np.sqrt(counts) / len(values)
            axis.stairs(fractions, edges, label=name, linewidth=2)
            centres = (edges[1:] + edges[:-1]) / 2
            axis.errorbar(centres, fractions, errors, fmt="none", ecolor="grey", elinewidth=1)
