"""Exclusive categories of several scores: each event is in that of the first score that it passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import LearntCut
from models.cuts.sideband_efficiency import SidebandEfficiency
from models.events import Events, Mask
from models.window import Window


@dataclass
class ExclusiveScores(LearntCut):
    """One category for each score: events that exceed its threshold and those of no score before it.

    So what different detectors select can be fitted together. The thresholds are those of
    `sideband-efficiency`, of each score by itself.

    Args:
        window: whose sidebands define the thresholds.
        order: names of the scores, the most trusted first.
        kept: the fraction of the sidebands above each threshold, or one for each window by its name.
        weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: as `SidebandEfficiency`, and for no scores or one that is named twice.
    """

    window: Window
    order: Sequence[str]
    kept: float | Mapping[str, float] = 0.01

    def __post_init__(self) -> None:
        self.order = tuple(self.order)
        if not self.order or len(set(self.order)) < len(self.order):
            raise MaplessError(f"order is to name scores, each once, not {', '.join(self.order) or 'none'}")
        self._of_score(self.order[0])

    def _of_score(self, name: str) -> SidebandEfficiency:
        return SidebandEfficiency(self.window, self.kept, score=name, weight_column=self.weight_column)

    @property
    def categories(self) -> tuple[str, ...]:
        """The scores, in order."""
        return tuple(self.order)

    @property
    def scores(self) -> tuple[str, ...]:
        """The scores, in order."""
        return tuple(self.order)

    @property
    def exclusive(self) -> bool:
        """No event is in two categories."""
        return True

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the window, and the weights."""
        return self._of_score(self.order[0]).columns

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the threshold of every score on the sidebands of these events."""
        cuts = {name: self._of_score(name).learn(events, scores, masses) for name in self.order}
        self._learnt = {name: cut.learnt("threshold") for name, cut in cuts.items()}
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events of each category."""
        taken, masks = np.zeros(len(events), bool), {}
        for name in self.order:
            masks[name] = (scores[name] > self.learnt(name)) & ~taken
            taken |= masks[name]
        return masks
