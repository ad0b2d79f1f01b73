"""CWoLa Hunting on named sets of inputs, whatever the classifier: samples, folds, weights, combined score.

If the window holds a resonance whose decay differs from the background, a classifier of window against
sidebands learns that difference without labels: arXiv:1902.02634 (method), arXiv:2412.03747 (CMS: one set of
inputs per jet), arXiv:2005.02983 (ATLAS: one set, the masses of both jets).
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, column, event_weights
from models.events import fold as fold_of
from models.preprocessing import match_spectrum
from models.quantiles import QuantileMap
from models.saving import (
    read_arrays,
    saved_settings,
    stored_pins,
    write_arrays,
    write_folder,
    write_settings,
)
from models.weak_supervision.combinations import COMBINATIONS
from models.window import Window

Array = NDArray[np.float64]
Folds = NDArray[np.integer]


@dataclass(frozen=True)
class Sample:
    """The events of a window and its sidebands, all arrays (n_events,) but for the features.

    Attributes:
        mass: the column of the window.
        fold: 0 to folds - 1.
        weight: event weights.
        features: of each input set, (n_events, n_columns).
        matched: of each input set the column whose spectrum is matched, if any.
    """

    mass: NDArray[Any]
    fold: Folds
    weight: Array
    features: list[Array]
    matched: list[NDArray[Any] | None]


@dataclass(frozen=True)
class Lesson:
    """What classifiers learn from: rows (n,) of events, with labels (n,), 0 or 1, and weights (n,)."""

    rows: NDArray[np.integer]
    labels: NDArray[Any]
    weights: NDArray[np.float32]


Lessons = Callable[[int, int], Lesson]
"""The lesson of an input set for the classifiers that hold out a fold, of which it has no events."""


@dataclass
class WeakClassifiers(AnomalyDetector):
    """Weakly supervised search in one window, with classifiers per input set and fold.

    Classifiers of fold k never see events of fold k and are the only ones to score them. For each fold and
    input set their output is mapped to its quantile among that fold's sideband events; then the quantiles of
    the sets are combined. What classifies is the business of the subclasses.

    Args:
        window: signal region and sidebands.
        inputs: columns of each input set, such as {"jet1": (...), "jet2": (...)}.
        match: for an input set the column, such as the jet's pT, whose sideband spectrum is reweighted to
            that of the signal region.
        folds: number of folds.
        combine: "max" (CMS CWoLa Hunting), "product" or "fisher" of the quantiles of the input sets.
        weight_column: column of event weights; by default every event counts once, as in data and in CMS
            trainings on simulation.
        view: name of one of `views`, whose columns are then the inputs, matched where `match` names its sets.
        views: inputs by name, which a search offers.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing or non-finite column, or a
            window or sideband without events.
    """

    window: Window
    inputs: Mapping[str, Sequence[str]]
    match: Mapping[str, str] = field(default_factory=dict)
    folds: int = 5
    combine: str = "max"
    weight_column: str | None = None
    view: str | None = None
    views: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    seed: int = 1
    _quantile_maps: list[list[QuantileMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if self.combine not in COMBINATIONS:
            raise MaplessError(f"cannot combine by '{self.combine}'; choose {' or '.join(COMBINATIONS)}")
        if self.folds < 2:  # noqa: PLR2004  (one to learn from, one to score)
            raise MaplessError(f"{self.folds} folds are too few; choose at least 2")
        if self.view is not None:
            if self.view not in self.views:
                raise MaplessError(
                    f"no view is called '{self.view}'; known: {', '.join(self.views) or 'none'}"
                )
            self.inputs = self.views[self.view]
            self.match = {name: one for name, one in self.match.items() if name in self.inputs}
        self.view, self.views = None, {}  # the inputs say it all
        if not self.inputs or not all(self.inputs.values()):
            raise MaplessError("an input set is empty; name its columns")
        self.window.require_unseen(chain(*self.inputs.values()))
        for name in self.match:
            if name not in self.inputs:
                raise MaplessError(f"match names '{name}', but the inputs are {', '.join(self.inputs)}")
        self.inputs = {name: tuple(columns) for name, columns in self.inputs.items()}
        self.match = dict(self.match)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The inputs, the column of the window, and those that are matched."""
        weight = (self.weight_column,) if self.weight_column else ()
        needed = (*self.score_columns, self.window.column, *self.match.values(), *weight)
        return {"events": tuple(dict.fromkeys(needed))}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The inputs, and the key that decides the fold."""
        inputs = (name for columns in self.inputs.values() for name in columns)
        return tuple(dict.fromkeys(("key", *inputs)))

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train on the events of the window and its sidebands; others are ignored."""
        sample = self._sample(training["events"])
        self.train_classifiers(sample.features, sample.fold, partial(self._lesson, sample), progress)
        self._quantile_maps = self._learn_quantile_maps(sample)
        return self

    def score(self, events: Events) -> dict[str, Array]:
        """Score events by the classifiers of their fold, between 0 and 1 (most anomalous)."""
        return {"score": COMBINATIONS[self.combine](self.quantiles(events))}

    def quantiles(self, events: Events) -> Array:
        """Fraction of sideband events that are less anomalous, (n_input_sets, n_events)."""
        return per_fold(self._quantile_maps, self.outputs(events), fold_of(events, self.folds))

    def outputs(self, events: Events) -> Array:
        """Output of the classifiers that held out each event's fold, (n_input_sets, n_events)."""
        if not self._quantile_maps:
            raise MaplessError("this CWoLa Hunting detector is not trained; call fit or load first")
        return self.classify(self._features(events), fold_of(events, self.folds))

    def save(self, folder: Path) -> None:
        """Write settings, quantile maps and classifiers into a folder; replaces what was there."""
        if not self._quantile_maps:
            raise MaplessError("this CWoLa Hunting detector is not trained; call fit before save")
        maps: dict[str, Any] = {
            f"{place}_{fold}": one_map.pins
            for place, of_folds in enumerate(self._quantile_maps)
            for fold, one_map in enumerate(of_folds)
        }
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "quantile_maps.npz", maps)
            self.write_classifiers(beside)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        with saved_settings(folder) as settings:
            detector = cls(**settings)
            maps = read_arrays(folder / "quantile_maps.npz")
            detector._quantile_maps = [
                [QuantileMap(stored_pins(maps[f"{place}_{fold}"])) for fold in range(detector.folds)]
                for place in range(len(detector.inputs))
            ]
            detector.read_classifiers(folder)
        return detector

    @property
    @abstractmethod
    def steps(self) -> int:
        """How often training reports its progress."""

    @abstractmethod
    def train_classifiers(
        self, features: list[Array], fold: Folds, lessons: Lessons, progress: Progress | None
    ) -> None:
        """Train on features (n_events, n_columns) of each input set, and folds (n_events,)."""

    @abstractmethod
    def classify(self, features: list[Array], fold: Folds) -> Array:
        """Output of the classifiers that held out each fold, (n_input_sets, n_events)."""

    @abstractmethod
    def write_classifiers(self, folder: Path) -> None:
        """Write the trained classifiers into a folder."""

    @abstractmethod
    def read_classifiers(self, folder: Path) -> None:
        """Read the classifiers that `write_classifiers` wrote; ValueError or KeyError for anything else."""

    def _sample(self, events: Events) -> Sample:
        inside = self.window.contains(column(events, self.window.column))
        matched = [self.match.get(name) for name in self.inputs]
        sample = Sample(
            column(events, self.window.column)[inside],
            fold_of(events, self.folds)[inside],
            event_weights(events, self.weight_column)[inside],
            [features[inside] for features in self._features(events)],
            [None if name is None else column(events, name)[inside] for name in matched],
        )
        for held_out in range(self.folds):  # every fold must reach the window and both sidebands
            chosen = sample.fold == held_out
            self.window.balanced_weights(sample.mass[chosen], sample.weight[chosen])
        return sample

    def _features(self, events: Events) -> list[Array]:
        """Features of each input set, (n_events, n_columns)."""
        return [
            np.stack([column(events, name) for name in columns], axis=1).astype(np.float64)
            for columns in self.inputs.values()
        ]

    def _learn_quantile_maps(self, sample: Sample) -> list[list[QuantileMap]]:
        weights = self.window.sideband_weights(sample.mass, sample.weight)
        side = weights > 0
        fold, weights = sample.fold[side], weights[side]
        outputs = self.classify([features[side] for features in sample.features], fold)
        chosen = [fold == held_out for held_out in range(self.folds)]
        return [[QuantileMap.learn(output[one], weights[one]) for one in chosen] for output in outputs]

    def _lesson(self, sample: Sample, place: int, held_out: int) -> Lesson:
        """Signal region against sidebands, outside of a fold; weights have mean 1."""
        rows = np.flatnonzero(sample.fold != held_out)
        mass, labels = sample.mass[rows], self.window.in_signal_region(sample.mass[rows])
        weights = self.window.balanced_weights(mass, sample.weight[rows])
        matched = sample.matched[place]
        if matched is not None:
            values = matched[rows]
            weights[~labels] = match_spectrum(
                values[~labels], weights[~labels], values[labels], weights[labels]
            )
        return Lesson(rows, labels, (weights / weights.mean()).astype(np.float32))


def per_fold(maps: Sequence[Sequence[Callable[[Array], Array]]], values: Array, fold: Folds) -> Array:
    """Apply the map of its input set and fold to each event's values, (n_input_sets, n_events, ...)."""
    mapped = np.empty(values.shape)
    for place, of_folds in enumerate(maps):
        for held_out, one_map in enumerate(of_folds):
            chosen = fold == held_out
            mapped[place, chosen] = one_map(values[place, chosen])
    return mapped
