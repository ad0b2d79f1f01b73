"""Fixed thresholds, as score > 0.5 in ATLAS H+X (arXiv:2306.03637)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from errors import MaplessError
from models.anomaly_detector import Scores
from models.cuts.learnt import ScoreCut
from models.events import Events, Mask


@dataclass
class ScoreAbove(ScoreCut):
    """Nested categories: events above thresholds that were chosen beforehand.

    Args:
        thresholds: of each category, such as the three of ATLAS jet+X {"10 pb": -9.10, "1 pb": -8.0,
            "0.1 pb": -6.7} (arXiv:2307.01612).
        score: see `models.cuts.learnt`.

    Raises:
        MaplessError: no threshold.
    """

    thresholds: Mapping[str, float] = field(default_factory=lambda: {"kept": 0.5})

    def __post_init__(self) -> None:
        if not self.thresholds:
            raise MaplessError("a cut needs at least one threshold")

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the thresholds."""
        return tuple(self.thresholds)

    @property
    def columns(self) -> tuple[str, ...]:
        """None."""
        return ()

    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Nothing is left to learn."""
        return self

    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> dict[str, Mask]:
        """Events above each threshold."""
        return {name: self.the_score(scores) > threshold for name, threshold in self.thresholds.items()}
