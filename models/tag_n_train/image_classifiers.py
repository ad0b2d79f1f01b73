"""Classifiers of jet images, trained at once on labels of their own (arXiv:2002.12376)."""

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
from models.tag_n_train.classifier_settings import ClassifierSettings
from models.tag_n_train.convolutions import ConvolutionOfEach, pooled_of_each

AT_ONCE = 64
"""Images of each member that are evaluated together, which keeps layers small."""

_SMALLEST_SPREAD = 1e-3  # of the momentum of a jet, below which a pixel is not scaled up further
_LOOKED_AT = 5000  # images that tell the mean and the spread of a pixel


def stacked_image_classifiers(
    members: int, size: int, filters: Sequence[Sequence[int]], dense: int, seed: int
) -> keras.Model:
    """Build independent classifiers: images (members, batch, size, size) to logits (members, batch).

    With 40 pixels and ((32, 8), (8, 4)) and 16 dense units each has 6,677 parameters, as that of the paper.
    Raises MaplessError for images that are too small, or cannot be halved where they are pooled.
    """
    left = size
    for group in filters:
        left -= 2 * len(group)
        if left < 2 or left % 2:  # noqa: PLR2004
            raise MaplessError(
                f"of images of {size} pixels {left} are left to be pooled; take larger ones, "
                "of an even number, or fewer classifier_filters"
            )
        left //= 2
    seeds = count(seed)

    def start(width: int) -> keras.Initializer:
        limit = (6 / width) ** 0.5  # He-uniform, as if every member were alone
        return keras.initializers.RandomUniform(-limit, limit, seed=next(seeds))

    inputs = keras.Input(batch_shape=(members, None, size, size))
    x = ops.expand_dims(inputs, -1)
    for group in filters:
        for number in group:
            x = ConvolutionOfEach(number, seed=next(seeds))(x)
        x = pooled_of_each(x)
    x = ops.reshape(x, (members, -1, int(np.prod(x.shape[2:]))))
    x = ops.relu(StackedDense(dense, start(x.shape[-1]))(x))
    return keras.Model(inputs, ops.squeeze(StackedDense(1, "zeros")(x), axis=-1))


class ImageClassifiers:
    """Classifiers of one architecture, trained at once on different rows and labels of one table of images.

    What each sees of a pixel is its distance from the mean of the images that it learns from, in units of
    their spread.

    Args:
        members: how many.
        size: pixels of an image along each side.
        settings: what they are.
        seed: fixes initial weights and the order of the rows.
    """

    def __init__(self, members: int, size: int, settings: ClassifierSettings, seed: int) -> None:
        self.settings = settings
        self.seed = seed
        self.model = stacked_image_classifiers(members, size, settings.filters, settings.dense, seed)
        self._mean = tf.Variable(tf.zeros((members, 1, size, size)))
        self._spread = tf.Variable(tf.ones((members, 1, size, size)))
        self._outputs = batched(self._sure, AT_ONCE, compiled=False)

    def fit(
        self,
        images: NDArray[np.floating],
        labels: Floats,
        shares: Sequence[Share],
        progress: Callable[[int, int], None] | None = None,
    ) -> NDArray[np.float64]:
        """Train on shares of images (n, size, size) and labels (n, members); validation loss by epoch."""
        seen = [images[_some(share.training)].astype(np.float32) for share in shares]
        self._mean.assign(np.stack([one.mean(axis=0, keepdims=True) for one in seen]))
        spread = np.stack([one.std(axis=0, keepdims=True) for one in seen])
        self._spread.assign(np.maximum(spread, _SMALLEST_SPREAD))
        chosen = self.settings
        schedule = Schedule(
            chosen.epochs,
            chosen.batch_size,
            chosen.learning_rate,
            patience=chosen.epochs,
            evaluated=AT_ONCE,
            compiled=False,
        )
        variables = self.model.trainable_variables
        trained = train(variables, self._loss, [images, labels], shares, schedule, self.seed, progress)
        self.model.set_weights(trained.snapshots[0])
        return trained.losses

    def outputs(self, images: NDArray[np.floating], rows: Sequence[Rows]) -> list[Floats]:
        """How sure each member is, 0 to 1, that its rows of images (n, size, size) have label 1."""
        return self._outputs([tf.constant(images)], rows)

    def arrays(self) -> dict[str, Floats]:
        """All that was learnt."""
        scale = {"pixel_mean": self._mean.numpy(), "pixel_spread": self._spread.numpy()}
        return scale | {f"classifier_{i}": weight for i, weight in enumerate(self.model.get_weights())}

    def take_arrays(self, arrays: Mapping[str, Any]) -> None:
        """Take what `arrays` gave; ValueError or KeyError if it is of others."""
        self.model.set_weights([arrays[f"classifier_{i}"] for i in range(len(self.model.weights))])
        self._mean.assign(arrays["pixel_mean"])
        self._spread.assign(arrays["pixel_spread"])

    def _sure(self, columns: Sequence[tf.Tensor]) -> tf.Tensor:
        return tf.sigmoid(self._logits(columns[0], False))

    def _logits(self, images: tf.Tensor, training: bool) -> tf.Tensor:
        scaled = (tf.cast(images, tf.float32) - self._mean) / self._spread
        return self.model(scaled, training=training)

    def _loss(self, columns: Sequence[tf.Tensor], training: bool) -> tf.Tensor:
        images, labels = columns
        own = tf.transpose(tf.linalg.diag_part(tf.transpose(labels, (1, 0, 2))))  # (members, batch)
        return tf.nn.sigmoid_cross_entropy_with_logits(own, self._logits(images, training))


def _some(rows: Rows) -> Rows:
    """As many rows as are looked at, from all over."""
    return rows[:: max(1, len(rows) // _LOOKED_AT)]
