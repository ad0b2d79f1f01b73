"""Training of CICADA: an autoencoder off chip teaches a small network its loss (CMS-DP-2023-086)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks.cicada import REGIONS, SCORE, StudentDesign
from firmware.training.schedule import DEFAULT_SCHEDULE, EpochProgress, TrainingSchedule, train
from firmware.trigger_model import TriggerModel

if TYPE_CHECKING:
    import keras

_SCALE = 32.0  # steps of the score per e-fold of the loss
EXPOSURE = 0.2
"""Outliers per zero-bias event; fewer are repeated, for a few hundred alone would not count."""
_LARGEST = 1023  # of a region: 10 bits


@dataclass(frozen=True)
class TeacherDesign:
    """Convolutional autoencoder of images of regions; filters of its two convolutions and latent units."""

    filters: tuple[int, int] = (20, 30)
    latent: int = 80

    def network(self) -> "keras.Model":
        """Make the untrained network: encoder with one pooling, decoder its mirror image."""
        import keras
        from keras import layers

        first, second = self.filters
        half = (REGIONS[0] // 2, REGIONS[1] // 2)
        convolution = {"kernel_size": 3, "padding": "same", "activation": "relu"}
        inputs = keras.Input((*REGIONS, 1))
        x = layers.Conv2D(first, **convolution)(inputs)
        x = layers.AveragePooling2D(2)(x)
        x = layers.Conv2D(second, **convolution)(x)
        x = layers.Dense(self.latent, activation="relu")(layers.Flatten()(x))
        x = layers.Dense(half[0] * half[1] * second, activation="relu")(x)
        x = layers.Conv2D(second, **convolution)(layers.Reshape((*half, second))(x))
        x = layers.Conv2D(first, **convolution)(layers.UpSampling2D(2)(x))
        return keras.Model(inputs, layers.Conv2D(1, **convolution)(x))


def train_teacher(
    regions: ArrayLike,
    design: TeacherDesign,
    *,
    schedule: TrainingSchedule = DEFAULT_SCHEDULE,
    progress: EpochProgress | None = None,
) -> "keras.Model":
    """Train the autoencoder on zero-bias events, integers of shape (n_events, 18, 14).

    Raises:
        MaplessError: another shape, too few events, or the training diverged.
    """
    import keras

    keras.utils.set_random_seed(schedule.seed)
    teacher, images = design.network(), _images(regions)
    train(teacher, images, images, schedule, progress, loss="mse")
    return teacher


def teacher_score(teacher: Any, regions: ArrayLike) -> NDArray[np.float64]:
    """Score of the teacher, 32 ln(mean squared error), in the type of the trigger; shape (n_events,).

    A mean squared error below 1 (hardware units squared) scores 0.
    """
    images = _images(regions)
    decoded = np.asarray(teacher.predict(images, batch_size=1024, verbose=0), dtype=np.float64)
    error = np.mean((decoded - images) ** 2, axis=(1, 2, 3))
    return SCORE.cast(_SCALE * np.log(np.maximum(error, 1.0)))


def train_student(
    regions: ArrayLike,
    teacher: Any,
    design: StudentDesign,
    *,
    name: str = "cicada",
    outliers: ArrayLike | None = None,
    schedule: TrainingSchedule = DEFAULT_SCHEDULE,
    progress: EpochProgress | None = None,
) -> TriggerModel:
    """Train the quantised network that is deployed to give the score of the teacher.

    Beside the zero-bias events it sees hardened copies of half of them (`hardened`): in zero bias alone,
    scores as high as the thresholds of a trigger are too rare to be learnt.

    Args:
        regions: zero-bias events, integers of shape (n_events, 18, 14); best not those of the teacher.
        teacher: trained autoencoder.
        design: of the student.
        name: of the model.
        outliers: further images that only the student sees, repeated up to `EXPOSURE`, with the teacher's
            scores, so that it learns how high these get (outlier exposure).
        schedule, progress: see `train`.

    Raises:
        MaplessError: another shape, too few events, or the training diverged.
    """
    import keras

    keras.utils.set_random_seed(schedule.seed)
    zero_bias = _images(regions)[..., 0]
    parts = [zero_bias, hardened(zero_bias[::2], np.random.default_rng(schedule.seed))]
    if outliers is not None:
        shown = _images(outliers)[..., 0]
        n_shown = max(len(shown), round(EXPOSURE * len(zero_bias)))
        parts.append(np.resize(shown, (n_shown, *REGIONS)))  # repeats them
    seen = np.concatenate(parts)
    targets = teacher_score(teacher, seen)
    network, scaling = design.network(), _scaling(design)
    _start_within_range(network, float(targets.mean()))
    inputs = scaling(seen.reshape(len(seen), -1)).reshape(-1, *network.input_shape[1:])
    train(network, inputs, targets, schedule, progress, loss="mae")
    return TriggerModel(name, network, scaling, REGIONS)


def hardened(
    regions: NDArray[Any], random: np.random.Generator, *, most: int = 5, scale: float = 1.0
) -> NDArray[Any]:
    """Copy events with up to `most` of their leading regions multiplied, each by another factor above 1.

    Args:
        regions: integers of shape (n_events, 18, 14).
        random: generator of random numbers.
        most: each event has from none to so many multiplied, all as likely.
        scale: mean logarithm of the factors, which is distributed exponentially.
    """
    flat = regions.reshape(len(regions), -1).astype(np.float64)
    leading = np.argsort(-flat, axis=1)[:, :most]
    factors = np.exp(random.exponential(scale, leading.shape))
    factors[np.arange(most) >= random.integers(0, most + 1, (len(flat), 1))] = 1
    harder = np.rint(np.take_along_axis(flat, leading, axis=1) * factors).clip(max=_LARGEST)
    np.put_along_axis(flat, leading, harder, axis=1)
    return flat.reshape(regions.shape).astype(regions.dtype)


def _scaling(design: StudentDesign) -> IntegerScaling:
    """Divide regions so that all of their bits fit into the type of the inputs."""
    n_inputs, shift = REGIONS[0] * REGIONS[1], design.inputs.fraction
    return IntegerScaling(np.zeros(n_inputs), np.full(n_inputs, shift), fraction_bits=shift)


def _start_within_range(network: Any, score: float) -> None:
    """Start from small hidden weights and an output near the mean score, where no quantiser saturates."""
    hidden, output = network.get_layer("hidden"), network.get_layer("output")
    kernel, bias = hidden.get_weights()
    hidden.set_weights([0.25 * kernel, np.ones_like(bias)])
    weights = np.abs(output.get_weights()[0])
    output.set_weights([weights * min(1.0, score / max(weights.sum(), 1e-6)) + 0.1])


def _images(regions: ArrayLike) -> NDArray[np.float32]:
    array = np.asarray(regions)
    if array.shape[1:] != REGIONS:
        raise MaplessError(
            f"CICADA takes images of {REGIONS[0]} x {REGIONS[1]} regions, not {array.shape[1:]}"
        )
    return array[..., None].astype(np.float32)
