"""Keeps numbers of events, as a search that chooses its regions by their rates (arXiv:2307.01612)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import ScoreCut
from models.events import Events, Mask, event_weights
from models.quantiles import weighted_quantile


@dataclass
class HighestScores(ScoreCut):
    """Nested categories: events above the scores that given numbers of events exceed.

    Args:
        numbers: of events of each category, or sums of their weights.
        score, weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: no number, or one below 1; in `learn`, fewer events than that.
    """

    numbers: Mapping[str, float]

    def __post_init__(self) -> None:
        if not self.numbers:
            raise MaplessError("a cut needs at least one number of events to keep")
        for name, number in self.numbers.items():
            if not number >= 1:
                raise MaplessError(f"'{name}' keeps {number:g} events; choose one event or more")

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the numbers."""
        return tuple(self.numbers)

    @property
    def columns(self) -> tuple[str, ...]:
        """The weights."""
        return (self.weight_column,) if self.weight_column else ()

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the thresholds on these events."""
        score, weight = self.the_score(scores), event_weights(events, self.weight_column)
        for name, number in self.numbers.items():
            if number >= weight.sum():
                raise MaplessError(
                    f"'{name}' keeps {number:g} events, but there are {weight.sum():g}; choose fewer"
                )
        self._learnt = {
            name: weighted_quantile(score, weight, 1 - number / weight.sum())
            for name, number in self.numbers.items()
        }
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events above each threshold."""
        return {name: self.the_score(scores) > self.learnt(name) for name in self.categories}
