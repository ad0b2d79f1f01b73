"""The particle network of CMS VAE-QR (arXiv:2412.03747): convolutions over particles and back."""

from collections.abc import Callable
from itertools import count
from typing import Any

import keras
import tensorflow as tf

from models.variational_autoencoder.chamfer import chamfer_distance

_KERNEL = 3
_FILTERS = (12, 16, 20)


class Sampling(keras.layers.Layer):
    """Draws from normal distributions, given by mean and logarithm of the variance; in training only."""

    def __init__(self, seed: int, **options: Any) -> None:
        super().__init__(**options)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, mean: Any, log_variance: Any, training: bool = False) -> Any:
        """Draw one point for each distribution, or give its mean."""
        if not training:
            return mean
        noise = keras.random.normal(keras.ops.shape(mean), seed=self.seed_generator)
        return mean + keras.ops.exp(0.5 * log_variance) * noise


def particle_network(particles: int, latent: int, seed: int) -> keras.Model:
    """Build the network of one jet, from momenta (batch, particles, 3) to what it rebuilds of them.

    Its outputs are those momenta, and mean and logarithm of the variance of the latent numbers, both
    (batch, latent). A dense layer sees each particle, two convolutions its neighbours in pt, pairs are
    averaged, and two hidden layers lead to the latent numbers. The decoder mirrors all of it. `particles` is
    even.
    """
    seeds = count(1000 * seed)

    def layer(kind: Any, *sizes: int, active: bool = True) -> Any:
        start = keras.initializers.HeUniform(next(seeds))
        return kind(*sizes, activation="elu" if active else None, kernel_initializer=start)

    layers = keras.layers
    inputs = keras.Input((particles, 3))
    x = layer(layers.Conv1D, _FILTERS[0], 1)(inputs)
    for filters in _FILTERS[1:]:
        x = layer(layers.Conv1D, filters, _KERNEL)(x)
    x = layers.AveragePooling1D(2)(x)
    pooled = x.shape[1:]
    x = layers.Flatten()(x)
    for units in (17 * latent, 4 * latent):
        x = layer(layers.Dense, units)(x)
    mean, log_variance = (layer(layers.Dense, latent, active=False)(x) for _ in range(2))
    x = Sampling(next(seeds))(mean, log_variance)
    for units in (4 * latent, 17 * latent, pooled[0] * pooled[1]):
        x = layer(layers.Dense, units)(x)
    x = layers.UpSampling1D(2)(layers.Reshape(pooled)(x))
    for filters in reversed(_FILTERS[:-1]):
        x = layer(layers.Conv1DTranspose, filters, _KERNEL)(x)
    rebuilt = layer(layers.Conv1D, 3, 1, active=False)(x)
    return keras.Model(inputs, [rebuilt, mean, log_variance])


def jet_losses(network: keras.Model) -> Callable[[Any], tuple[tf.Tensor, tf.Tensor]]:
    """Compile Chamfer distance and divergence of jets (batch, particles, 3), both (batch,).

    They are sums over particles and over latent numbers, which are taken at their means.
    """
    jets = tf.TensorSpec(network.inputs[0].shape)
    return tf.function(lambda jets: _losses(network, jets, False), input_signature=[jets])


def training_step(
    network: keras.Model, beta: float, learning_rate: float, steps: int
) -> Callable[[Any, Any], None]:
    """Compile one step of Adam, whose learning rate falls along a cosine over so many `steps`.

    It takes jets (batch, particles, 3) and weights (batch,). The loss is the mean over particles of the
    Chamfer distance and `beta` times the mean over latent numbers of the divergence.
    """
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
    optimizer.build(network.trainable_variables)
    particles, latent = (network.outputs[i].shape[1] for i in (0, 1))

    @tf.function(input_signature=[tf.TensorSpec(network.inputs[0].shape), tf.TensorSpec([None])])
    def step(jets: tf.Tensor, weights: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            distance, divergence = _losses(network, jets, True)
            loss = tf.reduce_mean(weights * (distance / particles + beta * divergence / latent))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    return step


def _losses(network: keras.Model, jets: tf.Tensor, training: bool) -> tuple[tf.Tensor, tf.Tensor]:
    rebuilt, mean, log_variance = network(jets, training=training)
    return chamfer_distance(jets, rebuilt), divergence_from_normal(mean, log_variance)


def divergence_from_normal(mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
    """Kullback-Leibler divergence of normal distributions from the standard one, summed: (batch,)."""
    return 0.5 * tf.reduce_sum(mean**2 + tf.exp(log_variance) - log_variance - 1, axis=-1)
