"""Autoencoder of a vector of numbers: an event that it cannot rebuild is unlike most (arXiv:2307.01612)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, finite, require
from models.option_types import AboveZero, AtLeastOne
from models.option_types import Share as ShareOfEvents
from models.saving import read_arrays, saved_settings, write_arrays, write_folder, write_settings

Floats = NDArray[np.float32]

_PARTS = 10_000  # into which the key of events puts them, to take a share
_VALIDATED = 0.3  # of what it learns from
_FEWEST = 100  # events to learn from
_READ_AT_ONCE = 8192


def median_member(losses: NDArray[np.float64]) -> int:
    """Which of several trainings has the median lowest loss, of losses (epochs, members).

    >>> median_member(np.array([[3.0, 1.0, 2.0], [0.5, 1.0, 0.7]]))
    2
    """
    lowest = losses.min(axis=0)
    return int(np.argsort(lowest)[(len(lowest) - 1) // 2])


@dataclass
class Autoencoder(AnomalyDetector):
    """Learns to rebuild a small share of the data; the score is the logarithm of its mean absolute error.

    Several networks start from different weights and train together; the one whose validation loss, the mean
    squared error, is the median is kept, as ATLAS does with 50 of them. ATLAS has layers of 800, 400, 200,
    400 and 800 units; here they are smaller and fewer by default, so that two cores need minutes.

    Args:
        inputs: column (n_events, n_inputs) of numbers between 0 and 1.
        share: of the events that it learns from, chosen by their key; 30 % of them validate (ATLAS: 0.01).
        starts: how many networks (ATLAS: 50).
        hidden: units of the layers before the latent one, mirrored behind it (ATLAS: 800, 400).
        latent: units of the latent layer (ATLAS: 200).
        epochs, batch_size, learning_rate, patience: of the training; the best epoch is kept.
        seed: of weights and the order of events.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a column that is missing, not finite or no
            vector, and too few events to learn from.
    """

    inputs: str
    share: ShareOfEvents = 0.01
    starts: AtLeastOne = 5
    hidden: Sequence[int] = (128, 64)
    latent: AtLeastOne = 32
    epochs: AtLeastOne = 50
    batch_size: AtLeastOne = 64
    learning_rate: AboveZero = 1e-3
    patience: AtLeastOne = 10
    seed: int = 1
    _weights: list[Floats] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.hidden = tuple(self.hidden)
        if any(units < 1 for units in self.hidden):
            raise MaplessError(f"hidden is {self.hidden}; an autoencoder needs units in every layer")

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The inputs, and the key that chooses the share."""
        return {"events": ("key", self.inputs)}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """The inputs."""
        return (self.inputs,)

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Train all networks on the share of the events, and keep the median one."""
        from models.autoencoder.network import Autoencoders
        from models.stacked_training import Schedule, Share, train

        events = training["events"]
        require(events, self.columns["events"])
        chosen = events.where(events["key"] % np.uint64(_PARTS) < self.share * _PARTS)
        if len(chosen) < _FEWEST:
            raise MaplessError(
                f"{len(chosen)} events are a share of {self.share:g} of {len(events):,}, too few to learn "
                "from; raise share"
            )
        table = np.concatenate([self._read(batch) for batch in chosen.batches([self.inputs], _READ_AT_ONCE)])
        order = np.random.default_rng(self.seed).permutation(len(table))
        validation, learnt = np.split(order, [round(_VALIDATED * len(table))])
        ones = np.ones(len(table), np.float32)
        share = Share(learnt, ones[learnt], validation, ones[validation])
        networks = Autoencoders(self.starts, table.shape[1], self.hidden, self.latent, self.seed)
        schedule = Schedule(self.epochs, min(self.batch_size, len(learnt)), self.learning_rate, self.patience)
        trained = train(
            networks.variables, networks.loss, [table], [share] * self.starts, schedule, self.seed, progress
        )
        median = median_member(trained.losses)
        self._weights = [weight[median : median + 1] for weight in trained.snapshots[0]]
        return self

    def score(self, events: Events) -> dict[str, NDArray[np.float64]]:
        """Score events, read in batches."""
        if not self._weights:
            raise MaplessError("this autoencoder is not trained; call fit or load first")
        from models.autoencoder.network import Autoencoders

        require(events, self.score_columns)
        network = Autoencoders(1, self._weights[0].shape[1], self.hidden, self.latent, self.seed)
        for variable, weight in zip(network.variables, self._weights, strict=True):
            variable.assign(weight)
        scores, start = np.empty(len(events)), 0
        for batch in events.batches([self.inputs], _READ_AT_ONCE):
            values = self._read(batch)
            error = np.abs(network.rebuilt(values[None])[0].numpy() - values).mean(axis=1, dtype=np.float64)
            scores[start : start + len(values)] = np.log(np.maximum(error, np.finfo(float).tiny))
            start += len(values)
        return {"score": scores}

    def save(self, folder: Path) -> None:
        """Write settings and weights into a folder; replaces what was there."""
        if not self._weights:
            raise MaplessError("this autoencoder is not trained; call fit before save")
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(beside / "weights.npz", {f"weight_{i}": one for i, one in enumerate(self._weights)})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        from models.autoencoder.network import Autoencoders

        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "weights.npz")
            detector._weights = [arrays[f"weight_{i}"] for i in range(len(arrays))]
            made = Autoencoders(1, detector._weights[0].shape[1], detector.hidden, detector.latent, 0)
            if [tuple(one.shape) for one in made.variables] != [one.shape for one in detector._weights]:
                raise ValueError("weights do not belong to its layers")
        return detector

    def _read(self, batch: Mapping[str, NDArray[np.generic]]) -> Floats:
        values = finite(self.inputs, np.asarray(batch[self.inputs]))
        if values.ndim != 2:  # noqa: PLR2004  (events and inputs)
            raise MaplessError(f"column '{self.inputs}' holds no vectors of one length; name another")
        return values.astype(np.float32)
