"""Training of AXOL1TL from version 5 on: an embedding learnt from distorted copies, then an autoencoder."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from firmware.integer_scaling import IntegerScaling
from firmware.networks.axol1tl import EmbeddingDesign
from firmware.training.schedule import (
    DEFAULT_SCHEDULE,
    EpochProgress,
    TrainingSchedule,
    learned_scaling,
    train,
)
from firmware.trigger_model import TriggerModel

_PHI_STEPS = np.array([144] + 4 * [144] + 4 * [576] + 10 * [144])
"""Steps of phi in one turn for MET, e/gamma, muons and jets."""


@dataclass(frozen=True)
class EmbeddingLoss:
    """Weights of the three parts of VICReg (arXiv:2105.04906), and how copies of an event are distorted.

    Args:
        invariance, variance, covariance: weights of the parts.
        drop: probability to lose an object.
        smear: relative error of transverse momenta.
        projector: units of the layers between features and loss, off chip.
    """

    invariance: float = 25.0
    variance: float = 25.0
    covariance: float = 1.0
    drop: float = 0.1
    smear: float = 0.1
    projector: tuple[int, ...] = (64, 64)


DEFAULT_LOSS = EmbeddingLoss()


def train_embedding(
    hardware: ArrayLike,
    design: EmbeddingDesign,
    *,
    name: str = "axol1tl",
    schedule: TrainingSchedule = DEFAULT_SCHEDULE,
    loss: EmbeddingLoss = DEFAULT_LOSS,
    scaling: IntegerScaling | None = None,
    progress: EpochProgress | None = None,
) -> TriggerModel:
    """Train an embedding on distorted copies of zero-bias events, then the autoencoder of its features.

    Args:
        hardware: integers of shape (n_events, 57).
        design: shape and types.
        name: of the model.
        schedule: of each of the two trainings.
        loss: of the embedding.
        scaling: of the inputs; None learns one from the events.
        progress: called after each epoch of either training.

    Raises:
        MaplessError: too few events, or a training diverged.
    """
    import keras

    hardware = np.asarray(hardware)
    scaling = scaling or learned_scaling(hardware, design.inputs)
    keras.utils.set_random_seed(schedule.seed)
    network = design.network(hardware.shape[1])
    _start_alive(network, len(design.embedding))
    random = np.random.default_rng(schedule.seed)
    copies = [scaling(distorted(hardware, loss, random)) for _ in range(2)]

    def both(done: int, total: int, before: int) -> None:
        if progress:
            progress(before + done, 2 * total)

    pairs = np.stack(copies, axis=1)
    embedding = _embedding_training(network, design, loss)
    train(embedding, pairs, None, schedule, lambda done, total: both(done, total, 0))
    for layer in network.layers:
        if layer.name.startswith("embedding"):
            layer.trainable = False
    autoencoder = _autoencoder_training(network)
    train(autoencoder, scaling(hardware), None, schedule, lambda done, total: both(done, total, total))
    return TriggerModel(name, network, scaling, hardware.shape[1:])


def distorted(hardware: NDArray[Any], loss: EmbeddingLoss, random: np.random.Generator) -> NDArray[np.int64]:
    """Copy events with all objects turned by one random angle, maybe mirrored, some lost, momenta smeared.

    Mirrors swap forward and backward, in half of the copies. Without them pseudorapidities are what two
    copies share best, and an embedding that learns these finds no hard events.

    Args:
        hardware: integers of shape (n_events, 57).
        loss: tells how much.
        random: generator of random numbers.
    """
    n_events, steps = len(hardware), _PHI_STEPS
    objects = hardware.reshape(n_events, len(steps), 3).astype(np.int64)
    filled = objects[..., 0] > 0
    turn = (random.random((n_events, 1)) * steps).astype(np.int64)
    angle = (objects[..., 2] + turn) % steps
    mirror = random.choice([-1, 1], (n_events, 1))
    momentum = np.rint(objects[..., 0] * random.normal(1, loss.smear, filled.shape)).clip(1, 2047)
    kept = filled & (random.random(filled.shape) >= loss.drop)
    copies = np.stack([momentum, mirror * objects[..., 1], angle], axis=-1) * kept[..., None]
    return copies.reshape(n_events, -1).astype(np.int64)


def _embedding_training(network: Any, design: EmbeddingDesign, loss: EmbeddingLoss) -> Any:
    import keras
    from keras import layers

    features = network.get_layer(f"embedding_{len(design.embedding) - 1}_type").output
    embed = keras.Model(network.inputs, features)
    project = keras.Sequential([layers.Dense(units, activation="relu") for units in loss.projector])
    project.add(layers.Dense(loss.projector[-1]))
    inputs = keras.Input((2, network.input_shape[1]))
    first, second = (project(embed(inputs[:, copy])) for copy in (0, 1))
    return keras.Model(inputs, _vicreg_layer(loss)([first, second]))


def _autoencoder_training(network: Any) -> Any:
    import keras

    class Distance(keras.layers.Layer):
        def call(self, difference: Any) -> Any:
            self.add_loss(keras.ops.mean(keras.ops.square(difference)))
            return difference

    return keras.Model(network.inputs, Distance()(network.get_layer("difference").output))


def _start_alive(network: Any, n_layers: int) -> None:
    """Start from positive biases: from zero, every second feature ends up cut off for all events."""
    for number in range(n_layers):
        layer = network.get_layer(f"embedding_{number}")
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel, np.full_like(bias, 0.5)])


def _vicreg_layer(loss: EmbeddingLoss) -> Any:
    """Layer that adds the VICReg loss of two projections and passes on the first."""
    import keras
    from keras import ops

    class VarianceInvarianceCovariance(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            first, second = inputs
            self.add_loss(loss.invariance * ops.mean(ops.square(first - second)))
            for projection in inputs:
                centred = projection - ops.mean(projection, axis=0)
                events, width = ops.cast(ops.shape(projection)[0], "float32"), projection.shape[1]
                covariance = ops.matmul(ops.transpose(centred), centred) / (events - 1)
                deviation = ops.sqrt(ops.diagonal(covariance) + 1e-4)
                self.add_loss(loss.variance / 2 * ops.mean(ops.relu(1 - deviation)))
                mixed = ops.sum(ops.square(covariance)) - ops.sum(ops.square(ops.diagonal(covariance)))
                self.add_loss(loss.covariance * mixed / width)
            return first

    return VarianceInvarianceCovariance()
