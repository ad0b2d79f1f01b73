"""Figure of two scores that a detector takes to be independent for background."""

from dataclasses import dataclass

import numpy as np

from analysis.report.drawing import new_figure
from analysis.report.hunt_view import HuntView
from analysis.report.score_figures import Figures
from models.tag_n_train.independence import independence

_BINS = 10


@dataclass(frozen=True)
class IndependentScores:
    """Mean rank of the second score against the rank of the first, in the sidebands of a window.

    Nothing is drawn for hunts without these scores or without a window.
    """

    first: str
    second: str
    above: float = 0.8

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be kept of the selected events."""
        return ()

    def draw(self, view: HuntView) -> Figures:
        """One figure: name, caption, figure."""
        if view.window is None or not {self.first, self.second} <= view.scores.keys():
            return
        mass = np.asarray(view.events[view.window.column])
        found = independence(view.window, mass, view.scores[self.first], view.scores[self.second])
        place = np.minimum((found.first * _BINS).astype(int), _BINS - 1)
        counts = np.bincount(place, minlength=_BINS)
        means = np.bincount(place, found.second, minlength=_BINS) / np.maximum(counts, 1)
        errors = np.sqrt(1 / 12 / np.maximum(counts, 1))  # the variance of a uniform rank is 1/12
        figure, axes = new_figure(label=view.label)
        axis = axes[0, 0]
        centres = (np.arange(_BINS) + 0.5) / _BINS
        correlation = rf"rank correlation {found.correlation:.3f} $\pm$ {found.uncertainty:.3f}"
        both = f"both above {self.above:.0%}: {found.both_above(self.above):.2f} times as often"
        axis.errorbar(centres, means, errors, fmt="o", color="black", label=f"{correlation}\n{both}")
        axis.axhline(0.5, color="grey", linestyle="--", label="if independent")
        titles = [name.replace("_", " ") for name in (self.first, self.second)]
        axis.set(
            xlabel=f"Rank of {titles[0]}", ylabel=f"Mean rank of {titles[1]}", xlim=(0, 1), ylim=(0.3, 0.8)
        )
        axis.legend(fontsize=13)
        yield (
            f"independence_{view.name}_{self.first}",
            f"Scores of both jets in the sidebands, {view.title}",
            figure,
        )
