"""CATHODE: background in a window interpolated by a conditional density, and compared with the data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, column, event_weights
from models.events import fold as fold_of
from models.folds import rotations
from models.option_types import AboveZero, AtLeastOne, AtLeastTwo
from models.quantiles import QuantileMap
from models.saving import (
    read_arrays,
    saved_settings,
    stored_pins,
    write_arrays,
    write_folder,
    write_settings,
)
from models.window import Window

if TYPE_CHECKING:
    from models.cathode.sideband_density import DensitySettings, SidebandDensity
    from models.ensembles import NetworkEnsemble

Array = NDArray[np.float64]
Folds = NDArray[np.integer]


@dataclass
class Cathode(AnomalyDetector):
    """Classifier of the events in a window against artificial ones, which a density learnt beside it gives.

    A flow learns the density of the features given the mass in the sidebands; events drawn from it at the
    masses of the window are background without signal (arXiv:2109.00546; CMS: arXiv:2412.03747, with the mass
    of the heavier jet, the difference of the masses and the tau41 of both). With `latent`, events are mapped
    to where that density is normal and compared with normal numbers there, also at other masses: LaCATHODE
    (arXiv:2210.14924), which sculpts the mass least.

    Flows and classifiers of fold k never see events of fold k. Their mean output is mapped to its quantile
    among the sideband events of the fold.

    Args:
        window: signal region and sidebands.
        features: columns; the mass is none of them.
        folds: number of folds.
        latent: compare where the background is normal.
        drawn: artificial events per event of the window.
        flow_blocks, flow_hidden, flow_bins: maps of a flow, hidden units of each and bins of their splines.
        flow_epochs, flow_batch_size, flow_learning_rate, flow_best_epochs: of the flows, as those below.
        inner_networks: classifiers averaged per fold; their validation fold rotates.
        hidden: units of the hidden layers of a classifier.
        epochs, batch_size, learning_rate, best_epochs: see `models.stacked_training.Schedule`; a classifier
            is the mean of its best epochs.
        weight_column: column of event weights, by default every event counts once.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing or non-finite column, or a window
            or sideband without events.
    """

    window: Window
    features: Sequence[str]
    folds: int = 5
    latent: bool = False
    drawn: AboveZero = 4.0
    flow_blocks: AtLeastOne = 4
    flow_hidden: Sequence[AtLeastOne] = (64, 64)
    flow_bins: AtLeastTwo = 8
    flow_epochs: AtLeastOne = 20
    flow_batch_size: AtLeastOne = 1024
    flow_learning_rate: AboveZero = 2e-3
    flow_best_epochs: AtLeastOne = 5
    inner_networks: AtLeastOne = 4
    hidden: Sequence[AtLeastOne] = (64, 64, 64)
    epochs: AtLeastOne = 20
    batch_size: AtLeastOne = 512
    learning_rate: AboveZero = 1e-3
    best_epochs: AtLeastOne = 5
    weight_column: str | None = None
    seed: int = 1
    _background: "SidebandDensity | None" = field(default=None, init=False, repr=False, compare=False)
    _networks: "NetworkEnsemble" = field(init=False, repr=False, compare=False)
    _quantile_maps: list[QuantileMap] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.features, self.hidden = tuple(self.features), tuple(self.hidden)
        self.flow_hidden = tuple(self.flow_hidden)
        if not self.features:
            raise MaplessError("CATHODE needs features; name their columns")
        self.window.require_unseen(self.features)
        if self.drawn <= 0:
            raise MaplessError(f"drawn is {self.drawn:g}; artificial events are a positive number")
        self._turns = rotations(self.folds, self.inner_networks)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The features, the mass, and what decides fold and weight."""
        weight = (self.weight_column,) if self.weight_column else ()
        return {"events": tuple(dict.fromkeys(("key", *self.features, self.window.column, *weight)))}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The features, what decides the fold, and the mass if events are mapped by it."""
        return ("key", *self.features, *((self.window.column,) if self.latent else ()))

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Learn the density in the sidebands and then the classifiers in the window."""
        from models.cathode.sideband_density import SidebandDensity

        events = training["events"]
        features, mass = self._features(events), column(events, self.window.column).astype(np.float64)
        weight, fold = event_weights(events, self.weight_column), fold_of(events, self.folds)
        for held_out in range(self.folds):  # refuses a window or sideband without events of a fold
            chosen = fold == held_out
            self.window.balanced_weights(mass[chosen], weight[chosen])
        total = self.flow_epochs + self.epochs
        first_turns = self._turns[:: self.inner_networks]

        def after(epochs: int) -> Progress | None:
            return (lambda done, _: progress(epochs + done, total)) if progress else None

        self._background = SidebandDensity.learn(
            self.window, (features, mass, weight, fold), first_turns, self._density(), self.seed, after(0)
        )
        inside = self.window.in_signal_region(mass)
        self._compare(features[inside], mass[inside], weight[inside], fold[inside], after(self.flow_epochs))
        side = self.window.contains(mass) & ~inside
        balanced = self.window.sideband_weights(mass, weight)[side]
        outputs = self._outputs(features[side], mass[side], fold[side])
        self._quantile_maps = [
            QuantileMap.learn(outputs[fold[side] == one], balanced[fold[side] == one])
            for one in range(self.folds)
        ]
        return self

    def score(self, events: Events) -> dict[str, Array]:
        """Score events by the classifiers of their fold, between 0 and 1 (most anomalous)."""
        outputs, fold = self.outputs(events), fold_of(events, self.folds)
        scores = np.empty(len(outputs))
        for held_out, quantile_map in enumerate(self._quantile_maps):
            scores[fold == held_out] = quantile_map(outputs[fold == held_out])
        return {"score": scores}

    def outputs(self, events: Events) -> Array:
        """Mean output of the classifiers that held out each event's fold, (n_events,)."""
        if self._background is None:
            raise MaplessError("this CATHODE detector is not trained; call fit or load first")
        mass = column(events, self.window.column).astype(np.float64) if self.latent else np.ones(len(events))
        return self._outputs(self._features(events), mass, fold_of(events, self.folds))

    def sample(self, masses: Array, seed: int) -> Array:
        """Draw one artificial event per mass (n,) by the flow of fold 0; features (n, n_features)."""
        if self._background is None:
            raise MaplessError("this CATHODE detector is not trained; call fit or load first")
        drawn = self._background.sample(0, masses, np.random.default_rng(seed))
        return self._background.scalers[0].inverse_transform(drawn)

    def save(self, folder: Path) -> None:
        """Write settings, flows, classifiers and quantile maps into a folder; replaces what was there."""
        if self._background is None:
            raise MaplessError("this CATHODE detector is not trained; call fit before save")
        maps: dict[str, Any] = {f"quantiles_{fold}": one.pins for fold, one in enumerate(self._quantile_maps)}
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "cathode.npz", self._background.arrays() | self._networks.arrays() | maps)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        from models.cathode.sideband_density import SidebandDensity

        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "cathode.npz")
            detector._background = SidebandDensity.of_arrays(
                arrays, detector.window, detector.folds, len(detector.features), detector._density()
            )
            detector._networks = detector._untrained_networks()
            detector._networks.take_arrays(arrays)
            detector._quantile_maps = [
                QuantileMap(stored_pins(arrays[f"quantiles_{fold}"])) for fold in range(detector.folds)
            ]
        return detector

    def _density(self) -> "DensitySettings":
        from models.cathode.sideband_density import DensitySettings

        return DensitySettings(
            self.flow_blocks,
            self.flow_hidden,
            self.flow_bins,
            self.flow_epochs,
            self.flow_batch_size,
            self.flow_learning_rate,
            self.flow_best_epochs,
        )

    def _features(self, events: Events) -> Array:
        return np.stack([column(events, name) for name in self.features], axis=1).astype(np.float64)

    def _untrained_networks(self) -> "NetworkEnsemble":
        from models.ensembles import NetworkEnsemble

        return NetworkEnsemble(len(self._turns), len(self.features), self.hidden, seed=self.seed)

    def _outputs(self, features: Array, mass: Array, fold: Folds) -> Array:
        """Mean output of the classifiers of each event's fold, (n_events,)."""
        chosen = [np.flatnonzero(fold == held_out) for held_out in range(self.folds)]
        seen = self._where_compared([features[one] for one in chosen], [mass[one] for one in chosen])
        first = np.cumsum([0, *map(len, chosen)])
        rows = [np.arange(first[turn.held_out], first[turn.held_out + 1]) for turn in self._turns]
        outputs = np.zeros(len(fold))
        predicted = self._networks.predict(np.concatenate(seen).astype(np.float32), rows)
        for turn, output in zip(self._turns, predicted, strict=True):
            outputs[chosen[turn.held_out]] += output / self.inner_networks
        return outputs

    def _where_compared(self, features: Sequence[Array], mass: Sequence[Array]) -> list[Array]:
        """What the classifiers of each fold see of some events, (n, n_features)."""
        assert self._background is not None
        scaled = self._background.scaled(features)
        return self._background.latent(scaled, mass) if self.latent else scaled

    def _compare(
        self, features: Array, mass: Array, weight: Array, fold: Folds, progress: Progress | None
    ) -> None:
        """Train the classifiers of events in the window against artificial ones."""
        from models.cathode.comparison import comparison
        from models.stacked_training import Schedule

        random = np.random.default_rng(self.seed)
        drawn = [self._drawn(one, mass, weight * (fold != one), random) for one in range(self.folds)]
        real = self._where_compared([features] * self.folds, [mass] * self.folds)
        learnt_from = comparison(real, drawn, weight, fold, self._turns, random)
        schedule = Schedule(
            self.epochs, self.batch_size, self.learning_rate, self.epochs, best_epochs=self.best_epochs
        )
        self._networks = self._untrained_networks()
        self._networks.fit(learnt_from.table, learnt_from.labels, learnt_from.shares, schedule, progress)

    def _drawn(self, held_out: int, mass: Array, weight: Array, random: np.random.Generator) -> Array:
        """Artificial events for a fold, at masses drawn by weight."""
        wanted = random.choice(mass, round(self.drawn * np.count_nonzero(weight)), p=weight / weight.sum())
        if self.latent:
            return random.normal(size=(len(wanted), len(self.features)))
        assert self._background is not None
        return self._background.sample(held_out, wanted, random)
