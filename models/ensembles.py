"""Many small networks trained as one: every layer carries a leading axis that counts the networks.

Weak supervision needs hundreds of small classifiers (jets x folds x inner folds x windows). One at a time
they leave a processor idle between tiny matrix products; stacked, a training step of all of them is a few
large batched products. Each network still has its own events, weights, loss and best epoch: the gradient of
the summed loss with respect to one network's weights is that of its own loss alone.
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

_PREDICTION_BATCH = 4096


@dataclass(frozen=True)
class Share:
    """One network's part of the feature table: rows to train on and rows to validate on, with their weights.

    All arrays are one-dimensional; `training_weights` belongs to `training` and `validation_weights` to
    `validation`, in the same order.
    """

    training: Rows
    training_weights: Floats
    validation: Rows
    validation_weights: Floats


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps an ensemble trains.

    Attributes:
        epochs: largest number of passes over the training rows.
        batch_size: rows of each network in one step.
        learning_rate: of the Adam optimiser at the start; it falls to zero along a cosine.
        patience: epochs without a better validation loss after which a network counts as finished; training
            ends early when all have.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    patience: int


class StackedDense(keras.Layer):
    """One dense layer per network: (networks, batch, inputs) to (networks, batch, units)."""

    def __init__(self, units: int, start: keras.Initializer | str, **options: Any) -> None:
        super().__init__(**options)
        self.units = units
        self.start = start

    def build(self, shape: tuple[int, ...]) -> None:
        """Create a kernel and a bias for every network."""
        networks, _, inputs = shape
        kernels = (networks, inputs, self.units)
        self.kernel = self.add_weight(name="kernel", shape=kernels, initializer=self.start)
        self.bias = self.add_weight(name="bias", shape=(networks, 1, self.units), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Multiply each network's batch by its own kernel."""
        return keras.ops.matmul(inputs, self.kernel) + self.bias


def stacked_classifier(
    networks: int, features: int, hidden: Sequence[int], dropout: float, seed: int
) -> keras.Model:
    """Build the Keras model of `networks` independent classifiers with a common architecture.

    Input (networks, batch, features), output (networks, batch): the logit of the signal region. Hidden layers
    are LeakyReLU(0.01), each followed by dropout if `dropout` is positive. The last layer starts at zero: a
    weak classifier is better learnt from no opinion than from a random one.
    """
    inputs = keras.Input(batch_shape=(networks, None, features))
    x = inputs
    for depth, units in enumerate(hidden):
        limit = np.sqrt(6 / x.shape[-1])  # He-uniform, as if every network were alone
        start = keras.initializers.RandomUniform(-limit, limit, seed=seed + depth)
        x = keras.ops.leaky_relu(StackedDense(units, start)(x), 0.01)
        x = keras.layers.Dropout(dropout, seed=seed + depth)(x) if dropout else x
    logits = StackedDense(1, "zeros")(x)
    return keras.Model(inputs, keras.ops.squeeze(logits, axis=-1))


