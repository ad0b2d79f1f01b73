"""Training of AXOL1TL up to version 4: a variational autoencoder, quantised from the first step on."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from firmware.integer_scaling import IntegerScaling
from firmware.networks.axol1tl import EncoderDesign
from firmware.training.pruning import pruning_callback
from firmware.training.schedule import (
    DEFAULT_SCHEDULE,
    EpochProgress,
    TrainingSchedule,
    learned_scaling,
    train,
)
from firmware.trigger_model import TriggerModel

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class VariationalLoss:
    """Loss of the autoencoder, `(1 - beta) * squared error + beta * KL divergence`.

    The inputs are triplets of transverse momentum, pseudorapidity and angle.

    Args:
        angles: weight of the errors of pseudorapidities and angles next to those of momenta. In zero bias
            both are close to random, and latent means that follow them only add noise to the score.
        beta: weight of the divergence from a standard normal distribution (arXiv:1312.6114).
        decoder: units of the decoder's hidden layers, which stay off chip and in floating point.
    """

    angles: float = 0.1
    beta: float = 0.02
    decoder: tuple[int, ...] = (24, 32)


DEFAULT_LOSS = VariationalLoss()


def train_variational(
    hardware: ArrayLike,
    design: EncoderDesign,
    *,
    name: str = "axol1tl",
    schedule: TrainingSchedule = DEFAULT_SCHEDULE,
    loss: VariationalLoss = DEFAULT_LOSS,
    quantised: bool = True,
    sparsity: float = 0.0,
    scaling: IntegerScaling | None = None,
    progress: EpochProgress | None = None,
) -> TriggerModel:
    """Train a variational autoencoder on zero-bias events; what is deployed is its encoder.

    Args:
        hardware: integers of shape (n_events, n_inputs).
        design: shape and types of the encoder.
        name: of the model.
        schedule, loss: how it trains.
        quantised: False trains the same network in floating point, for comparison; it has no firmware.
        sparsity: fraction of the weights that become zero during the training.
        scaling: of the inputs; None learns one from the events.
        progress: called after each epoch.

    Raises:
        MaplessError: too few events, an impossible sparsity, or the training diverged.
    """
    import keras

    hardware = np.asarray(hardware)
    scaling = scaling or learned_scaling(hardware, design.inputs)
    keras.utils.set_random_seed(schedule.seed)
    network = design.network(hardware.shape[1]) if quantised else float_network(design, hardware.shape[1])
    autoencoder = variational_autoencoder(network, design, loss, schedule.seed)
    pruning = [pruning_callback(network, sparsity)] if sparsity else []
    train(autoencoder, scaling(hardware), None, schedule, progress, callbacks=pruning)
    return TriggerModel(name, network, scaling, hardware.shape[1:])


def float_network(design: EncoderDesign, n_inputs: int) -> "keras.Model":
    """Make the encoder of a design, and its score, in floating point with layers of the same names."""
    import keras
    from keras import layers

    inputs = keras.Input((n_inputs,), name="inputs")
    x = inputs
    for number, units in enumerate(design.hidden):
        x = layers.Dense(units, activation="relu", name=f"hidden_{number}_type")(x)
    x = layers.Dense(design.latent, name="latent_type")(x)
    return keras.Model(inputs, layers.Dot(axes=1, name="score")([x, x]))


def variational_autoencoder(
    network: Any, design: EncoderDesign, loss: VariationalLoss, seed: int
) -> "keras.Model":
    """Build the network that trains an encoder: sampling, decoder and loss behind its latent means.

    Args:
        network: encoder with the layers `latent_type` and, for each hidden one, `hidden_NUMBER_type`.
        design: units of the encoder.
        loss: tells also the decoder.
        seed: of the sampling.
    """
    import keras
    from keras import layers

    trunk = network.get_layer(f"hidden_{len(design.hidden) - 1}_type").output
    mean = network.get_layer("latent_type").output
    log_variance = layers.Dense(design.latent, kernel_initializer="zeros", name="log_variance")(trunk)
    x = _sampling(seed)([mean, log_variance])
    for units in loss.decoder:
        x = layers.Dense(units, activation="relu")(x)
    decoded = layers.Dense(network.input_shape[1])(x)
    output = _loss_layer(loss)([network.inputs[0], decoded, mean, log_variance])
    return keras.Model(network.inputs, output)


def _sampling(seed: int) -> Any:
    """Layer that draws from the normal distribution of each event."""
    import keras

    class Sampling(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.noise = keras.random.SeedGenerator(seed)

        def call(self, inputs: Any) -> Any:
            mean, log_variance = inputs
            noise = keras.random.normal(keras.ops.shape(mean), seed=self.noise)
            return mean + keras.ops.exp(log_variance / 2) * noise

    return Sampling()


def _loss_layer(loss: VariationalLoss) -> Any:
    """Layer that adds the loss of the autoencoder and passes on the decoded inputs."""
    import keras

    class Loss(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            original, decoded, mean, log_variance = inputs
            log_variance = keras.ops.clip(log_variance, -10, 10)
            weights = np.resize([1.0, loss.angles, loss.angles], original.shape[1]).astype(np.float32)
            error = keras.ops.sum(weights * keras.ops.square(original - decoded), axis=1) / weights.sum()
            divergence = (keras.ops.square(mean) + keras.ops.exp(log_variance) - 1 - log_variance) / 2
            divergence = keras.ops.mean(divergence, axis=1)
            self.add_loss(keras.ops.mean((1 - loss.beta) * error + loss.beta * divergence))
            return decoded

    return Loss()
