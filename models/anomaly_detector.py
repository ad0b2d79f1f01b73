"""The contract of every anomaly detector."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.events import Events

Scores = Mapping[str, NDArray[np.float64]]
"""Scores by name, each (n_events,); the higher, the more anomalous."""

Progress = Callable[[int, int], None]
"""Called with (steps done, steps in total) while a detector trains."""


class AnomalyDetector(ABC):
    """Learns from events, mostly without labels, and scores others.

    A subclass is a dataclass whose fields are its settings, all JSON-able but for `window`. It may take
    `window` (a `models.window.Window`), `seed` and `folds`, which every search offers.

    Attributes:
        roles: names of the samples that `fit` needs, such as ("events",) or ("background", "signal").
        scores: names of the scores that `score` gives.
        folds: where it is above one, the events of a fold are scored by what never saw them.
    """

    roles: tuple[str, ...] = ("events",)
    scores: tuple[str, ...] = ("score",)
    folds: int = 1

    @property
    def learns_from_signal(self) -> bool:
        """Whether a signal in the data changes how much of it is selected.

        Then its efficiency is that of one strength of the signal, and limits need injections of several. What
        learns from none of the events that are searched has one efficiency, measured once.
        """
        return "events" in self.roles

    @property
    @abstractmethod
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Columns that `fit` reads of each role."""

    @property
    @abstractmethod
    def score_columns(self) -> tuple[str, ...]:
        """Columns that `score` reads."""

    @abstractmethod
    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train on the events of each role and return the detector itself."""

    @classmethod
    def fit_many(
        cls,
        detectors: Sequence[Self],
        trainings: Sequence[Mapping[str, Events]],
        progress: Progress | None = None,
    ) -> list[Self]:
        """Train several detectors of this class, such as those of all windows; ensembles do it at once."""

        def of_one(place: int) -> Progress | None:
            if progress is None:
                return None
            return lambda done, total: progress(place * total + done, len(detectors) * total)

        pairs = zip(detectors, trainings, strict=True)
        return [detector.fit(training, of_one(i)) for i, (detector, training) in enumerate(pairs)]

    @abstractmethod
    def score(self, events: Events) -> Scores:
        """Score events; each score (n_events,)."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the trained detector into a folder, complete or not at all."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote."""