class NetworkEnsemble:
    """Binary classifiers of one architecture, trained at once on different rows of one feature table.

    Args:
        networks: how many.
        features: number of input features.
        hidden: units of the hidden layers.
        dropout: fraction of units dropped in training after each hidden layer.
        seed: fixes initial weights, dropout and the order of the rows.
    """

    def __init__(
        self, networks: int, features: int, hidden: Sequence[int], *, dropout: float = 0.0, seed: int = 1
    ) -> None:
        self.networks = networks
        self.seed = seed
        self.model = stacked_classifier(networks, features, hidden, dropout, seed)
        self._forward = tf.function(self._probabilities, jit_compile=True)

    def fit(
        self,
        table: Floats,
        labels: Floats,
        shares: Sequence[Share],
        schedule: Schedule,
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float64]:
        """Train every network on its share and keep its weights of the epoch with the lowest validation loss.

        Args:
            table: features of order one, shape (n_rows, n_features).
            labels: 0 or 1, shape (n_rows,).
            shares: one per network.
            schedule: epochs, batch size, learning rate and patience.
            progress: called with (epochs done, epochs in total).

        Returns:
            validation loss per epoch and network, shape (epochs trained, networks).
        """
        train = _training_epoch(self.model, schedule, _steps(shares, schedule))
        random = np.random.default_rng(self.seed)
        device_table, device_labels = tf.constant(table), tf.constant(labels)
        best = _BestWeights(self.networks)
        for epoch in range(schedule.epochs):
            train(device_table, device_labels, *_shuffled(shares, schedule, random))
            best.update(self._validation_losses(device_table, labels, shares), self.model)
            if progress:
                progress(epoch + 1, schedule.epochs)
            if best.epochs_since_improvement().min() >= schedule.patience:
                break
        self.model.set_weights(best.weights)
        return np.array(best.losses)

    def predict(self, table: Floats, rows: Sequence[Rows]) -> list[Floats]:
        """Evaluate every network on its own rows of a table.

        Args:
            table: features, shape (n_rows, n_features).
            rows: one index array per network.

        Returns:
            for each network the probabilities of its rows, in their order.
        """
        table = tf.constant(table)
        longest = max(len(selected) for selected in rows)
        padded = np.zeros((self.networks, -(-longest // _PREDICTION_BATCH) * _PREDICTION_BATCH), np.int32)
        for network, selected in enumerate(rows):
            padded[network, : len(selected)] = selected
        parts = np.split(padded, padded.shape[1] // _PREDICTION_BATCH, axis=1) if longest else [padded]
        outputs = np.concatenate([self._forward(table, part).numpy() for part in parts], axis=1)
        return [output[: len(selected)] for output, selected in zip(outputs, rows, strict=True)]

    def _probabilities(self, table: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        return tf.sigmoid(self.model(tf.gather(table, rows), training=False))

    def _validation_losses(self, table: tf.Tensor, labels: Floats, shares: Sequence[Share]) -> list[float]:
        predictions = self.predict(table, [share.validation for share in shares])
        return [
            _cross_entropy(probability, labels[share.validation], share.validation_weights)
            for probability, share in zip(predictions, shares, strict=True)
        ]


class _BestWeights:
    """Keeps, for every network on its own, the weights of its best epoch so far."""

    def __init__(self, networks: int) -> None:
        self.losses: list[list[float]] = []
        self.weights: list[Floats] = []
        self._lowest = np.full(networks, np.inf)
        self._best_epoch = np.zeros(networks, int)

    def update(self, losses: list[float], model: keras.Model) -> None:
        better = np.array(losses) < self._lowest
        self._lowest = np.where(better, losses, self._lowest)
        self._best_epoch = np.where(better, len(self.losses), self._best_epoch)
        self.losses.append(losses)
        current = model.get_weights()
        self.weights = self.weights or current
        for kept, new in zip(self.weights, current, strict=True):
            kept[better] = new[better]

    def epochs_since_improvement(self) -> NDArray[np.integer]:
        return len(self.losses) - 1 - self._best_epoch


def _steps(shares: Sequence[Share], schedule: Schedule) -> int:
    return max(1, max(len(share.training) for share in shares) // schedule.batch_size)


def _shuffled(
    shares: Sequence[Share], schedule: Schedule, random: np.random.Generator
) -> tuple[NDArray[np.int32], Floats]:
    """Order each network's rows anew; rows and weights of shape (steps, networks, batch).

    Networks with fewer rows than the largest see some of theirs twice.
    """
    shape = (_steps(shares, schedule), len(shares), schedule.batch_size)
    rows, weights = np.empty(shape, np.int32), np.empty(shape, np.float32)
    for network, share in enumerate(shares):
        order = np.resize(random.permutation(len(share.training)), (shape[0], shape[2]))
        rows[:, network] = share.training[order]
        weights[:, network] = share.training_weights[order]
    return rows, weights


def _training_epoch(model: keras.Model, schedule: Schedule, steps: int) -> Callable[..., None]:
    """Compile one epoch, all its steps in a single call, for a model and schedule."""
    rate = keras.optimizers.schedules.CosineDecay(schedule.learning_rate, steps * schedule.epochs)
    optimizer = keras.optimizers.Adam(rate)
    variables = model.trainable_variables
    optimizer.build(variables)

    @tf.function(jit_compile=True)
    def epoch(table: tf.Tensor, labels: tf.Tensor, rows: tf.Tensor, weights: tf.Tensor) -> None:
        for step in tf.range(tf.shape(rows)[0]):
            with tf.GradientTape() as tape:
                logits = model(tf.gather(table, rows[step]), training=True)
                loss = tf.nn.sigmoid_cross_entropy_with_logits(tf.gather(labels, rows[step]), logits)
                total = tf.reduce_sum(tf.reduce_mean(weights[step] * loss, axis=1))
            optimizer.apply_gradients(zip(tape.gradient(total, variables), variables, strict=True))

    return epoch


def _cross_entropy(probability: Floats, labels: Floats, weights: Floats) -> float:
    probability = np.clip(probability, 1e-7, 1 - 1e-7)
    loss = -np.log(np.where(labels > 0, probability, 1 - probability))
    return float(np.average(loss, weights=weights))
