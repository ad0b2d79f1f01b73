"""Figure of the features in which the events that a hunt keeps differ most from the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.hunt_view import HuntView
from analysis.report.score_figures import Figures
from models.metrics.interpretation import feature_distances


@dataclass(frozen=True)
class SelectedFeatures:
    """How far the distribution of each feature is from that of the rest, for the events of all categories.

    `features` are columns (n_events,).
    """

    features: Sequence[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be kept of the selected events."""
        return tuple(self.features)

    def draw(self, view: HuntView) -> Figures:
        """One bar for each feature: name, caption, figure; none where all or no events are kept."""
        kept = np.any(list(view.kept.values()), axis=0)[view.inside]
        if not 0 < kept.sum() < len(kept):
            return
        values = {name: np.asarray(view.events[name])[view.inside] for name in self.features}
        found = feature_distances(values, kept)
        figure, axes = new_figure(size=(9, 2 + 0.35 * len(found)), label=view.label)
        axes[0, 0].barh(list(found)[::-1], list(found.values())[::-1], height=0.7)
        axes[0, 0].set(xlabel="Kolmogorov-Smirnov distance of kept events to the rest", xlim=(0, 1))
        axes[0, 0].tick_params(axis="y", labelsize=11)
        axes[0, 0].yaxis.minorticks_off()
        yield f"features_{view.name}", f"Features that tell the kept events apart, {view.title}", figure
