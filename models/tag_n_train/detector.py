"""Tag N' Train: each jet is tagged by the image of the other one (arXiv:2002.12376, arXiv:2412.03747)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, Mask, column, event_weights, require
from models.events import fold as fold_of
from models.quantiles import QuantileMap
from models.saving import (
    read_arrays,
    saved_settings,
    stored_pins,
    write_arrays,
    write_folder,
    write_settings,
)
from models.tag_n_train.classifiers import Kind, jet_classifiers
from models.tag_n_train.labeller_settings import LabellerSettings
from models.tag_n_train.signal_rich import signal_rich_in
from models.tag_n_train.tagging import Jets, tagged
from models.weak_supervision.input_sets import Folds, Lesson, per_fold
from models.window import Window

if TYPE_CHECKING:
    from models.tag_n_train.labeller import Labeller

Array = NDArray[np.float64]


@dataclass
class TagNTrain(AnomalyDetector):
    """Classifier of jets whose partner looks anomalous to an autoencoder against those whose does not.

    Autoencoders learn images of jets in the sidebands of the window. A jet in the window whose partner they
    reproduce badly is signal-rich, one whose partner they reproduce well or of a sideband is background-rich
    (`models.tag_n_train.tagging`); one classifier of both kinds learns from the features of single jets, both
    jets of an event alike. The score is the product of the quantiles of its two outputs among the sideband
    events of the fold. It rests on the images of the two jets of background events being independent, which
    `models.tag_n_train.independence` tells of the other two scores: quantiles of the errors.

    Whatever tags, classifies or scores events of a fold has not seen it: neither has the autoencoder.

    Args:
        window: signal region and sidebands.
        inputs: columns of the two jets, as many of each and in the same order.
        match: for each jet the column, such as its pT, whose background-rich spectrum is reweighted to the
            signal-rich one.
        images: column of the image of each jet, such as "jet1_image" (n, size, size), by default those.
        folds: number of folds.
        signal_rich: quantile of the errors above which the partner is signal-rich (CMS: 0.8, 0.65 or 0.5), or
            one for each window by its name.
        background_rich: quantile below which it is background-rich.
        autoencoders: how many there are, two at least. Each sees the sidebands of the folds that the others
            hold out; CMS has one for each fold.
        n_images: most jets that each autoencoder learns from (CMS: 100,000).
        filters, dense, latent: see `models.tag_n_train.labeller_settings`; a large published architecture has
            (32, 24, 16), (128, 32) and 6.
        autoencoder_epochs, autoencoder_batch_size, autoencoder_learning_rate: see
            `models.stacked_training.Schedule`.
        classifier: "trees" or "networks", those of CWoLa Hunting, with `classifier_options`.
        weight_column: column of event weights, by default every event counts once.
        seed: the same seed gives the same scores on one machine.
        threads: of the trees, by default one per core; changes no result.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing or non-finite column, or a window
            or sideband without events.
    """

    scores = ("score", "first_autoencoder", "second_autoencoder")

    window: Window
    inputs: Mapping[str, Sequence[str]]
    match: Mapping[str, str] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    folds: int = 5
    signal_rich: float | Mapping[str, float] = 0.8
    background_rich: float = 0.5
    autoencoders: int = 2
    n_images: int = 20_000
    filters: Sequence[int] = (32, 16, 4)
    dense: Sequence[int] = (16,)
    latent: int = 6
    autoencoder_epochs: int = 10
    autoencoder_batch_size: int = 64
    autoencoder_learning_rate: float = 2e-3
    classifier: Kind = "trees"
    classifier_options: Mapping[str, Any] = field(default_factory=dict)
    weight_column: str | None = None
    seed: int = 1
    threads: int | None = field(default=None, compare=False)
    _labeller: "Labeller | None" = field(default=None, init=False, repr=False, compare=False)
    _error_maps: list[QuantileMap] = field(default_factory=list, init=False, repr=False, compare=False)
    _quantile_maps: list[list[QuantileMap]] = field(
        default_factory=list, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self.inputs = {name: tuple(columns) for name, columns in self.inputs.items()}
        self.images = {name: f"{name}_image" for name in self.inputs} | dict(self.images)
        self.filters, self.dense = tuple(self.filters), tuple(self.dense)
        widths = {len(columns) for columns in self.inputs.values()}
        if len(self.inputs) != 2 or len(widths) != 1 or 0 in widths:  # noqa: PLR2004  (each tags the other)
            raise MaplessError("inputs must be two jets with as many columns each")
        for what, named in (("match", self.match), ("images", self.images)):
            if named and named.keys() != self.inputs.keys():
                raise MaplessError(f"{what} names {', '.join(named)}, not {' and '.join(self.inputs)}")
        if not 2 <= self.autoencoders <= self.folds:  # noqa: PLR2004  (one holds out what the other sees)
            raise MaplessError(
                f"{self.autoencoders} autoencoders cannot each hold out some of {self.folds} folds; choose 2 "
                f"to {self.folds}"
            )
        signal_rich = signal_rich_in(self.window, self.signal_rich)
        if not 0 < self.background_rich <= signal_rich < 1:
            raise MaplessError(
                f"signal_rich {signal_rich} and background_rich {self.background_rich} must rise between 0 "
                "and 1"
            )
        self._labelling = LabellerSettings(
            self.autoencoders,
            self.n_images,
            self.filters,
            self.dense,
            self.latent,
            self.autoencoder_epochs,
            self.autoencoder_batch_size,
            self.autoencoder_learning_rate,
        )
        self._classifiers = jet_classifiers(
            self.classifier,
            self.classifier_options,
            self.window,
            next(iter(self.inputs.values())),
            self.folds,
            seed=self.seed,
            threads=self.threads,
        )

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """What is scored, the column of the window, and those that are matched."""
        weight = (self.weight_column,) if self.weight_column else ()
        needed = (*self.score_columns, self.window.column, *self.match.values(), *weight)
        return {"events": tuple(dict.fromkeys(needed))}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """Inputs and images of both jets, and the key that decides the fold."""
        inputs = (name for columns in self.inputs.values() for name in columns)
        return tuple(dict.fromkeys(("key", *inputs, *self.images.values())))

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train on the events of the window and its sidebands; others are ignored."""
        from models.tag_n_train.labeller import Labeller

        require(training["events"], self.columns["events"])
        events = training["events"].where(
            self.window.contains(column(training["events"], self.window.column))
        )
        mass, fold = column(events, self.window.column), fold_of(events, self.folds)
        weight = event_weights(events, self.weight_column)
        for held_out in range(self.folds):  # every fold must reach the window and both sidebands
            chosen = fold == held_out
            self.window.balanced_weights(mass[chosen], weight[chosen])
        features = self._features(events)
        matched = np.stack([column(events, name) for name in self.match.values()]) if self.match else None
        total = self.autoencoder_epochs + self._classifiers.steps

        def after(steps: int) -> Progress | None:
            return (lambda done, _: progress(steps + done, total)) if progress else None

        inside = self.window.in_signal_region(mass)
        side = ~inside
        self._labeller = Labeller.learn(
            tuple(self.images.values()),
            events.where(side),
            fold[side],
            weight[side],
            self._labelling,
            self.seed,
            after(0),
        )
        errors = np.zeros((self.autoencoders, 2, len(mass)))
        everywhere = np.ones(np.count_nonzero(inside), bool)
        errors[:, :, inside] = self._labeller.errors(events.where(inside), [everywhere] * self.autoencoders)
        self._error_maps = [  # autoencoders differ, so errors are compared with those of one
            QuantileMap.learn(one[:, inside & held].ravel(), np.tile(weight[inside & held], 2))
            for one, held in zip(errors, self._held_out(fold), strict=True)
        ]

        signal_rich = signal_rich_in(self.window, self.signal_rich)

        def lesson(_: int, held_out: int) -> Lesson:
            jets = Jets(mass, fold, weight, errors[held_out % self.autoencoders], matched)
            return tagged(jets, self.window, held_out, signal_rich, self.background_rich)

        self._classifiers.train_classifiers(
            [np.concatenate(features)], np.tile(fold, 2), lesson, after(self.autoencoder_epochs)
        )
        balanced = self.window.sideband_weights(mass, weight)[side]
        outputs, fold = self._classified(features[:, side], fold[side]), fold[side]
        chosen = [fold == held_out for held_out in range(self.folds)]
        self._quantile_maps = [[QuantileMap.learn(one[k], balanced[k]) for k in chosen] for one in outputs]
        return self

    def score(self, events: Events) -> dict[str, Array]:
        """Score events by what has not seen their fold, between 0 and 1.

        The other scores are quantiles of the errors of their images among jets of the window.
        """
        require(events, self.score_columns)
        fold = fold_of(events, self.folds)
        quantiles = per_fold(self._quantile_maps, self.outputs(events), fold)
        assert self._labeller is not None
        errors = self._labeller.held_out_errors(events, fold)
        for one_map, held in zip(self._error_maps, self._held_out(fold), strict=True):
            errors[:, held] = one_map(errors[:, held])
        return dict(zip(self.scores, (np.prod(quantiles, axis=0), *errors), strict=True))

    def outputs(self, events: Events) -> Array:
        """Output for both jets of the classifier that held out each event's fold, (2, n_events)."""
        if not self._quantile_maps:
            raise MaplessError("this Tag N' Train detector is not trained; call fit or load first")
        return self._classified(self._features(events), fold_of(events, self.folds))

    def save(self, folder: Path) -> None:
        """Write settings and all that was learnt into a folder; replaces what was there."""
        if self._labeller is None:
            raise MaplessError("this Tag N' Train detector is not trained; call fit before save")
        maps: dict[str, Any] = {
            f"quantiles_{jet}_{fold}": one_map.pins
            for jet, of_folds in enumerate(self._quantile_maps)
            for fold, one_map in enumerate(of_folds)
        }
        maps |= {f"errors_{member}": one_map.pins for member, one_map in enumerate(self._error_maps)}
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "tag_n_train.npz", self._labeller.arrays() | maps)
            self._classifiers.write_classifiers(beside)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        from models.tag_n_train.labeller import Labeller

        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "tag_n_train.npz")
            detector._labeller = Labeller.of_arrays(
                arrays, tuple(detector.images.values()), detector._labelling
            )
            detector._error_maps = [
                QuantileMap(stored_pins(arrays[f"errors_{member}"]))
                for member in range(detector.autoencoders)
            ]
            detector._quantile_maps = [
                [
                    QuantileMap(stored_pins(arrays[f"quantiles_{jet}_{fold}"]))
                    for fold in range(detector.folds)
                ]
                for jet in range(2)
            ]
            detector._classifiers.read_classifiers(folder)
        return detector

    def _held_out(self, fold: Folds) -> list[Mask]:
        """For each autoencoder the events (n_events,) of folds that it holds out."""
        return [fold % self.autoencoders == member for member in range(self.autoencoders)]

    def _features(self, events: Events) -> Array:
        """Features of both jets, (2, n_events, n_columns)."""
        jets = [np.stack([column(events, name) for name in names], axis=1) for names in self.inputs.values()]
        return np.stack(jets).astype(np.float64)

    def _classified(self, features: Array, fold: Folds) -> Array:
        outputs = self._classifiers.classify([np.concatenate(features)], np.tile(fold, 2))
        return outputs.reshape(2, len(fold))
