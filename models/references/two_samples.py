"""Classifiers of two samples, the references of weak supervision: how well could any detector do?"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, column, event_weights
from models.events import fold as fold_of
from models.option_types import AtLeastOne
from models.saving import read_arrays, saved_settings, write_arrays, write_folder, write_settings

Array = NDArray[np.float64]
Folds = NDArray[np.integer]


@dataclass(frozen=True)
class Samples:
    """Background and what it is told apart from, each weighing as much, in random order.

    Attributes:
        features: (n_events, n_features).
        labels: 0 for background and 1 for the other, (n_events,).
        weight: event weights, (n_events,).
        fold: 0 to folds - 1, (n_events,).
    """

    features: Array
    labels: NDArray[np.float32]
    weight: Array
    fold: Folds


@dataclass
class TwoSampleClassifier(AnomalyDetector):
    """Classifier of pure background against signal, or against data that hold some.

    The first is supervised: it knows the signal and is the best that these features allow. The second is what
    the literature calls idealised anomaly detection (arXiv:2109.00546): it knows no signal, but background as
    good as that of the data, so that it bounds what weak supervision can reach.

    Args:
        features: columns.
        against: "signal" (supervised) or "events" (idealised).
        folds: above one, classifiers of fold k never see events of fold k and are the only ones to score
            them; with one all events train, for scores of others.
        members: classifiers per fold whose decisions are averaged.
        weight_column: column of event weights; by default every event counts once.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing or non-finite column, or a sample
            without events.
    """

    features: Sequence[str]
    against: Literal["signal", "events"] = "signal"
    folds: int = 5
    members: AtLeastOne = 10
    weight_column: str | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        self.features = tuple(self.features)
        if not self.features or self.folds < 1:
            raise MaplessError("a classifier needs at least one feature and one fold")
        if self.against not in ("signal", "events"):
            raise MaplessError(f"background is told apart from signal or events, not '{self.against}'")
        self.roles = ("background", self.against)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The features, and what decides fold and weight, of both samples."""
        weight = (self.weight_column,) if self.weight_column else ()
        return {role: tuple(dict.fromkeys((*self.score_columns, *weight))) for role in self.roles}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The features, and the key where it decides the fold."""
        return tuple(dict.fromkeys((*self.features, *(("key",) if self.folds > 1 else ()))))

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Tell the background apart from the other sample."""
        parts = [training[role] for role in self.roles]
        weights = [event_weights(part, self.weight_column) for part in parts]
        for role, weight in zip(self.roles, weights, strict=True):
            if not weight.sum() > 0:
                raise MaplessError(f"there is no {role} to learn from; choose another sample or region")
        order = np.random.default_rng(self.seed).permutation(sum(map(len, weights)))
        sample = Samples(
            np.concatenate([self._features(part) for part in parts])[order],
            np.repeat([0, 1], [len(weight) for weight in weights]).astype(np.float32)[order],
            np.concatenate([weight / weight.mean() for weight in weights])[order],
            np.concatenate([self._fold(part) for part in parts])[order],
        )
        self._train(sample, progress)
        return self

    def score(self, events: Events) -> dict[str, Array]:
        """Score events by the mean decision of the classifiers of their fold, the logarithm of an odds."""
        return {"score": self._classify(self._features(events), self._fold(events))}

    def save(self, folder: Path) -> None:
        """Write settings and classifiers into a folder; replaces what was there."""
        arrays = self._arrays()
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "classifiers.npz", arrays)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        with saved_settings(folder) as settings:
            detector = cls(**settings)
            detector._take_arrays(read_arrays(folder / "classifiers.npz"))
        return detector

    @abstractmethod
    def _train(self, sample: Samples, progress: Progress | None) -> None:
        """Train the classifiers of all folds."""

    @abstractmethod
    def _classify(self, features: Array, fold: Folds) -> Array:
        """Mean decision of the classifiers of each event's fold, (n_events,); MaplessError if untrained."""

    @abstractmethod
    def _arrays(self) -> dict[str, Any]:
        """What was learnt, as numbers; MaplessError if nothing was."""

    @abstractmethod
    def _take_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Take what `_arrays` gave; ValueError or KeyError for anything else."""

    def _features(self, events: Events) -> Array:
        return np.stack([column(events, name) for name in self.features], axis=1).astype(np.float64)

    def _fold(self, events: Events) -> Folds:
        return fold_of(events, self.folds) if self.folds > 1 else np.zeros(len(events), np.intp)

    def _seen(self, sample: Samples, held_out: int) -> NDArray[np.bool_]:
        """Which events the classifiers of a fold may learn from, (n_events,)."""
        return (sample.fold != held_out) if self.folds > 1 else np.ones(len(sample.fold), bool)
