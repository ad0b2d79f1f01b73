"""Trigger models of each architecture, with a handful of random quantised weights."""

import numpy as np

from firmware.integer_scaling import IntegerScaling
from firmware.trigger_model import TriggerModel


def build_convolutional_model(seed: int = 3) -> TriggerModel:
    """A tiny CICADA: convolution without bias, rectifiers, dense layers; 6 x 4 regions of 10 bits."""
    import keras
    from qkeras import QActivation, QConv2D, QDense, quantized_bits, quantized_relu

    keras.utils.set_random_seed(seed)
    positive = {"kernel_initializer": keras.initializers.RandomUniform(0.02, 0.4)}
    coarse, fine = quantized_bits(8, 1, alpha=1), quantized_bits(12, 3, alpha=1)
    inputs = keras.Input((6, 4, 1), name="regions")
    x = QActivation(quantized_bits(11, 10), name="region_type")(inputs)
    x = QConv2D(2, 2, strides=2, use_bias=False, kernel_quantizer=fine, name="filters", **positive)(x)
    x = QActivation(quantized_relu(10, 6), name="filters_type")(x)
    x = keras.layers.Flatten(name="flat")(x)
    biases = quantized_bits(8, 3, alpha=1)
    x = QDense(3, kernel_quantizer=coarse, bias_quantizer=biases, name="hidden", **positive)(x)
    x = QActivation(quantized_relu(10, 6), name="hidden_type")(x)
    x = QDense(1, use_bias=False, kernel_quantizer=fine, name="last", **positive)(x)
    score = QActivation(quantized_relu(16, 8), name="score")(x)
    scaling = IntegerScaling.identity(24)
    return TriggerModel("regions_only", keras.Model(inputs, score), scaling, (6, 4))


def build_latent_autoencoder(seed: int = 4) -> TriggerModel:
    """A tiny AXOL1TL of the fifth version: an autoencoder in the latent space, squared distance as score."""
    import keras
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu

    keras.utils.set_random_seed(seed)
    types = {
        "kernel_quantizer": quantized_bits(5, 1, alpha=1),
        "bias_quantizer": quantized_bits(10, 6, alpha=1),
        "bias_initializer": "random_normal",
    }
    inputs = keras.Input((6,), name="objects")
    x = QActivation(quantized_bits(14, 5), name="object_type")(inputs)
    latent = QActivation(quantized_bits(10, 5), name="latent_type")(QDense(4, **types, name="encoder")(x))
    x = QActivation(quantized_relu(10, 6), name="narrow_type")(QDense(2, **types, name="narrow")(latent))
    decoded = QActivation(quantized_bits(10, 5), name="decoded_type")(QDense(4, **types, name="decoder")(x))
    distance = keras.layers.Subtract(name="difference")([latent, decoded])
    distance = keras.layers.Dot(axes=1, name="distance")([distance, distance])
    score = QActivation(quantized_bits(18, 14, keep_negative=False), name="score")(distance)
    scaling = IntegerScaling(np.array([5, 0.5, -3, 40, 1.5, 0]), np.array([3, 1, 0, 2, -1, 4]))
    return TriggerModel("latent", keras.Model(inputs, score), scaling, (6,))


def hardware_integers(model: TriggerModel, n_events: int, low: int, high: int) -> np.ndarray:
    """Random hardware integers for a model."""
    return np.random.default_rng(6).integers(low, high, size=(n_events, *model.input_shape))
