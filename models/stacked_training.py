"""Training of many small models as one: every weight carries a leading axis that counts the members.

Weak supervision needs hundreds of small networks (jets x folds x inner folds x windows). One at a time they
leave a processor idle between tiny matrix products; stacked, a training step of all of them is a few large
batched products. Each member still has its own events, weights, loss and best epochs: the gradient of the
summed loss with respect to one member's weights is that of its own loss alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.integer]
Loss = Callable[[Sequence[tf.Tensor], bool], tf.Tensor]
"""Of columns (members, batch, ...) and whether in training: the loss of every event (members, batch)."""

_EVALUATION_BATCH = 4096


@dataclass(frozen=True)
class Share:
    """One member's part of a table: rows to train on and rows to validate on, with their weights.

    All arrays are one-dimensional; `training_weights` belongs to `training` and `validation_weights` to
    `validation`, in the same order.
    """

    training: Rows
    training_weights: Floats
    validation: Rows
    validation_weights: Floats


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps the members train.

    Attributes:
        epochs: largest number of passes over the training rows.
        batch_size: rows of each member in one step.
        learning_rate: of the Adam optimiser at the start; it falls to zero along a cosine.
        patience: epochs without a better validation loss after which a member counts as finished; training
            ends early when all have.
        best_epochs: how many of the epochs with the lowest validation loss are kept, for each member its own.
        evaluated: rows of each member that are validated at once.
        compiled: whether XLA compiles the steps, which makes most networks faster, but not convolutions.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    best_epochs: int = 1
    evaluated: int = _EVALUATION_BATCH
    compiled: bool = True


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        losses: validation loss per epoch and member, (epochs trained, members).
        snapshots: the weights of the best epochs, the best first: one list of arrays (members, ...) each.
    """

    losses: NDArray[np.float64]
    snapshots: list[list[Floats]]


def train(
    variables: Sequence[Any],
    loss: Loss,
    table: Sequence[Floats],
    shares: Sequence[Share],
    schedule: Schedule,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Trained:
    """Train all members, each on its share of a table, and keep each member's weights of its best epochs.

    Args:
        variables: weights (members, ...), left as they are after the last epoch.
        loss: called with the columns of the table, gathered for every member.
        table: columns (n_rows, ...).
        shares: one per member.
        schedule: epochs, batch size, learning rate, patience and number of epochs to keep.
        seed: fixes the order of the rows.
        progress: called with (epochs done, epochs in total).
    """
    epoch_of = _training_epoch(variables, loss, schedule, _steps(shares, schedule))
    validation = batched(lambda columns: loss(columns, False), schedule.evaluated, compiled=schedule.compiled)
    random = np.random.default_rng(seed)
    columns = [tf.constant(column) for column in table]
    best = _BestEpochs(len(shares), schedule.best_epochs)
    for epoch in range(schedule.epochs):
        epoch_of(columns, *_shuffled(shares, schedule, random))
        of_events = validation(columns, [share.validation for share in shares])
        best.update(
            [
                float(np.average(one, weights=share.validation_weights))
                for one, share in zip(of_events, shares, strict=True)
            ],
            [variable.numpy() for variable in variables],
        )
        if progress:
            progress(epoch + 1, schedule.epochs)
        if best.epochs_since_improvement().min() >= schedule.patience:
            break
    return Trained(np.array(best.losses), best.snapshots())


def batched(
    function: Callable[[Sequence[tf.Tensor]], tf.Tensor],
    size: int = _EVALUATION_BATCH,
    *,
    compiled: bool = True,
) -> Callable[[Sequence[tf.Tensor], Sequence[Rows]], list[Floats]]:
    """Make a function of gathered columns one of columns (n_rows, ...) and rows, `size` at a time.

    What it returns is called with columns and one index array per member, and gives for each member the
    values of its rows, in their order.
    """
    of_batch = tf.function(function, jit_compile=compiled)  # of batches, whose shape is always the same

    def of_rows(columns: Sequence[tf.Tensor], rows: Sequence[Rows]) -> list[Floats]:
        longest = max(len(selected) for selected in rows)
        width = max(1, -(-longest // size)) * size
        padded = np.zeros((len(rows), width), np.int32)
        for member, selected in enumerate(rows):
            padded[member, : len(selected)] = selected
        parts = np.split(padded, width // size, axis=1)
        batches = ([tf.gather(column, part) for column in columns] for part in parts)
        outputs = np.concatenate([of_batch(batch).numpy() for batch in batches], axis=1)
        return [output[: len(selected)] for output, selected in zip(outputs, rows, strict=True)]

    return of_rows


class _BestEpochs:
    """Keeps, for every member on its own, the weights of its best epochs so far."""

    def __init__(self, members: int, wanted: int) -> None:
        self.losses: list[list[float]] = []
        self._weights: list[Floats] = []
        self._kept = np.full((wanted, members), np.inf)  # the losses of the epochs that are kept
        self._lowest = np.full(members, np.inf)
        self._best_epoch = np.zeros(members, int)

    def update(self, losses: list[float], weights: list[Floats]) -> None:
        better = np.array(losses) < self._lowest
        self._lowest = np.where(better, losses, self._lowest)
        self._best_epoch = np.where(better, len(self.losses), self._best_epoch)
        self.losses.append(losses)
        self._weights = self._weights or [np.stack([weight] * len(self._kept)) for weight in weights]
        worst = self._kept.argmax(axis=0)
        members = np.flatnonzero(np.array(losses) < self._kept[worst, range(len(losses))])
        self._kept[worst[members], members] = np.array(losses)[members]
        for kept, new in zip(self._weights, weights, strict=True):
            kept[worst[members], members] = new[members]

    def epochs_since_improvement(self) -> NDArray[np.integer]:
        return len(self.losses) - 1 - self._best_epoch

    def snapshots(self) -> list[list[Floats]]:
        order = self._kept.argsort(axis=0)[: len(self.losses)]
        members = np.arange(order.shape[1])
        return [[kept[place, members] for kept in self._weights] for place in order]


def _steps(shares: Sequence[Share], schedule: Schedule) -> int:
    return max(1, max(len(share.training) for share in shares) // schedule.batch_size)


def _shuffled(
    shares: Sequence[Share], schedule: Schedule, random: np.random.Generator
) -> tuple[NDArray[np.int32], Floats]:
    """Order each member's rows anew; rows and weights of shape (steps, members, batch).

    Members with fewer rows than the largest see some of theirs twice.
    """
    shape = (_steps(shares, schedule), len(shares), schedule.batch_size)
    rows, weights = np.empty(shape, np.int32), np.empty(shape, np.float32)
    for member, share in enumerate(shares):
        order = np.resize(random.permutation(len(share.training)), (shape[0], shape[2]))
        rows[:, member] = share.training[order]
        weights[:, member] = share.training_weights[order]
    return rows, weights


def _training_epoch(
    variables: Sequence[Any], loss: Loss, schedule: Schedule, steps: int
) -> Callable[..., None]:
    """Compile one epoch, all its steps in a single call."""
    rate = keras.optimizers.schedules.CosineDecay(schedule.learning_rate, steps * schedule.epochs)
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(variables)

    @tf.function(jit_compile=schedule.compiled)
    def epoch(columns: Sequence[tf.Tensor], rows: tf.Tensor, weights: tf.Tensor) -> None:
        for step in tf.range(tf.shape(rows)[0]):
            with tf.GradientTape() as tape:
                of_events = loss([tf.gather(column, rows[step]) for column in columns], True)
                total = tf.reduce_sum(tf.reduce_mean(weights[step] * of_events, axis=1))
            optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))

    return epoch
