"""Figure of how many prongs the jets of selected events have, by N-subjettiness."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.report.drawing import new_figure
from analysis.report.hunt_view import HuntView
from analysis.report.score_figures import Figures

PRONGS = {"tau21": 2, "tau32": 3, "tau43": 4}
"""Of jets in which a ratio of N-subjettiness is low."""
LOW = 0.1
"""Quantile among other events below which a ratio is low."""


def prongs(ratios: Mapping[str, NDArray[np.floating]], others: NDArray[np.bool_]) -> NDArray[np.integer]:
    """Number of prongs (n_jets,) that the ratio says which is lowest against those of other jets.

    `ratios` (n_jets,) are those of PRONGS. A jet of which none is among the lowest tenth of the others, a
    mask (n_jets,), has 1. So few jets are told rightly that only fractions against those of others mean
    something.
    """
    ranks = np.stack([_quantiles(values, values[others]) for values in ratios.values()])
    numbers = np.array([PRONGS[name] for name in ratios])
    return np.where(ranks.min(axis=0) < LOW, numbers[ranks.argmin(axis=0)], 1)


def _quantiles(values: NDArray[np.floating], others: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.searchsorted(np.sort(others), values) / len(others)


@dataclass(frozen=True)
class DijetProngs:
    """Fractions of jets of kept and of other events in the window with one to four prongs.

    `ratios` are names of PRONGS that both jets have.
    """

    ratios: Sequence[str]

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that must be kept of the selected events."""
        return tuple(f"jet{jet}_{name}" for jet in (1, 2) for name in self.ratios)

    def draw(self, view: HuntView) -> Figures:
        """One figure with a panel for each jet; none where all or no events are kept."""
        kept = np.any(list(view.kept.values()), axis=0)[view.inside]
        if not 0 < kept.sum() < len(kept) or not self.ratios:
            return
        figure, axes = new_figure(1, 2, (13, 5), view.label)
        numbers = np.array([1, *(PRONGS[name] for name in self.ratios)])
        for jet, (axis, title) in enumerate(zip(axes[0], ("Heavier jet", "Lighter jet"), strict=True), 1):
            ratios = {name: np.asarray(view.events[f"jet{jet}_{name}"])[view.inside] for name in self.ratios}
            found = prongs(ratios, ~kept)
            for shift, (name, chosen) in zip(
                (-0.2, 0.2), {"kept": kept, "others": ~kept}.items(), strict=True
            ):
                fractions = np.mean(found[chosen, None] == numbers, axis=0)
                errors = np.sqrt(fractions * (1 - fractions) / chosen.sum())
                text = f"{name} ({chosen.sum():,})"
                axis.bar(numbers + shift, fractions, 0.4, yerr=errors, label=text)
            axis.set(xlabel=f"Prongs of the {title.lower()}", ylabel="Fraction of jets", xticks=numbers)
            axis.minorticks_off()
        axes[0, 0].legend(fontsize=13)
        yield f"prongs_{view.name}", f"Prongs by N-subjettiness, {view.title}", figure
