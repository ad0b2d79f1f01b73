"""The variational recurrent network (arXiv:1506.02216) that reads the constituents of a jet one by one.

What needs no memory of the steps before is computed for all steps at once, so that the loop over them, which
is what takes the time, holds the encoder and the memory alone.
"""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import count
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops

Losses = Callable[[Any, Any], tuple[tf.Tensor, tf.Tensor]]

_NARROWEST = 1e-4  # latent distribution
FEATURES = 3


class VariationalStep(layers.Layer):
    """One step: what is seen gives latent numbers, and both the memory of the next step."""

    def __init__(self, hidden: int, latent: int, seeds: Iterator[int]) -> None:
        super().__init__()
        self.state_size, self.output_size, self._latent = hidden, 2 * (hidden + latent), latent
        self._encoder = [_dense(hidden, seeds), _dense(hidden, seeds), _dense(2 * latent, seeds, None)]
        self._latent_seen = _dense(hidden, seeds)
        self._memory = layers.GRUCell(
            hidden,
            kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
        )

    def build(self, input_shape: Any) -> None:
        """Make all weights, before the loop over steps is."""
        hidden, latent = self.state_size, self._latent
        for layer, inputs in zip(self._encoder, (2 * hidden, hidden, hidden), strict=True):
            layer.build((None, inputs))
        self._latent_seen.build((None, latent))
        self._memory.build((None, 2 * hidden))

    def call(self, inputs: Any, states: Any) -> tuple[Any, Any]:
        """Mean, width, what is seen of the latent numbers, and memory before the step, of a batch.

        `inputs` hold what is seen (batch, hidden) and, behind it, noise (batch, latent).
        """
        seen, noise = inputs[:, : -self._latent], inputs[:, -self._latent :]
        (memory,) = states
        encoded = ops.concatenate([seen, memory], axis=1)
        for layer in self._encoder:
            encoded = layer(encoded)
        mean, width = encoded[:, : self._latent], _width(encoded[:, self._latent :])
        latent = self._latent_seen(mean + width * noise)
        _, states = self._memory(ops.concatenate([seen, latent], axis=1), states)
        return ops.concatenate([mean, width, latent, memory], axis=1), states


def recurrent_network(length: int, hidden: int, latent: int, seed: int) -> keras.Model:
    """Build the network of sequences (batch, length, 3) and noise (batch, length, latent).

    Its outputs are the sequences as they are rebuilt, and at every step the Kullback-Leibler divergence of
    the latent numbers from what the memory had expected: (batch, length, 3) and (batch, length).
    """
    seeds = count(1000 * seed)
    inputs, noise = keras.Input((length, FEATURES)), keras.Input((length, latent))
    seen = ops.concatenate([_dense(hidden, seeds)(_dense(hidden, seeds)(inputs)), noise], axis=2)
    steps = layers.RNN(VariationalStep(hidden, latent, seeds), return_sequences=True)(seen)
    mean, width = steps[..., :latent], steps[..., latent : 2 * latent]
    memory = steps[..., 2 * latent + hidden :]
    expected = _dense(2 * latent, seeds, None)(_dense(hidden, seeds)(memory))
    divergence = divergence_of_normals(mean, width, expected[..., :latent], _width(expected[..., latent:]))
    rebuilt = _dense(hidden, seeds)(_dense(hidden, seeds)(steps[..., 2 * latent :]))
    return keras.Model([inputs, noise], [_dense(FEATURES, seeds, None)(rebuilt), divergence])


@cache
def compiled_network(length: int, hidden: int, latent: int) -> tuple[keras.Model, Losses]:
    """One network of these sizes for all whose weights it is given, as compiling it takes seconds.

    Beside it mean squared errors and weighted mean divergences, both (batch,), with latent means: of
    sequences (batch, length, 3), which are 0 behind the last constituent, and weights (length,) of steps.
    """
    network = recurrent_network(length, hidden, latent, seed=0)

    @tf.function(input_signature=_signature(network))
    def losses(sequences: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        noise = tf.zeros([*tf.unstack(tf.shape(sequences)[:2]), latent])
        return _losses(network, sequences, weights, noise)

    return network, losses


def training_step(
    network: keras.Model, beta: float, learning_rate: float, steps: int, seed: int
) -> tuple[Callable[[Any, Any], None], Callable[[], None]]:
    """Compile one step of Adam, whose learning rate falls along a cosine over so many `steps`.

    It takes sequences (batch, length, 3) and weights (length,) of steps; the loss is the mean squared error
    of what is there, and `beta` times the divergence. The second function lets the training begin anew.
    """
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
    optimizer.build(network.trainable_variables)
    latent = network.inputs[1].shape[-1]

    @tf.function(input_signature=_signature(network))
    def step(sequences: tf.Tensor, weights: tf.Tensor) -> None:
        shape = [*tf.unstack(tf.shape(sequences)[:2]), latent]
        noise = tf.random.stateless_normal(shape, tf.stack([seed, tf.cast(optimizer.iterations, tf.int32)]))
        with tf.GradientTape() as tape:
            errors, divergences = _losses(network, sequences, weights, noise)
            loss = tf.reduce_mean(errors + beta * divergences)
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    start = network.get_weights()

    def begin() -> None:
        network.set_weights(start)
        for variable in optimizer.variables:
            variable.assign(tf.zeros_like(variable))

    return step, begin


def _losses(
    network: keras.Model, sequences: tf.Tensor, weights: tf.Tensor, noise: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean squared error and weighted mean divergence of the steps that are there, both (batch,)."""
    rebuilt, divergence = network([sequences, noise])
    there = tf.cast(sequences[..., 0] > 0, tf.float32)
    number = tf.maximum(tf.reduce_sum(there, axis=1), 1)
    errors = tf.reduce_sum(there * tf.reduce_mean((rebuilt - sequences) ** 2, axis=2), axis=1)
    return errors / number, tf.reduce_sum(there * weights * divergence, axis=1) / number


def _signature(network: keras.Model) -> list[tf.TensorSpec]:
    shape = network.inputs[0].shape
    return [tf.TensorSpec(shape), tf.TensorSpec(shape[1:2])]


def _dense(units: int, seeds: Iterator[int], activation: str | None = "relu") -> layers.Dense:
    start = keras.initializers.GlorotUniform(next(seeds))
    return layers.Dense(units, activation, kernel_initializer=start)


def _width(values: Any) -> Any:
    return ops.softplus(values) + _NARROWEST


def divergence_of_normals(mean: Any, width: Any, expected: Any, expected_width: Any) -> Any:
    """Kullback-Leibler divergence of normal distributions from others, summed over the last axis."""
    ratio = (width / expected_width) ** 2
    distance = ((mean - expected) / expected_width) ** 2
    return 0.5 * ops.sum(ratio + distance - 1 - ops.log(ratio), axis=-1)
