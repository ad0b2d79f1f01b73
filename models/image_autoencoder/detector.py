"""Variational autoencoder of jet images: a jet of which it expects another picture is no background."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, finite, fold, require
from models.option_types import AboveZero, AtLeastOne
from models.saving import read_arrays, saved_settings, write_arrays, write_folder, write_settings

if TYPE_CHECKING:
    import keras

Floats = NDArray[np.float32]

_SCORED_AT_ONCE = 512  # events
_VALIDATION_FOLDS = 10  # one of them validates


@dataclass
class ImageAutoencoder(AnomalyDetector):
    """Learns images of jets of a control region; the scores combine the losses of both jets of an event.

    The convolutional variational autoencoder shown at CHEP 2019. One network for both jets; its loss is minus
    the logarithm of the likelihood of pixels that fall exponentially, with a rate for each that the network
    tells, and the Kullback-Leibler divergence of the latent numbers. The scores are the `sum` of both losses,
    that of the `first` and of the `second` jet, the lower one (`both` must be odd) and the higher one
    (`either`).

    One event in ten validates; the network of the best epoch is kept. The learning rate falls along a cosine.

    Args:
        images: columns of the images of both jets, each (n_events, size, size), adding up to 1.
        n_events: most events that it learns from (CHEP 2019: 120,000).
        latent: number of latent numbers.
        rates: lowest and highest rate of a pixel, which holds the inverse of it on average.
        epochs, batch_size, learning_rate: batches of events.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing, non-finite or misshapen column,
            or too few events.
    """

    roles = ("background",)
    scores = ("sum", "first", "second", "both", "either")

    images: tuple[str, str] = ("jet1_image", "jet2_image")
    n_events: AtLeastOne = 20_000
    latent: AtLeastOne = 5
    rates: tuple[float, float] = (1.0, 10_000.0)
    epochs: AtLeastOne = 8
    batch_size: AtLeastOne = 64
    learning_rate: AboveZero = 1e-3
    seed: int = 1
    _network: "keras.Model | None" = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        (first, second), (low, high) = self.images, self.rates
        self.images, self.rates = (first, second), (low, high)  # what is read from a file is a list
        if not 0 < low < high:
            raise MaplessError(f"rates are {low:g} and {high:g}; choose two that rise above 0")

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Images of the background, and the key that chooses what validates."""
        return {"background": ("key", *self.images)}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The images."""
        return self.images

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train on the background, which is read in batches once for every epoch."""
        from models.image_autoencoder.network import image_losses, image_network, training_step

        background = self._drawn(training["background"])
        validates = fold(background, _VALIDATION_FOLDS) == 0
        learnt_from, validation = background.where(~validates), background.where(validates)
        if len(learnt_from) < self.batch_size or not len(validation):
            raise MaplessError(
                f"{len(background):,} background events are too few for batches of {self.batch_size}; take a "
                "larger sample, or a smaller batch_size"
            )
        network = image_network(self._size(background), self.latent, self.rates, self.seed)
        steps = self.epochs * (len(learnt_from) // self.batch_size)
        step, losses = training_step(network, self.learning_rate, steps), image_losses(network)
        best, kept = np.inf, network.get_weights()
        for epoch in range(self.epochs):
            for batch in learnt_from.batches(self.images, self.batch_size, seed=self.seed, epoch=epoch):
                step(self._read(batch))
            validated = [losses(self._read(one)) for one in validation.batches(self.images, _SCORED_AT_ONCE)]
            loss = float(np.mean(np.concatenate(validated)))
            if loss < best:
                best, kept = loss, network.get_weights()
            if progress:
                progress(epoch + 1, self.epochs)
        if not np.isfinite(best):
            raise MaplessError("the loss of this image autoencoder is no finite number; lower learning_rate")
        network.set_weights(kept)
        self._network = network
        return self

    def score(self, events: Events) -> dict[str, NDArray[np.float64]]:
        """Score events, read in batches: the losses of both jets in five combinations, each (n_events,)."""
        if self._network is None:
            raise MaplessError("this image autoencoder is not trained; call fit or load first")
        from models.image_autoencoder.network import image_losses

        require(events, self.score_columns)
        losses, found, start = image_losses(self._network), np.empty((2, len(events))), 0
        for batch in events.batches(self.images, _SCORED_AT_ONCE):
            of_jets = losses(self._read(batch)).numpy().reshape(2, -1)
            found[:, start : start + of_jets.shape[1]] = of_jets
            start += of_jets.shape[1]
        combined = (found.sum(axis=0), *found, found.min(axis=0), found.max(axis=0))
        return dict(zip(self.scores, combined, strict=True))

    def save(self, folder: Path) -> None:
        """Write settings and weights into a folder; replaces what was there."""
        if self._network is None:
            raise MaplessError("this image autoencoder is not trained; call fit before save")
        weights = {f"network_{i}": weight for i, weight in enumerate(self._network.get_weights())}
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "network.npz", weights | {"size": np.array(self._network.input_shape[1])})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        from models.image_autoencoder.network import image_network

        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "network.npz")
            network = image_network(int(arrays["size"]), detector.latent, detector.rates, detector.seed)
            network.set_weights([arrays[f"network_{i}"] for i in range(len(network.weights))])
            detector._network = network
        return detector

    def _drawn(self, events: Events) -> Events:
        """As many events as it may learn from, drawn at random."""
        require(events, self.columns["background"])
        if len(events) <= self.n_events:
            return events
        drawn = np.zeros(len(events), np.bool_)
        drawn[np.random.default_rng(self.seed).choice(len(events), self.n_events, replace=False)] = True
        return events.where(drawn)

    def _size(self, events: Events) -> int:
        """Pixels along each side; MaplessError for what its layers cannot take."""
        from models.image_autoencoder.network import FEWEST_PIXELS

        size = int(self._read(next(iter(events.batches(self.images, _SCORED_AT_ONCE)))).shape[1])
        if size % 2 or size < FEWEST_PIXELS:
            raise MaplessError(f"images of {size} pixels; choose an even number from {FEWEST_PIXELS} on")
        return size

    def _read(self, batch: Mapping[str, NDArray[Any]]) -> Floats:
        """Images of the first jets and then of the second; MaplessError for what is no square image."""
        read = [finite(name, np.asarray(batch[name], np.float32)) for name in self.images]
        for name, one in zip(self.images, read, strict=True):
            if one.ndim != 3 or len(set(one.shape[1:])) != 1 or one.shape != read[0].shape:  # noqa: PLR2004
                raise MaplessError(
                    f"column '{name}' holds no square images of one size, but {one.shape[1:]} numbers"
                )
        return np.concatenate(read)
