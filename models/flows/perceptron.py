"""Small networks stacked along a leading axis, in the precision of their input."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class StackedPerceptron(keras.Layer):
    """Multilayer perceptrons with SiLU units, (networks, batch, inputs) to (networks, batch, outputs).

    Weights are stored in single precision and used in that of the input, so that what is trained fast can be
    evaluated exactly. The last layer starts at zero.

    Args:
        networks: how many.
        sizes: inputs, units of the hidden layers, outputs.
        seed: fixes the initial weights.
        masks: for each layer which connections there are, (inputs, outputs); by default all.
    """

    def __init__(
        self,
        networks: int,
        sizes: Sequence[int],
        seed: int,
        masks: Sequence[NDArray[np.bool_]] | None = None,
    ) -> None:
        super().__init__(autocast=False)
        self._masks = masks or [np.ones(shape, bool) for shape in pairwise(sizes)]
        self._kernels, self._biases = [], []
        for depth, mask in enumerate(self._masks):
            limit = np.sqrt(6 / max(1.0, mask.sum(axis=0).mean()))
            start = keras.initializers.RandomUniform(-limit, limit, seed=seed + depth)
            last = depth == len(self._masks) - 1
            self._kernels.append(
                self.add_weight(
                    name=f"kernel_{depth}",
                    shape=(networks, *mask.shape),
                    initializer="zeros" if last else start,
                )
            )
            self._biases.append(
                self.add_weight(name=f"bias_{depth}", shape=(networks, 1, mask.shape[1]), initializer="zeros")
            )
        self.built = True

    def call(self, values: Any) -> Any:
        """Outputs of the last layer, without a further function."""
        for depth, mask in enumerate(self._masks):
            kernel = tf.cast(self._kernels[depth].value, values.dtype) * tf.constant(mask, values.dtype)
            values = tf.matmul(values, kernel) + tf.cast(self._biases[depth].value, values.dtype)
            if depth < len(self._masks) - 1:
                values = tf.nn.silu(values)
        return values
