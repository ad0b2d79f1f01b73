"""Keeps fractions of all events at any mass, by one threshold each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from models.anomaly_detector import Scores
from models.cuts.learnt import ScoreCut, check_fractions
from models.events import Events, Mask, event_weights
from models.quantiles import weighted_quantile


@dataclass
class FixedEfficiency(ScoreCut):
    """Nested categories: events above the scores that fractions of all events exceed.

    A score that follows a mass shapes its spectrum under such a cut.

    Args:
        efficiencies: the fraction of each category.
        score, weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: no fraction, or one that is not between 0 and 1.
    """

    efficiencies: Mapping[str, float] = field(default_factory=lambda: {"1%": 0.01})

    def __post_init__(self) -> None:
        check_fractions(self.efficiencies)

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the fractions."""
        return tuple(self.efficiencies)

    @property
    def columns(self) -> tuple[str, ...]:
        """The weights."""
        return (self.weight_column,) if self.weight_column else ()

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the thresholds on these events."""
        score, weight = self.the_score(scores), event_weights(events, self.weight_column)
        self._learnt = {
            name: weighted_quantile(score, weight, 1 - kept) for name, kept in self.efficiencies.items()
        }
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events above each threshold."""
        return {name: self.the_score(scores) > self.learnt(name) for name in self.categories}
