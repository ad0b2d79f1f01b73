"""Conditional flow matching: a velocity field from the normal distribution to the features."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from models.flows.perceptron import StackedPerceptron

_FREQUENCIES = 4  # of the time, which the network sees as sines and cosines


class FlowMatching:
    """Several continuous flows of one architecture, trained without solving a differential equation.

    The network learns the mean velocity of straight lines from normal points to events (arXiv:2210.02747).
    Densities and samples follow its field by fixed Runge-Kutta steps of fourth order; the divergence is
    exact, feature by feature.

    Args:
        flows: how many.
        features, conditions: dimensions of what is described, and of what it is conditional on.
        hidden: units of the hidden layers.
        steps: of the solution between normal distribution and features.
        seed: fixes initial weights, times and normal points.
    """

    def __init__(
        self, flows: int, features: int, conditions: int, hidden: Sequence[int], steps: int, seed: int
    ) -> None:
        self.features = features
        self._steps = steps
        sizes = (features + conditions + 2 * _FREQUENCIES, *hidden, features)
        self._network = StackedPerceptron(flows, sizes, seed)
        self._random = keras.random.SeedGenerator(seed)

    @property
    def variables(self) -> list[Any]:
        """All weights, each (flows, ...)."""
        return list(self._network.trainable_variables)

    def loss(self, columns: Sequence[Any], training: bool) -> Any:
        """Squared distance of the field from the velocity of one random line per event, (flows, batch)."""
        x, condition = columns
        start = keras.random.normal(tf.shape(x), seed=self._random)
        time = keras.random.uniform(tf.shape(x[..., :1]), seed=self._random)
        velocity = self._velocity(start + time * (x - start), time, condition)
        return tf.reduce_mean((velocity - (x - start)) ** 2, axis=-1)

    def forward(self, x: Any, condition: Any) -> tuple[Any, Any]:
        """Follow x (flows, batch, features) back to the normal distribution; returns z and log |dz/dx|."""
        return self._solved(x, condition, backwards=True)

    def inverse(self, z: Any, condition: Any) -> tuple[Any, Any]:
        """Follow z to the features; returns x and log |dx/dz|."""
        return self._solved(z, condition, backwards=False)

    def _solved(self, x: Any, condition: Any, *, backwards: bool) -> tuple[Any, Any]:
        step = tf.cast((-1.0 if backwards else 1.0) / self._steps, x.dtype)
        time = tf.cast(1.0 if backwards else 0.0, x.dtype) + tf.zeros_like(x[..., :1])
        log_jacobian = tf.zeros_like(x[..., 0])
        for _ in tf.range(self._steps):
            first, growth_1 = self._flow(x, time, condition)
            second, growth_2 = self._flow(x + step / 2 * first, time + step / 2, condition)
            third, growth_3 = self._flow(x + step / 2 * second, time + step / 2, condition)
            fourth, growth_4 = self._flow(x + step * third, time + step, condition)
            x += step / 6 * (first + 2 * second + 2 * third + fourth)
            log_jacobian += step / 6 * (growth_1 + 2 * growth_2 + 2 * growth_3 + growth_4)
            time += step
        return x, log_jacobian

    def _flow(self, x: Any, time: Any, condition: Any) -> tuple[Any, Any]:
        """The velocity and its divergence."""
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            components = tf.unstack(self._velocity(x, time, condition), axis=-1)
        divergence = sum(tape.gradient(one, x)[..., place] for place, one in enumerate(components))
        return tf.stack(components, axis=-1), divergence

    def _velocity(self, x: Any, time: Any, condition: Any) -> Any:
        turns = time * tf.constant(np.pi * np.arange(1, _FREQUENCIES + 1), x.dtype)
        return self._network(tf.concat([x, condition, tf.sin(turns), tf.cos(turns)], axis=-1))
