"""Autoregressive flows: exact conditional densities and samples, many flows trained as one."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.flows.elementwise import ElementwiseMap
from models.flows.normal import log_normal
from models.flows.perceptron import StackedPerceptron


class AutoregressiveFlows:
    """Several flows of one architecture from features to a standard normal distribution and back.

    Masked autoregressive flows (arXiv:1705.07057) whose parameters depend on a condition too. From features
    to the normal distribution all features of a block are mapped at once; back one after the other. Every
    second block takes them in reversed order.

    Args:
        flows: how many.
        features, conditions: dimensions of what is described, and of what it is conditional on.
        blocks: maps in sequence.
        hidden: units of the hidden layers of each block.
        elementwise: what each block does to a feature.
        seed: fixes the initial weights.
    """

    def __init__(
        self,
        flows: int,
        features: int,
        conditions: int,
        blocks: int,
        hidden: Sequence[int],
        elementwise: ElementwiseMap,
        seed: int,
    ) -> None:
        self.features = features
        self._elementwise = elementwise
        masks = autoregressive_masks(features, conditions, hidden, elementwise.parameters)
        sizes = (features + conditions, *hidden, features * elementwise.parameters)
        self._blocks = [
            StackedPerceptron(flows, sizes, seed + block * len(sizes), masks) for block in range(blocks)
        ]

    @property
    def variables(self) -> list[Any]:
        """All weights, each (flows, ...)."""
        return [variable for block in self._blocks for variable in block.trainable_variables]

    def forward(self, x: Any, condition: Any) -> tuple[Any, Any]:
        """Map x (flows, batch, features) to the normal distribution; returns z and log |dz/dx|."""
        log_jacobian = tf.zeros_like(x[..., 0])
        for block in self._blocks:
            x, log_slopes = self._elementwise.forward(x, self._parameters(block, x, condition))
            log_jacobian += tf.reduce_sum(log_slopes, axis=-1)
            x = tf.reverse(x, [-1])
        return x, log_jacobian

    def inverse(self, z: Any, condition: Any) -> tuple[Any, Any]:
        """Undo `forward`; returns x and log |dx/dz|."""
        log_jacobian = tf.zeros_like(z[..., 0])
        for block in reversed(self._blocks):
            z = tf.reverse(z, [-1])
            x, log_slopes = self._inverted(block, z, condition)
            log_jacobian += tf.reduce_sum(log_slopes, axis=-1)
            z = x
        return z, log_jacobian

    def _inverted(self, block: StackedPerceptron, z: Any, condition: Any) -> Any:
        """What a block maps to z, with the logarithms of its slopes; compiles one round, not all of them."""
        return tf.while_loop(
            lambda *_: True,
            lambda x, _: self._elementwise.inverse(z, self._parameters(block, x, condition)),
            (tf.zeros_like(z), z),
            maximum_iterations=self.features,  # after the i-th round the first i features are right
        )

    def loss(self, columns: Sequence[Any], training: bool) -> Any:
        """Minus the logarithm of the density of features given their conditions, (flows, batch)."""
        z, log_jacobian = self.forward(*columns)
        return -log_normal(z) - log_jacobian

    def _parameters(self, block: StackedPerceptron, x: Any, condition: Any) -> Any:
        values = block(tf.concat([x, condition], axis=-1))
        return tf.reshape(values, (values.shape[0], -1, self.features, self._elementwise.parameters))


def autoregressive_masks(
    features: int, conditions: int, hidden: Sequence[int], parameters: int
) -> list[NDArray[np.bool_]]:
    """Connections of a network whose parameters of feature i see only the condition and features before i.

    As in arXiv:1502.03509: a unit of degree d sees features 1 to d, the parameters of feature i see units of
    degree below i. One mask (inputs, outputs) per layer.

    >>> [mask.shape for mask in autoregressive_masks(2, 1, (8,), 3)]
    [(3, 8), (8, 6)]
    """
    of_features = np.arange(1, features + 1)
    degrees = [np.concatenate([of_features, np.zeros(conditions, int)])]
    degrees += [np.arange(units) % features for units in hidden]
    degrees.append(np.repeat(of_features - 1, parameters))
    return [before[:, None] <= after for before, after in pairwise(degrees)]
