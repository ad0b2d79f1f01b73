"""QUAK: events that are unlike background and like signals that were thought of beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, column, event_weights
from models.events import fold as fold_of
from models.folds import rotations
from models.option_types import AboveZero, AtLeastOne
from models.quak.signed_norm import signed_norm
from models.saving import (
    read_arrays,
    saved_settings,
    stored_pins,
    write_arrays,
    write_folder,
    write_settings,
)
from models.scikit.scalers import QuantileScaler

if TYPE_CHECKING:
    from models.quak.held_out_losses import HeldOutLosses, Sample

Array = NDArray[np.float64]
Folds = NDArray[np.integer]

_SMEARED = 0.5  # width that integers get, so that they have a density


@dataclass
class Quak(AnomalyDetector):
    """Losses of events under a density of the background and densities of groups of signals.

    A loss is how unlike a sample an event is. Losses are standardised to mean 0 and width 1 for background;
    those of all groups of signals are combined by their signed norm (arXiv:2412.03747, arXiv:2011.03550).
    The axes of this plane are the scores `background_loss` and `signal_likeness`, which is minus the combined
    loss. `score` is the signed norm of what the loss of the background has more than that of each group,
    standardised too: large where an event is more like one of the signals than like background.

    Densities of fold k never see events of fold k, of the background or of a signal. Autoencoders learn most
    from what they rebuild worst: a signal among events that they take for background is learnt as such.

    Args:
        observables: columns to describe, such as mass and substructure of each jet; integers are smeared by
            0.5 in training.
        priors: for each group of signals the roles that hold their events.
        background: role of what the background is learnt from, such as "events", the data themselves, or
            "background", a control region or a simulation.
        largest: events of the background, or of a group, that densities learn from at most.
        folds: number of folds.
        density: whether a loss is the error of an autoencoder, or minus the logarithm of the density by a
            flow.
        hidden, depth: units of the hidden layers on either side of an autoencoder and those of its latent
            layer, or units of the hidden layers of a flow and its number of blocks.
        epochs, signal_epochs, batch_size, signal_batch_size, learning_rate: of the densities, see
            `models.stacked_training.Schedule`; the best epoch is kept.
        power: of the signed norm.
        weight_column: column of event weights, by default every event counts once.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting, such as no prior; in `fit` and `score`, a missing or non-finite
            column; in `fit`, a sample without events in a fold.
    """

    scores = ("score", "background_loss", "signal_likeness")

    observables: Sequence[str]
    priors: Mapping[str, Sequence[str]]
    background: str = "events"
    largest: AtLeastOne = 50_000
    folds: int = 5
    density: Literal["autoencoders", "flows"] = "autoencoders"
    hidden: Sequence[AtLeastOne] = (32, 16)
    depth: AtLeastOne = 4
    epochs: AtLeastOne = 20
    signal_epochs: AtLeastOne = 60
    batch_size: AtLeastOne = 1024
    signal_batch_size: AtLeastOne = 256
    learning_rate: AboveZero = 2e-3
    power: AboveZero = 5.0
    weight_column: str | None = None
    seed: int = 1
    _scalers: list[QuantileScaler] = field(default_factory=list, init=False, repr=False, compare=False)
    _losses: list["HeldOutLosses"] = field(default_factory=list, init=False, repr=False, compare=False)
    _moments: Array = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.observables, self.hidden = tuple(self.observables), tuple(self.hidden)
        self.priors = {group: tuple(roles) for group, roles in self.priors.items()}
        if not self.observables:
            raise MaplessError("QUAK needs observables; name their columns")
        if not self.priors or not all(self.priors.values()):
            raise MaplessError("QUAK needs priors: name the samples of signals of each group")
        signals = [role for roles in self.priors.values() for role in roles]
        if self.background in signals:
            raise MaplessError(f"'{self.background}' is the background of QUAK; it cannot be a prior as well")
        self.roles = (self.background, *dict.fromkeys(signals))
        self._turns = rotations(self.folds, 1)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The observables, and what decides fold and weight, of every role."""
        weight = (self.weight_column,) if self.weight_column else ()
        return dict.fromkeys(self.roles, tuple(dict.fromkeys((*self.score_columns, *weight))))

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The observables, and what decides the fold."""
        return ("key", *self.observables)

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Learn the density of the background and those of all groups of signals."""
        random = np.random.default_rng(self.seed)
        background = self._sample("the background", [training[self.background]], random)
        signals = [
            self._sample(group, [training[role] for role in roles], random)
            for group, roles in self.priors.items()
        ]
        self._scalers = [
            QuantileScaler().fit(background.features[background.fold != held_out])
            for held_out in range(self.folds)
        ]
        self._learn(background, signals, progress)
        compared = _compared(self._of(background.features, background.fold))
        of_folds = [compared[background.fold == held_out] for held_out in range(self.folds)]
        self._moments = np.array([[one.mean(axis=0), one.std(axis=0)] for one in of_folds])
        return self

    def score(self, events: Events) -> dict[str, Array]:
        """Score events by the densities of their fold."""
        compared = _compared(self.outputs(events).T)
        mean, width = self._moments[fold_of(events, self.folds)].swapaxes(0, 1)
        background, signals, differences = np.split(
            (compared - mean) / width, [1, 1 + len(self.priors)], axis=1
        )
        return {
            "score": signed_norm(differences, self.power),
            "background_loss": background[:, 0],
            "signal_likeness": -signed_norm(signals, self.power),
        }

    def outputs(self, events: Events) -> Array:
        """Losses as they are, of the background and of each group of signals, (1 + n_groups, n_events)."""
        if not self._losses:
            raise MaplessError("this QUAK detector is not trained; call fit or load first")
        return self._of(self._features(events), fold_of(events, self.folds)).T

    def save(self, folder: Path) -> None:
        """Write settings, scalers, densities and moments into a folder; replaces what was there."""
        if not self._losses:
            raise MaplessError("this QUAK detector is not trained; call fit before save")
        knots = {
            f"knots_{held_out}_{feature}": values
            for held_out, scaler in enumerate(self._scalers)
            for feature, values in enumerate(scaler.knots_)
        }
        weights = {
            f"{name}_{i}": weight
            for name, losses in zip(("background", "signal"), self._losses, strict=True)
            for i, weight in enumerate(losses.weights)
        }
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "quak.npz", knots | weights | {"moments": self._moments})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "quak.npz")
            for held_out in range(detector.folds):
                scaler = QuantileScaler()
                scaler.knots_ = [
                    stored_pins(arrays[f"knots_{held_out}_{feature}"])
                    for feature in range(len(detector.observables))
                ]
                detector._scalers.append(scaler)
            detector._losses = detector._untrained()
            for name, losses in zip(("background", "signal"), detector._losses, strict=True):
                losses.weights = [arrays[f"{name}_{i}"] for i in range(len(losses.weights))]
            detector._moments = arrays["moments"]
            if detector._moments.shape != (detector.folds, 2, 1 + 2 * len(detector.priors)):
                raise ValueError("moments of other densities")
        return detector

    def _untrained(self) -> list["HeldOutLosses"]:
        """Densities of the background, and those of groups of signals."""
        from models.quak.held_out_losses import HeldOutLosses

        shape = len(self.observables), self.hidden, self.depth
        return [
            HeldOutLosses(self._scalers, self.density, samples, *shape, self.seed)
            for samples in (1, len(self.priors))
        ]

    def _learn(self, background: "Sample", signals: list["Sample"], progress: Progress | None) -> None:
        from models.stacked_training import Schedule

        total = self.epochs + self.signal_epochs

        def after(epochs: int) -> Progress | None:
            return (lambda done, _: progress(epochs + done, total)) if progress else None

        of_background, of_signals = self._losses = self._untrained()
        schedule = Schedule(self.epochs, self.batch_size, self.learning_rate, self.epochs)
        of_background.learn([background], self._turns, schedule, after(0))
        schedule = Schedule(
            self.signal_epochs, self.signal_batch_size, self.learning_rate, self.signal_epochs
        )
        of_signals.learn(signals, self._turns, schedule, after(self.epochs))

    def _of(self, features: Array, fold: Folds) -> Array:
        """Losses of the background and of each group of signals, (n_events, 1 + n_groups)."""
        return np.concatenate([losses(features, fold) for losses in self._losses], axis=1)

    def _features(self, events: Events) -> Array:
        return np.stack([column(events, name) for name in self.observables], axis=1).astype(np.float64)

    def _sample(self, name: str, parts: Sequence[Events], random: np.random.Generator) -> "Sample":
        """Some events of all parts, their integers smeared."""
        from models.quak.held_out_losses import Sample

        features = np.concatenate([self._features(events) for events in parts])
        weight = np.concatenate([event_weights(events, self.weight_column) for events in parts])
        fold = np.concatenate([fold_of(events, self.folds) for events in parts])
        integer = (features == np.rint(features)).all(axis=0)
        features += integer * random.normal(0, _SMEARED, features.shape)
        chosen = random.permutation(len(fold))[: self.largest]
        return Sample(name, features[chosen], weight[chosen], fold[chosen])


def _compared(losses: Array) -> Array:
    """Losses of the background and of each group, and what the former have more than each of these."""
    return np.concatenate([losses, losses[:, :1] - losses[:, 1:]], axis=1)
