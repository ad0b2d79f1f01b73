"""Keeps a fraction of the sidebands of a window, as CMS EXO-22-026 (arXiv:2412.03747)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import ScoreCut, check_fractions
from models.events import Events, Mask, column, event_weights
from models.quantiles import weighted_quantile
from models.window import Window


@dataclass
class SidebandEfficiency(ScoreCut):
    """Category "kept": events above the score that a fraction of the sidebands exceeds.

    Both sidebands count equally; the cut applies to events of any mass.

    Args:
        window: whose sidebands define the fraction.
        kept: the fraction, or one for each window by its name.
        score, weight_column: see `models.cuts.learnt`.

    Raises:
        MaplessError: no fraction for this window, or one that is not between 0 and 1.
    """

    window: Window
    kept: float | Mapping[str, float] = 0.01

    def __post_init__(self) -> None:
        of_windows = self.kept if isinstance(self.kept, Mapping) else {self.window.name: self.kept}
        check_fractions(of_windows)
        if self.window.name not in of_windows:
            known = ", ".join(of_windows)
            raise MaplessError(f"kept has no fraction for window {self.window}; it has {known}")

    @property
    def categories(self) -> tuple[str, ...]:
        """The one category."""
        return ("kept",)

    @property
    def columns(self) -> tuple[str, ...]:
        """The column of the window, and the weights."""
        return (self.window.column, *((self.weight_column,) if self.weight_column else ()))

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Find the threshold on the sidebands of these events."""
        kept = self.kept[self.window.name] if isinstance(self.kept, Mapping) else self.kept
        weight = event_weights(events, self.weight_column)
        weight = self.window.sideband_weights(column(events, self.window.column), weight)
        self._learnt = {"threshold": weighted_quantile(self.the_score(scores), weight, 1 - kept)}
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events above the threshold."""
        return {"kept": self.the_score(scores) > self.learnt("threshold")}
