"""CWoLa Hunting as in CMS EXO-22-026 (arXiv:2412.03747): a network per input set, fold and inner fold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.anomaly_detector import Progress
from models.folds import rotations
from models.option_types import AboveZero, AtLeastOne, BelowOne
from models.preprocessing import GaussianMap
from models.saving import read_arrays, stored_pins, write_arrays
from models.weak_supervision.input_sets import (
    Array,
    Folds,
    Lesson,
    Lessons,
    WeakClassifiers,
    per_fold,
)

if TYPE_CHECKING:
    from models.ensembles import NetworkEnsemble
    from models.stacked_training import Share


@dataclass
class CWoLaHunting(WeakClassifiers):
    """Weakly supervised search in one window, with one network per input set, fold and inner fold.

    Networks of fold k see events of fold k neither in training nor in validation; the outputs of its inner
    networks are averaged. Everything else is in `models.weak_supervision.input_sets`.

    Args:
        inner_networks: networks averaged per fold and input set; their validation fold rotates (CMS: 4).
        hidden: units of the hidden layers (CMS: 64, 128, 128, 32, 16, 8).
        dropout: fraction of hidden units dropped in training (CMS: 0.2).
        epochs, batch_size, learning_rate, patience, best_epochs: see `models.stacked_training.Schedule`
            (CMS: 100, 256, 1e-3, 15).
    """

    inner_networks: AtLeastOne = 4
    hidden: Sequence[AtLeastOne] = (32, 32)
    dropout: BelowOne = 0.0
    epochs: AtLeastOne = 30
    batch_size: AtLeastOne = 1024
    learning_rate: AboveZero = 2e-3
    patience: AtLeastOne = 30
    best_epochs: AtLeastOne = 10
    _networks: "NetworkEnsemble" = field(init=False, repr=False, compare=False)
    _gaussian_maps: list[list[GaussianMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self.hidden = tuple(self.hidden)
        self._rotations = rotations(self.folds, self.inner_networks)
        self._width = max(len(columns) for columns in self.inputs.values())

    @property
    def steps(self) -> int:
        """One for each epoch, if none is saved by patience."""
        return self.epochs

    def train_classifiers(
        self, features: list[Array], fold: Folds, lessons: Lessons, progress: Progress | None
    ) -> None:
        """Train all networks at once."""
        from models.stacked_training import Schedule

        stacked = self._stacked(features)
        taught = [
            [lessons(place, held_out) for held_out in range(self.folds)] for place in range(len(stacked))
        ]
        self._gaussian_maps = [
            [GaussianMap.learn(of_set[lesson.rows]) for lesson in of_folds]
            for of_set, of_folds in zip(stacked, taught, strict=True)
        ]
        table = [
            gaussian_map(of_set).astype(np.float32)
            for of_set, maps in zip(stacked, self._gaussian_maps, strict=True)
            for gaussian_map in maps
        ]
        labels = np.zeros((len(stacked), self.folds, len(fold)), np.float32)
        for place, of_folds in enumerate(taught):
            for held_out, lesson in enumerate(of_folds):
                labels[place, held_out, lesson.rows] = lesson.labels
        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.patience, self.best_epochs)
        self._networks = self._untrained_networks()
        self._networks.fit(
            np.concatenate(table), labels.ravel(), self._shares(taught, fold), schedule, progress
        )

    def classify(self, features: list[Array], fold: Folds) -> Array:
        """Mean output of the networks that held out each fold, (n_input_sets, n_events)."""
        table = per_fold(self._gaussian_maps, self._stacked(features), fold).astype(np.float32)
        members = [(place, turn.held_out) for place in range(len(self.inputs)) for turn in self._rotations]
        chosen = [np.flatnonzero(fold == held_out) for held_out in range(self.folds)]
        rows = [chosen[held_out] + place * len(fold) for place, held_out in members]
        outputs = np.zeros((len(self.inputs), len(fold)))
        for (place, held_out), output in zip(
            members, self._networks.predict(np.concatenate(table), rows), strict=True
        ):
            outputs[place, chosen[held_out]] += output / self.inner_networks
        return outputs

    def write_classifiers(self, folder: Path) -> None:
        """Write networks and maps into one file."""
        arrays: dict[str, Any] = dict(self._networks.arrays())
        for place, maps in enumerate(self._gaussian_maps):
            for held_out, gaussian_map in enumerate(maps):
                for feature, pins in enumerate(gaussian_map.pins):
                    arrays[f"gaussian_map_{place}_{held_out}_{feature}"] = pins
        write_arrays(folder / "networks.npz", arrays)

    def read_classifiers(self, folder: Path) -> None:
        """Read what `write_classifiers` wrote."""
        self._networks = self._untrained_networks()
        places, folds, features = range(len(self.inputs)), range(self.folds), range(self._width)
        arrays = read_arrays(folder / "networks.npz")
        self._networks.take_arrays(arrays)
        self._gaussian_maps = [
            [
                GaussianMap([stored_pins(arrays[f"gaussian_map_{place}_{fold}_{i}"]) for i in features])
                for fold in folds
            ]
            for place in places
        ]

    def _stacked(self, features: list[Array]) -> Array:
        """Features as one array (n_input_sets, n_events, width); zeros, which teach nothing, fill it up."""
        filled = [np.pad(of_set, ((0, 0), (0, self._width - of_set.shape[1]))) for of_set in features]
        return np.stack(filled)

    def _untrained_networks(self) -> "NetworkEnsemble":
        from models.ensembles import NetworkEnsemble

        count = len(self.inputs) * len(self._rotations)
        return NetworkEnsemble(count, self._width, self.hidden, dropout=self.dropout, seed=self.seed)

    def _shares(self, taught: list[list[Lesson]], fold: Folds) -> list["Share"]:
        """Give each network, set by set and rotation by rotation, its rows of the table and their weights."""
        from models.stacked_training import Share

        shares = []
        for place, of_folds in enumerate(taught):
            for turn in self._rotations:
                lesson, first = of_folds[turn.held_out], (place * self.folds + turn.held_out) * len(fold)
                training = np.isin(fold[lesson.rows], turn.training)
                validation = fold[lesson.rows] == turn.validation
                shares.append(
                    Share(
                        first + lesson.rows[training],
                        lesson.weights[training],
                        first + lesson.rows[validation],
                        lesson.weights[validation],
                    )
                )
        return shares
