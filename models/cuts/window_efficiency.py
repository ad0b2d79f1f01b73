"""Keeps fractions of the events inside of a window, as CATHODE in CMS (arXiv:2412.03747, 1 %)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import ScoreCut, check_fractions
from models.events import Events, Mask, column, event_weights
from models.quantiles import weighted_quantile
from models.window import Window


@dataclass
class WindowEfficiency(ScoreCut):
    """Nested categories: events above the scores that given fractions of the window exceed.

    Args:
        window: whose signal region defines the fractions.
        efficiencies: fraction of each category, such as {"10%": 0.1, "1%": 0.01} (arXiv:2005.02983).
        score, weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: a fraction that is not between 0 and 1; in `learn`, a window without events.
    """

    window: Window
    efficiencies: Mapping[str, float] = field(default_factory=lambda: {"kept": 0.01})

    def __post_init__(self) -> None:
        check_fractions(self.efficiencies)

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the efficiencies."""
        return tuple(self.efficiencies)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the window, and the weights."""
        return (self.window.column, *((self.weight_column,) if self.weight_column else ()))

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the thresholds on those of these events that are in the window."""
        inside = self.window.in_signal_region(column(events, self.window.column))
        weight, score = event_weights(events, self.weight_column)[inside], self.the_score(scores)[inside]
        if not weight.sum() > 0:
            raise MaplessError(f"window {self.window} holds no events; choose another window or sample")
        self._learnt = {
            name: weighted_quantile(score, weight, 1 - kept) for name, kept in self.efficiencies.items()
        }
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events above each threshold."""
        return {name: self.the_score(scores) > self.learnt(name) for name in self.categories}
