"""Figure of some columns of the events that a hunt keeps against the rest."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.report.drawing import draw_shapes, new_figure
from analysis.report.hunt_view import HuntView
from analysis.report.score_figures import Figures


@dataclass(frozen=True)
class ComparedColumns:
    """Distributions of columns for each category against the events in no category.

    `compared` are titles with the range of each axis by column.
    """

    compared: Mapping[str, tuple[str, float, float]]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be kept of the selected events."""
        return tuple(self.compared)

    def draw(self, view: HuntView) -> Figures:
        """One figure with a panel for each column: name, caption, figure."""
        rest = view.inside & ~np.any(list(view.kept.values()), axis=0)
        groups = {name: view.inside & mask for name, mask in view.kept.items()} | {"rest": rest}
        rows = -(-len(self.compared) // 2)
        figure, axes = new_figure(rows, min(2, len(self.compared)), (13, 5 * rows), view.label)
        for axis, (column, (title, low, high)) in zip(axes.flat, self.compared.items(), strict=False):
            values, edges = np.asarray(view.events[column]), np.linspace(low, high, 41)
            shapes = {f"{name} ({chosen.sum():,})": values[chosen] for name, chosen in groups.items()}
            draw_shapes(axis, shapes, edges)
            axis.set(xlabel=title, ylabel="Fraction of events", xlim=(low, high))
        for unused in axes.flat[len(self.compared) :]:
            unused.set_visible(False)
        axes[0, 0].legend(fontsize=13)
        yield f"compared_{view.name}", f"Events kept against the rest, {view.title}", figure
