"""A trigger model small enough to be built, compiled and simulated in seconds."""

import numpy as np
import pytest

from firmware.integer_scaling import IntegerScaling
from firmware.trigger_model import TriggerModel


def build_tiny_trigger_model(n_inputs: int = 6, n_latent: int = 2, seed: int = 1) -> TriggerModel:
    """A network n_inputs-4-n_latent with random quantised weights, and the sum of squares as its score."""
    import keras
    from qkeras import QActivation, QDense, quantized_bits, quantized_relu

    keras.utils.set_random_seed(seed)
    weights, biases = {"kernel_quantizer": quantized_bits(6, 2, alpha=1)}, quantized_bits(10, 6, alpha=1)
    inputs = keras.Input((n_inputs,), name="inputs")
    x = QActivation(quantized_bits(8, 5), name="input_type")(inputs)
    x = QDense(4, **weights, bias_quantizer=biases, bias_initializer="random_normal", name="hidden")(x)
    x = QActivation(quantized_relu(10, 6), name="hidden_type")(x)
    x = QDense(n_latent, **weights, bias_quantizer=biases, name="latent")(x)
    x = QActivation(quantized_bits(10, 6), name="latent_type")(x)
    x = keras.layers.Dot(axes=1, name="squared_norm")([x, x])
    score = QActivation(quantized_bits(18, 13), name="score")(x)
    scaling = IntegerScaling(offset=np.arange(n_inputs) * 3, shift=np.resize([2, 0, -1], n_inputs))
    return TriggerModel("tiny", keras.Model(inputs, score), scaling, (n_inputs,))


@pytest.fixture(scope="session")
def tiny_trigger_model() -> TriggerModel:
    return build_tiny_trigger_model()


@pytest.fixture(scope="session")
def tiny_hardware() -> np.ndarray:
    """Hardware integers for the tiny trigger model, shape (200, 6)."""
    return np.random.default_rng(2).integers(-40, 120, size=(200, 6))
