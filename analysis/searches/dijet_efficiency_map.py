"""Figure of what a detector takes for a signal in two columns of an event: its efficiency map."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.report.drawing import new_figure
from analysis.report.hunt_view import HuntView
from analysis.report.score_figures import Figures

_BINS = 24
_SMALLEST = 1e-2  # mean efficiency that has a colour of its own


def efficiencies(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """Fraction of the events (n,) with a score as high as that of each, as ATLAS maps its networks.

    >>> efficiencies(np.array([0.2, 0.9, 0.5, 0.5])).tolist()
    [1.0, 0.25, 0.75, 0.75]
    """
    ordered = np.sort(scores)
    return 1 - np.searchsorted(ordered, scores, side="left") / len(scores)


@dataclass(frozen=True)
class DijetEfficiencyMap:
    """The mean efficiency of events in a window, in bins of two columns: small where a signal was learnt.

    A cut keeps the events below its efficiency. Source: arXiv:2005.02983, figure 1.

    Args:
        first, second: columns with their titles and the highest value that is shown.
    """

    first: tuple[str, str, float]
    second: tuple[str, str, float]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be kept of the selected events."""
        return (self.first[0], self.second[0])

    def draw(self, view: HuntView) -> Figures:
        """One figure for the score that the cut is on."""
        from matplotlib.colors import LogNorm

        if not view.inside.any():
            return
        values = [np.asarray(view.events[name], dtype=float)[view.inside] for name in self.columns]
        score = np.asarray(next(iter(view.scores.values())), dtype=float)[view.inside]
        edges = [np.linspace(0, high, _BINS + 1) for *_, high in (self.first, self.second)]
        number, *_ = np.histogram2d(values[0], values[1], edges)
        total, *_ = np.histogram2d(values[0], values[1], edges, weights=efficiencies(score))
        mean = np.where(number > 0, total / np.maximum(number, 1), np.nan)
        figure, axes = new_figure(size=(9, 7.5), label=view.label)
        axis = axes[0, 0]
        shown = axis.pcolormesh(*edges, mean.T, norm=LogNorm(_SMALLEST, 1), cmap="viridis")
        axis.set(xlabel=self.first[1], ylabel=self.second[1])
        figure.colorbar(shown, ax=axis, label="Efficiency, mean of the events")
        yield f"efficiency_map_{view.name}", f"Efficiency map, {view.title}", figure
