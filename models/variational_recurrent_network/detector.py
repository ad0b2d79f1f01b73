"""Variational recurrent network of jets (arXiv:2105.09274): how little their constituents surprise it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Progress
from models.events import Events, finite, fold, require
from models.folds import rotations
from models.option_types import AboveZero, AtLeastOne, NotNegative
from models.saving import read_arrays, saved_settings, write_arrays, write_folder, write_settings
from models.variational_recurrent_network.alignment import FEWEST, Floats, aligned_sequences, lengths

_READ_AT_ONCE = 512  # events
_SCORED_AT_ONCE = 4096  # jets
_MEAN_SCORE = 0.5
_FEWEST_JETS = 100  # to learn from

Losses = Callable[[Any, Any], Any]


@dataclass
class VariationalRecurrentNetwork(AnomalyDetector):
    """Learns from all jets of the data what follows what in a jet; the score is that of one jet of an event.

    The network reads constituents of an aligned jet one by one (`alignment`). At every step the latent
    numbers of a constituent diverge by some amount from what those before it let expect. The mean of this
    divergence over steps, each weighted by the mean pt of jets at that step, is D, and s = 1 - exp(-D). As in
    the public code a small one is anomalous: the score is 1 - s / 2 mean(s), so that 0.5 is the score of the
    mean jet that it learnt from, and more is more anomalous.

    Jets of one fold of the events are scored by a network that has learnt from the others; one of these
    validates, and the best epoch is kept. The learning rate falls along a cosine; the public code takes 100
    epochs at a constant 1e-5, which this shortens. Aligned jets of at most `length` constituents are held in
    memory, 12 bytes for each.

    Args:
        jets: columns of the constituents of the jets that it learns from, (n_events, particles, 3) as pt
            (GeV), eta and phi.
        scored: the one of them that is scored.
        length: largest number of constituents (public code: 20).
        hidden, latent: units of each layer and of the memory, and latent numbers (public code: 16 and 2).
        beta: weight of the divergence against the mean squared error (public code: 0.1).
        epochs, batch_size, learning_rate: of the training.
        folds: at least 3.
        seed: the same seed gives the same scores on one machine.

    Raises:
        MaplessError: an impossible setting; in `fit` and `score`, a missing, non-finite or misshapen column,
            or too few jets.
    """

    jets: Sequence[str]
    scored: str
    length: int = 20
    hidden: AtLeastOne = 16
    latent: AtLeastOne = 2
    beta: NotNegative = 0.1
    epochs: AtLeastOne = 10
    batch_size: AtLeastOne = 256
    learning_rate: AboveZero = 2e-3
    folds: int = 5
    seed: int = 1
    _weights: list[Floats] = field(default_factory=list, init=False, repr=False, compare=False)
    _step_weights: Floats = field(init=False, repr=False, compare=False)
    _means: NDArray[np.float64] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self.jets = tuple(self.jets)
        if self.scored not in self.jets:
            raise MaplessError(f"scored is {self.scored!r}, which is none of the jets; name it there too")
        if self.length < FEWEST:
            raise MaplessError(f"length is {self.length}; a jet has a shape from {FEWEST} constituents on")
        rotations(self.folds, 1)  # refuses too few

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """Constituents of all jets, and the key that puts events into folds."""
        return {"events": ("key", *self.jets)}

    @property
    def score_columns(self) -> tuple[str, ...]:
        """Constituents of one jet, and the key."""
        return ("key", self.scored)

    def fit(self, training: Mapping[str, Events], progress: Progress | None = None) -> Self:
        """Align the jets once, then train one network for each fold."""
        from models.variational_recurrent_network.network import (
            compiled_network,
            recurrent_network,
            training_step,
        )

        events = training["events"]
        require(events, self.columns["events"])
        sequences = self._read(events, self.jets)
        folds = np.repeat(fold(events, self.folds), len(self.jets))
        folds[lengths(sequences) == 0] = -1
        fewest = min(np.count_nonzero(folds == one) for one in range(self.folds))
        if fewest < _FEWEST_JETS:
            raise MaplessError(
                f"one of {self.folds} folds has {fewest} jets with {FEWEST} constituents or more, and the "
                f"network needs {_FEWEST_JETS}; take more events, or fewer folds"
            )
        sizes = self.length, self.hidden, self.latent
        network, losses = compiled_network(*sizes)
        network.set_weights(recurrent_network(*sizes, self.seed).get_weights())
        n_batches = max(len(sequences) * (self.folds - 2) // self.folds // self.batch_size, 1)
        step, begin = training_step(
            network, self.beta, self.learning_rate, self.epochs * n_batches, self.seed
        )
        trained: list[tuple[list[Floats], Floats, float]] = []
        for rotation in rotations(self.folds, 1):
            learnt_from = sequences[np.isin(folds, rotation.training)]
            validation = sequences[folds == rotation.validation]
            step_weights = _mean_pt(learnt_from)
            lowest = np.inf
            begin()
            for epoch in range(self.epochs):
                for batch in self._batches(learnt_from, (rotation.held_out, epoch)):
                    step(batch, step_weights)
                errors, divergences = _in_parts(losses, validation, step_weights)
                loss = float(np.mean(errors + self.beta * divergences))
                if loss < lowest:
                    lowest, best = loss, network.get_weights()
                if progress:
                    progress(rotation.held_out * self.epochs + epoch + 1, self.folds * self.epochs)
            if not np.isfinite(lowest):
                raise MaplessError(
                    "the loss of the variational recurrent network is no finite number; lower its "
                    "learning_rate"
                )
            network.set_weights(best)
            mean = float(_surprise(losses, learnt_from, step_weights).mean())
            trained.append((best, step_weights, mean))
        weights, step_weights_of, means = zip(*trained, strict=True)
        self._weights = [np.stack(one) for one in zip(*weights, strict=True)]
        self._step_weights, self._means = np.stack(step_weights_of), np.array(means)
        return self

    def score(self, events: Events) -> dict[str, NDArray[np.float64]]:
        """Score events, read in batches; a jet of fewer than three constituents has the score 0."""
        if not self._weights:
            raise MaplessError("this variational recurrent network is not trained; call fit or load first")
        from models.variational_recurrent_network.network import compiled_network

        require(events, self.score_columns)
        sequences, folds = self._read(events, [self.scored]), fold(events, self.folds)
        network, losses = compiled_network(self.length, self.hidden, self.latent)
        scores = np.zeros(len(events))
        folds[lengths(sequences) == 0] = -1
        for one in range(self.folds):
            network.set_weights([weights[one] for weights in self._weights])
            mine = folds == one
            surprise = _surprise(losses, sequences[mine], self._step_weights[one])
            scores[mine] = 1 - surprise * _MEAN_SCORE / self._means[one]
        return {"score": scores}

    def save(self, folder: Path) -> None:
        """Write settings, and weights of all folds, into a folder; replaces what was there."""
        if not self._weights:
            raise MaplessError("this variational recurrent network is not trained; call fit before save")
        arrays = {f"weight_{i}": weights for i, weights in enumerate(self._weights)}
        with write_folder(folder) as beside:
            write_settings(beside, self)
            write_arrays(
                beside / "networks.npz", arrays | {"step_weights": self._step_weights, "means": self._means}
            )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a detector that `save` wrote; MaplessError if there is none."""
        from models.variational_recurrent_network.network import recurrent_network

        with saved_settings(folder) as settings:
            detector = cls(**settings)
            arrays = read_arrays(folder / "networks.npz")
            detector._step_weights, detector._means = arrays.pop("step_weights"), arrays.pop("means")
            detector._weights = [arrays[f"weight_{i}"] for i in range(len(arrays))]
            network = recurrent_network(detector.length, detector.hidden, detector.latent, seed=0)
            expected = [*(tuple(one.shape) for one in network.weights), (detector.length,), ()]
            found: list[NDArray[Any]] = [*detector._weights, detector._step_weights, detector._means]
            if [(detector.folds, *shape) for shape in expected] != [one.shape for one in found]:
                raise ValueError("weights do not belong to its network and folds")
        return detector

    def _read(self, events: Events, jets: Sequence[str]) -> Floats:
        """Aligned jets (n_events * n_jets, length, 3), those of an event behind each other."""
        sequences = np.empty((len(events), len(jets), self.length, 3), np.float32)
        start = 0
        for batch in events.batches(jets, _READ_AT_ONCE):
            for place, name in enumerate(jets):
                values = finite(name, np.asarray(batch[name]))
                if values.ndim != 3 or values.shape[2] != 3:  # noqa: PLR2004
                    raise MaplessError(
                        f"column '{name}' has the shape {values.shape[1:]} per event, not (particles, 3): "
                        "pt, eta and phi of particles; select it with constituents"
                    )
                sequences[start : start + len(values), place] = aligned_sequences(values, self.length)
            start += len(values)
        return sequences.reshape(-1, self.length, 3)

    def _batches(self, sequences: Floats, of: tuple[int, int]) -> Iterator[Floats]:
        """Batches of jets in the order of a fold and an epoch."""
        order = np.random.default_rng((self.seed, *of)).permutation(len(sequences))
        for start in range(0, len(order), self.batch_size):
            yield sequences[order[start : start + self.batch_size]]


def _mean_pt(sequences: Floats) -> Floats:
    """Mean pt at every step of the jets that have it: (length,)."""
    pt = sequences[..., 0]
    return (pt.sum(axis=0) / np.maximum(np.count_nonzero(pt, axis=0), 1)).astype(np.float32)


def _surprise(losses: Losses, sequences: Floats, step_weights: Floats) -> NDArray[np.float64]:
    """1 - exp(-D) of jets, (n_jets,)."""
    return -np.expm1(-_in_parts(losses, sequences, step_weights)[1])


def _in_parts(losses: Losses, sequences: Floats, step_weights: Floats) -> NDArray[np.float64]:
    """Errors and divergences of jets, (2, n_jets)."""
    starts = range(0, max(len(sequences), 1), _SCORED_AT_ONCE)
    parts = [losses(sequences[i : i + _SCORED_AT_ONCE], step_weights) for i in starts]
    return np.concatenate([np.stack(part) for part in parts], axis=1).astype(float)
