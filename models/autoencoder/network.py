"""Autoencoders of vectors, many of one architecture trained as one."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from models.flows.perceptron import StackedPerceptron


class Autoencoders:
    """Several autoencoders of one architecture, (members, batch, features) to the same.

    Args:
        members: how many.
        features: that are compressed and reconstructed.
        hidden: units of the hidden layers before the latent one, mirrored behind it.
        latent: units of the latent layer.
        seed: fixes the initial weights.
    """

    def __init__(self, members: int, features: int, hidden: Sequence[int], latent: int, seed: int) -> None:
        sizes = (features, *hidden, latent, *reversed(hidden), features)
        self._perceptron = StackedPerceptron(members, sizes, seed)

    @property
    def variables(self) -> list[Any]:
        """All weights, each (members, ...)."""
        return list(self._perceptron.trainable_variables)

    def loss(self, columns: Sequence[Any], training: bool) -> Any:  # noqa: ARG002
        """Mean squared error of the reconstruction of features, (members, batch)."""
        return tf.reduce_mean((self.rebuilt(columns[0]) - columns[0]) ** 2, axis=-1)

    def rebuilt(self, features: Any) -> Any:
        """What comes out for features (members, batch, features)."""
        return self._perceptron(features)
