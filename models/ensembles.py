"""Many small classifiers trained as one network whose layers carry a leading axis that counts them."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.stacked_training import Floats, Rows, Schedule, Share, batched, train


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
        self.seed = seed
        self.model = stacked_classifier(networks, features, hidden, dropout, seed)
        self.snapshots = [self.model.get_weights()]
        self._probabilities = batched(lambda columns: tf.sigmoid(self.model(columns[0], training=False)))

    def fit(
        self,
        table: Floats,
        labels: Floats,
        shares: Sequence[Share],
        schedule: Schedule,
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float64]:
        """Train every network on its share and keep its weights of its best epochs in validation.

        Args:
            table: features of order one, shape (n_rows, n_features).
            labels: 0 or 1, shape (n_rows,).
            shares: one per network.
            schedule: epochs, batch size, learning rate and patience.
            progress: called with (epochs done, epochs in total).

        Returns:
            validation loss per epoch and network, shape (epochs trained, networks).
        """
        trained = train(
            self.model.trainable_variables,
            self._cross_entropy,
            [table, labels],
            shares,
            schedule,
            self.seed,
            progress,
        )
        self.snapshots = trained.snapshots
        return trained.losses

    def predict(self, table: Floats, rows: Sequence[Rows]) -> list[Floats]:
        """Evaluate every network on its own rows of a table, averaged over the epochs that are kept.

        Args:
            table: features, shape (n_rows, n_features).
            rows: one index array per network.

        Returns:
            for each network the probabilities of its rows, in their order.
        """
        outputs = []
        for weights in self.snapshots:
            self.model.set_weights(weights)
            outputs.append(self._probabilities([tf.constant(table)], rows))
        return [np.mean(of_network, axis=0) for of_network in zip(*outputs, strict=True)]

    def arrays(self) -> dict[str, Floats]:
        """The weights of all epochs that are kept."""
        return {
            f"network_{epoch}_{i}": weight
            for epoch, weights in enumerate(self.snapshots)
            for i, weight in enumerate(weights)
        }

    def take_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Take the weights that `arrays` gave; ValueError or KeyError if they are of other networks."""
        layers = range(len(self.model.weights))
        epochs = math.ceil(sum(name.startswith("network_") for name in arrays) / len(layers))
        self.snapshots = [[arrays[f"network_{epoch}_{i}"] for i in layers] for epoch in range(epochs)]
        if not self.snapshots:
            raise KeyError("network_0_0")
        for weights in self.snapshots:
            self.model.set_weights(weights)

    def _cross_entropy(self, columns: Sequence[tf.Tensor], training: bool) -> tf.Tensor:
        features, labels = columns
        return tf.nn.sigmoid_cross_entropy_with_logits(labels, self.model(features, training=training))
