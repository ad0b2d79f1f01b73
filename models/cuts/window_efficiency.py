"""Keeps fractions of the events inside of a window, as CATHODE in CMS (arXiv:2412.03747, 1 %)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.fixed_efficiency import FixedEfficiency
from models.events import Events, column, event_weights
from models.window import Window


@dataclass
class WindowEfficiency(FixedEfficiency):
    """Nested categories: events above the scores that given fractions of the window exceed.

    Args:
        window: whose signal region defines the fractions.
        efficiencies: fraction of each category, such as {"10%": 0.1, "1%": 0.01} (arXiv:2005.02983).
        score, weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: a fraction that is not between 0 and 1; in `learn`, a window without events.
    """

    efficiencies: Mapping[str, float] = field(default_factory=lambda: {"kept": 0.01})
    window: Window = field(kw_only=True)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the window, and the weights."""
        return (self.window.column, *super().columns)

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the thresholds on those of these events that are in the window."""
        inside = self.window.in_signal_region(column(events, self.window.column))
        if not event_weights(events, self.weight_column)[inside].sum() > 0:
            raise MaplessError(f"window {self.window} holds no events; choose another window or sample")
        of_window = {name: values[inside] for name, values in scores.items()}
        return super().learn(events.where(inside), of_window, masses)
