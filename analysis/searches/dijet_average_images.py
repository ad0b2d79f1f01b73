"""Figure of the average image of the jets of selected events, where images are kept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from analysis.report.drawing import new_figure
from analysis.report.hunt_view import HuntView
from analysis.report.score_figures import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST = 2000  # events to average over
_FAINTEST = 1e-5  # of the momentum of a jet, below which pixels look alike


@dataclass(frozen=True)
class DijetAverageImages:
    """Average images of both jets of kept and of other events in the window, and their difference.

    Where signal was injected, that is the truth beside them: its average image less that of other events.
    Nothing is drawn of events without images, which are kept where a detector reads them.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be kept of the selected events: none for this figure alone."""
        return ()

    def draw(self, view: HuntView) -> Figures:
        """One figure with a row for each jet; none where all or no events are kept."""
        from matplotlib.colors import LogNorm

        names = ("jet1_image", "jet2_image")
        kept = view.inside & np.any(list(view.kept.values()), axis=0)
        others = view.inside & ~kept
        if not (kept.any() and others.any() and set(names) <= view.events.columns):
            return
        truth = view.inside & (np.asarray(view.events["injected"]) > 0)
        n_columns = 3 + bool(truth.any())
        figure, axes = new_figure(2, n_columns, (16 * n_columns / 3, 10), view.label)
        for row, (column, title) in zip(axes, zip(names, ("Heavier", "Lighter"), strict=True), strict=True):
            of_kept, of_others = (_average(view, column, chosen) for chosen in (kept, others))
            for axis, image, group in zip(row, (of_kept, of_others), ("kept", "others"), strict=False):
                shown = axis.imshow(
                    np.maximum(image, _FAINTEST).T, origin="lower", norm=LogNorm(_FAINTEST, 1)
                )
                axis.set(xlabel=f"{title} jet, {group}: pixels in eta", ylabel="Pixels in phi")
            figure.colorbar(shown, ax=row[1], label="Share of the momentum")
            _draw_difference(figure, row[2], of_kept - of_others, f"{title} jet, kept less others")
            if truth.any():
                of_truth = _average(view, column, truth)
                _draw_difference(figure, row[3], of_truth - of_others, f"{title} jet, injected less others")
        yield f"images_{view.name}", f"Average images of the jets, {view.title}", figure


def _average(view: HuntView, column: str, chosen: NDArray[np.bool_]) -> NDArray[np.floating]:
    """The mean of some images of these events, (size, size)."""
    few = np.zeros_like(chosen)
    few[np.flatnonzero(chosen)[:_MOST]] = True
    return np.asarray(np.mean(view.events.where(few)[column], axis=0))


def _draw_difference(figure: "Figure", axis: "Axes", difference: NDArray[np.floating], title: str) -> None:
    """Draw the difference of two average images (size, size)."""
    largest = float(np.abs(difference).max()) or 1.0
    shown = axis.imshow(difference.T, origin="lower", vmin=-largest, vmax=largest, cmap="RdBu_r")
    axis.set(xlabel=title, ylabel="Pixels in phi")
    figure.colorbar(shown, ax=axis, label="Share of the momentum")
