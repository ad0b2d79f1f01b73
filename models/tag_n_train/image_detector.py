"""Tag N' Train on images alone, whose classifiers tag again (arXiv:2002.12376)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, Mask, column, event_weights, require
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
from models.tag_n_train.classifier_settings import ClassifierSettings
from models.tag_n_train.image_tagging import Parts, Tagging
from models.tag_n_train.labeller_settings import LabellerSettings
from models.tag_n_train.signal_rich import signal_rich_in
from models.window import Window

if TYPE_CHECKING:
    from models.tag_n_train.image_networks import ImageNetworks

Array = NDArray[np.float64]

_FEWEST = 10  # events of the window in each half


@dataclass
class ImageTagNTrain(AnomalyDetector):
    """Classifiers of images of jets whose partner looks anomalous against those whose partner does not.

    First an autoencoder of each jet tags the other one: what it rebuilds badly makes its partner
    signal-rich, what it rebuilds well background-rich. A classifier of each jet learns to tell these; then
    it tags in place of the autoencoder, and another is trained, as often as `rounds` says. The score is the
    lower one of the quantiles of both jets among all events (outside of the window, if there is one), so that
    a threshold asks both jets to be above the same quantile.

    No network tags an event that it has learnt from: those of one half of the events tag the other half. The
    events of a fold are scored by what has seen none of them.

    Further scores: the quantile of the `first` and of the `second` jet, and the same three of autoencoders.

    Args:
        window: a jet is signal-rich only inside; events beyond the sidebands are not learnt from.
        any_mass: signal-rich jets may have any mass, and all events are learnt from, window or none.
        images: columns of the images of both jets, each (n_events, size, size), adding up to 1.
        match: for each jet the column, such as its pT, whose background-rich spectrum is reweighted to the
            signal-rich one.
        folds: number of folds, each with networks of its own.
        rounds: how often classifiers are trained; all but the first are tagged for by those before.
        signal_rich, background_rich: quantiles of the other jet's score above and below which a jet is so;
            the first also one for each window by its name.
        n_images: most images that each autoencoder learns from.
        filters, dense, latent: of the autoencoders, see `models.tag_n_train.labeller_settings`.
        autoencoder_epochs, autoencoder_batch_size, autoencoder_learning_rate: see
            `models.stacked_training.Schedule`.
        classifier_filters, classifier_dense, epochs, batch_size, learning_rate: of the classifiers, see
            `models.tag_n_train.image_classifiers`.
        weight_column: column of event weights, by default every event counts once.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing, non-finite or misshapen column,
            or too few events.
    """

    scores = ("score", "first", "second", "autoencoder", "first_autoencoder", "second_autoencoder")

    window: Window | None = None
    any_mass: bool = False
    images: Sequence[str] = ("jet1_image", "jet2_image")
    match: Mapping[str, str] = field(default_factory=dict)
    folds: AtLeastTwo = 2
    rounds: AtLeastOne = 2
    signal_rich: float | Mapping[str, float] = 0.8
    background_rich: float = 0.4
    n_images: int = 10_000
    filters: Sequence[int] = (32, 16, 4)
    dense: Sequence[int] = (16,)
    latent: int = 6
    autoencoder_epochs: int = 5
    autoencoder_batch_size: int = 64
    autoencoder_learning_rate: float = 2e-3
    classifier_filters: Sequence[Sequence[int]] = ((32, 8), (8, 4))
    classifier_dense: AtLeastOne = 16
    epochs: AtLeastOne = 8
    batch_size: AtLeastTwo = 200
    learning_rate: AboveZero = 1e-3
    weight_column: str | None = None
    seed: int = 1
    _networks: "ImageNetworks | None" = field(default=None, init=False, repr=False, compare=False)
    _maps: list[QuantileMap] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.images, self.filters, self.dense = tuple(self.images), tuple(self.filters), tuple(self.dense)
        self.classifier_filters = tuple(tuple(group) for group in self.classifier_filters)
        if len(self.images) != 2 or len(self.match) not in (0, 2):  # noqa: PLR2004  (each tags the other)
            raise MaplessError("images must be columns of two jets, and match a column of each or nothing")
        signal_rich = signal_rich_in(self.window, self.signal_rich)
        if not 0 < self.background_rich <= signal_rich < 1:
            raise MaplessError(
                f"signal_rich {signal_rich} and background_rich {self.background_rich} must rise "
                "between 0 and 1"
            )
        self._labelling = LabellerSettings(
            4 * self.folds,
            self.n_images,
            self.filters,
            self.dense,
            self.latent,
            self.autoencoder_epochs,
            self.autoencoder_batch_size,
            self.autoencoder_learning_rate,
        )
        self._classifying = ClassifierSettings(
            self.classifier_filters, self.classifier_dense, self.epochs, self.batch_size, self.learning_rate
        )

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Images, the key that decides folds and halves, what is matched, and the column of the window."""
        more: tuple[str, ...] = (self.window.column,) if self.window else ()
        more += (self.weight_column,) if self.weight_column else ()
        return {"events": tuple(dict.fromkeys((*self.score_columns, *self.match.values(), *more)))}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """Images, and the key that decides folds and halves."""
        return ("key", *self.images)

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train on all events, or those of the window and its sidebands."""
        from models.tag_n_train.image_lessons import ImageEvents
        from models.tag_n_train.image_networks import ImageNetworks, image_table

        events = training["events"]
        require(events, self.columns["events"])
        if self.window and not self.any_mass:
            events = events.where(self.window.contains(column(events, self.window.column)))
        in_window = self._in_window(events)
        inside = in_window | self.any_mass
        parts, weight = Parts.of(events, self.folds), event_weights(events, self.weight_column)
        matched = [column(events, name) for name in self.match.values()]
        if not all((parts.learnt_by(tagger) & inside).sum() >= _FEWEST for tagger in parts.taggers):
            raise MaplessError(
                f"{len(events):,} events, of which {inside.sum():,} may be signal-rich, are too few for "
                f"{self.folds} folds and two halves of each; take more, or a wider window"
            )
        images = image_table(self.images, events)
        self._networks = ImageNetworks.learn(
            ImageEvents(images, parts, inside, weight, np.concatenate(matched) if matched else None),
            Tagging(self.rounds, signal_rich_in(self.window, self.signal_rich), self.background_rich),
            self._labelling,
            self._classifying,
            self.seed,
            progress,
        )
        reference = ~in_window if self.window else in_window
        found = (self._networks.outputs(images, parts), self._networks.errors(images, parts))
        self._maps = []
        for values, members in zip(found, (parts.scorers, parts.taggers), strict=True):
            masks = [parts.scored_by(member) & reference for member in members]
            self._maps += [
                QuantileMap.learn(values[jet, mask], weight[mask])
                for mask, (*_, jet) in zip(masks, members, strict=True)
            ]
        return self

    def score(self, events: Events) -> dict[str, Array]:
        """Score events, read in batches, by what has not seen their fold; all between 0 and 1."""
        parts, found = self._found(events)
        quantiles = np.zeros_like(found)
        members = [(0, member) for member in parts.scorers] + [(1, member) for member in parts.taggers]
        for one_map, (kind, member) in zip(self._maps, members, strict=True):
            mask, jet = parts.scored_by(member), member[-1]
            quantiles[kind, jet, mask] = one_map(found[kind, jet, mask])
        return dict(
            zip(
                self.scores,
                [of_jets for kind in quantiles for of_jets in (kind.min(axis=0), *kind)],
                strict=True,
            )
        )

    def outputs(self, events: Events) -> Array:
        """Output for both jets of the classifiers that held out each event's fold, (2, n_events)."""
        return self._found(events)[1][0]

    def save(self, folder: Path) -> None:
        """Write settings and all that was learnt into a folder; replaces what was there."""
        if self._networks is None:
            raise MaplessError("this Tag N' Train detector is not trained; call fit before save")
        maps = {f"quantiles_{place}": one_map.pins for place, one_map in enumerate(self._maps)}
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "image_tag_n_train.npz", self._networks.arrays() | maps)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        from models.tag_n_train.image_networks import ImageNetworks

        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "image_tag_n_train.npz")
            detector._networks = ImageNetworks.of_arrays(arrays, detector._labelling, detector._classifying)
            n_maps = 2 * detector.folds + 4 * detector.folds  # of classifiers, and of autoencoders of halves
            detector._maps = [
                QuantileMap(stored_pins(arrays[f"quantiles_{place}"])) for place in range(n_maps)
            ]
        return detector

    def _in_window(self, events: Events) -> Mask:
        """Events (n_events,) of the window, all of them if there is none."""
        if self.window is None:
            return np.ones(len(events), np.bool_)
        return self.window.in_signal_region(column(events, self.window.column))

    def _found(self, events: Events) -> tuple[Parts, Array]:
        """Folds and halves of events; outputs of classifiers and errors of autoencoders, (2, 2, n_events)."""
        if self._networks is None:
            raise MaplessError("this Tag N' Train detector is not trained; call fit or load first")
        from models.tag_n_train.image_networks import read_images

        require(events, self.score_columns)
        parts, found, first = Parts.of(events, self.folds), np.zeros((2, 2, len(events))), 0
        for images in read_images(self.images, events):
            some = slice(first, first + len(images) // 2)
            of_some = Parts(parts.fold[some], parts.half[some], self.folds)
            found[0, :, some] = self._networks.outputs(images, of_some)
            found[1, :, some] = self._networks.errors(images, of_some)
            first = some.stop
        return parts, found
