"""The contract of what turns scores into categories of events."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Self

from models.anomaly_detector import Scores
from models.events import Events, Mask


class AnomalyCut(ABC):
    """Learns from scored events where to cut, and sorts events into categories.

    A subclass is a dataclass whose fields are its settings, all JSON-able but for `window`. It may take
    `window` (a `models.window.Window`) and `column` (the mass that its spectrum is in), which every search
    offers.

    Attributes:
        per_mass: whether categories depend on the mass hypothesis.
    """

    per_mass: ClassVar[bool] = False

    @property
    @abstractmethod
    def categories(self) -> tuple[str, ...]:
        """Names of the categories, in order."""

    @property
    def exclusive(self) -> bool:
        """Whether no event is in two categories, so that they can be fitted together."""
        return len(self.categories) == 1

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Columns of events that `learn` and `masks` read."""

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of the scores that it asks for; none if it takes the only one, or the one called "score"."""
        return ()

    @abstractmethod
    def learn(self, events: Events, scores: Scores, masses: Sequence[float] = ()) -> Self:
        """Learn from events with their scores, and the mass hypotheses (GeV) to come; return itself."""

    @abstractmethod
    def masks(self, events: Events, scores: Scores, mass: float | None = None) -> Mapping[str, Mask]:
        """Which events (n_events,) are in each category, for a mass hypothesis (GeV) if `per_mass`."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write what was learnt into a folder."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read a cut that `save` wrote."""
