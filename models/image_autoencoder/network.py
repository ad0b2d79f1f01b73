"""A convolutional variational autoencoder of jet images: how much momentum it expects in each pixel."""

from collections.abc import Callable
from itertools import count
from typing import Any

import keras
import tensorflow as tf

from models.variational_autoencoder.network import Sampling, divergence_from_normal

FEWEST_PIXELS = 8
"""Along each side, of which three convolutions and a pooling leave one."""

_FILTERS = (8, 12, 16)
_DENSE = (27, 13, 8)


def image_network(size: int, latent: int, rates: tuple[float, float], seed: int) -> keras.Model:
    """Build the network of one jet, from an image (batch, size, size) to logarithms of its pixels' rates.

    Its outputs are those, (batch, size, size), and mean and logarithm of the variance of the latent numbers,
    both (batch, latent). A pixel of rate k holds 1/k of the momentum on average; rates keep within two
    limits. Three convolutions of 3 x 3 pixels lose their edges, blocks of four pixels give their largest,
    and three dense layers lead to the latent numbers. The decoder mirrors all of it. `size` is even.
    """
    seeds = count(1000 * seed)

    def layer(kind: Any, *sizes: int, active: bool = True) -> Any:
        start = keras.initializers.HeUniform(next(seeds))
        return kind(*sizes, activation="relu" if active else None, kernel_initializer=start)

    layers = keras.layers
    inputs = keras.Input((size, size))
    x = layers.Reshape((size, size, 1))(inputs)
    for filters in _FILTERS:
        x = layer(layers.Conv2D, filters, 3)(x)
    x = layers.MaxPooling2D(2)(x)
    pooled = x.shape[1:]
    x = layers.Flatten()(x)
    for units in _DENSE:
        x = layer(layers.Dense, units)(x)
    mean, log_variance = (layer(layers.Dense, latent, active=False)(x) for _ in range(2))
    x = Sampling(next(seeds))(mean, log_variance)
    for units in (*reversed(_DENSE), pooled[0] * pooled[1] * pooled[2]):
        x = layer(layers.Dense, units)(x)
    x = layers.UpSampling2D(2)(layers.Reshape(pooled)(x))
    for filters in reversed(_FILTERS[:-1]):
        x = layer(layers.Conv2DTranspose, filters, 3)(x)
    x = layers.Reshape((size, size))(layer(layers.Conv2DTranspose, 1, 3, active=False)(x))
    low, high = (float(keras.ops.log(rate)) for rate in rates)
    return keras.Model(inputs, [low + (high - low) * keras.ops.sigmoid(x), mean, log_variance])


def image_losses(network: keras.Model) -> Callable[[Any], tf.Tensor]:
    """Compile the loss of images (batch, size, size), latent numbers at their means: (batch,)."""
    images = tf.TensorSpec(network.inputs[0].shape)
    return tf.function(lambda images: _losses(network, images, False), input_signature=[images])


def training_step(network: keras.Model, learning_rate: float, steps: int) -> Callable[[Any], None]:
    """Compile one step of Adam, whose learning rate falls along a cosine over so many `steps`.

    It takes images (batch, size, size).
    """
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps))
    optimizer.build(network.trainable_variables)

    @tf.function(input_signature=[tf.TensorSpec(network.inputs[0].shape)])
    def step(images: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(_losses(network, images, True))
        gradients = tape.gradient(loss, network.trainable_variables)
        optimizer.apply_gradients(zip(gradients, network.trainable_variables, strict=True))

    return step


def _losses(network: keras.Model, images: tf.Tensor, training: bool) -> tf.Tensor:
    """Minus the logarithm of the likelihood of exponential pixels, and the divergence: (batch,)."""
    log_rates, mean, log_variance = network(images, training=training)
    pixels = tf.exp(log_rates) * images - log_rates
    return tf.reduce_sum(pixels, axis=(1, 2)) + divergence_from_normal(mean, log_variance)
