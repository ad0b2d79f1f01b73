"""Autoencoders of jet images, trained at once: images that they reproduce badly are anomalous."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from errors import MaplessError
from models.ensembles import StackedDense
from models.stacked_training import Floats, Rows, Schedule, Share, batched, train
from models.tag_n_train.convolutions import StackedConvolution, pooled
from models.tag_n_train.labeller_settings import LabellerSettings

AT_ONCE = 32
"""Images of each member that are evaluated together, which keeps layers small."""


def stacked_autoencoders(size: int, settings: LabellerSettings, seed: int) -> keras.Model:
    """Build independent autoencoders: images (members, batch, size, size) to the same, each adding up to 1.

    Raises MaplessError for images that cannot be halved as often as they are pooled.
    """
    members = settings.members
    inputs = keras.Input(batch_shape=(members, None, size, size))
    *pooling, last = settings.filters
    if size % 2 ** len(pooling):
        raise MaplessError(
            f"images of {size} pixels cannot be halved {len(pooling)} times; take fewer filters"
        )
    seeds = count(seed)

    def dense(x: Any, units: int) -> Any:
        limit = (6 / x.shape[-1]) ** 0.5
        start = keras.initializers.RandomUniform(-limit, limit, seed=next(seeds))
        return StackedDense(units, start)(x)

    x = ops.expand_dims(inputs, -1)
    for filters in pooling:
        x = pooled(ops.relu(StackedConvolution(filters, seed=next(seeds))(x)))
    x = ops.relu(StackedConvolution(last, seed=next(seeds))(x))
    smallest = x.shape[2:]
    x = ops.reshape(x, (members, -1, int(np.prod(smallest))))
    for units in settings.dense:
        x = ops.relu(dense(x, units))
    x = dense(x, settings.latent)
    for units in (*reversed(settings.dense), int(np.prod(smallest))):
        x = ops.relu(dense(x, units))
    x = ops.reshape(x, (members, -1, *smallest))
    x = ops.relu(StackedConvolution(last, seed=next(seeds))(x))
    for filters in (*reversed(pooling[1:]), 1):
        x = StackedConvolution(filters, enlarged=True, seed=next(seeds))(x)
        x = ops.relu(x) if filters > 1 else x
    pixels = ops.softmax(ops.reshape(x, (members, -1, size * size)))
    return keras.Model(inputs, ops.reshape(pixels, (members, -1, size, size)))


class ImageAutoencoders:
    """Autoencoders of one architecture, trained at once on different rows of one table of images.

    Args:
        size: pixels of an image along each side.
        settings: how many and what they are.
        seed: fixes initial weights and the order of the rows.
    """

    def __init__(self, size: int, settings: LabellerSettings, seed: int) -> None:
        self.members = settings.members
        self.size = size
        self.seed = seed
        self.model = stacked_autoencoders(size, settings, seed)
        self._errors = batched(lambda columns: self._squared_error(columns, False), AT_ONCE)

    def fit(
        self,
        images: NDArray[np.floating],
        shares: Sequence[Share],
        schedule: Schedule,
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float64]:
        """Train on shares of images (n, size, size); validation loss (epochs, members)."""
        variables = self.model.trainable_variables
        trained = train(variables, self._squared_error, [images], shares, schedule, self.seed, progress)
        self.model.set_weights(trained.snapshots[0])
        return trained.losses

    def errors(self, images: NDArray[np.floating], rows: Sequence[Rows]) -> list[Floats]:
        """Mean squared error of the pixels, of each member's rows of images (n, size, size)."""
        return self._errors([tf.constant(images)], rows)

    def arrays(self) -> dict[str, Floats]:
        """All weights."""
        return {f"autoencoder_{i}": weight for i, weight in enumerate(self.model.get_weights())}

    def take_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Take the weights that `arrays` gave; ValueError or KeyError if they are of others."""
        self.model.set_weights([arrays[f"autoencoder_{i}"] for i in range(len(self.model.weights))])

    def _squared_error(self, columns: Sequence[tf.Tensor], training: bool) -> tf.Tensor:
        images = tf.cast(columns[0], tf.float32)  # a table may hold half as many bits
        return tf.reduce_mean((self.model(images, training=training) - images) ** 2, axis=(2, 3))
