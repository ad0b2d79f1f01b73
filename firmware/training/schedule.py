"""What all trainings of trigger networks share: the schedule, and its progress."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from errors import MaplessError
from firmware.integer_scaling import IntegerScaling
from firmware.networks.quantise import FixedPoint

EpochProgress = Callable[[int, int], None]
"""Called with (epochs done, epochs in total)."""


@dataclass(frozen=True)
class TrainingSchedule:
    """How long and how fast a network trains.

    Args:
        epochs, batch_size: of the Adam optimiser.
        learning_rate: at the start; it falls to a hundredth along a cosine.
        seed: of initial weights, order of events and sampling.
    """

    epochs: int = 20
    batch_size: int = 1024
    learning_rate: float = 3e-3
    seed: int = 1


DEFAULT_SCHEDULE = TrainingSchedule()


def train(
    network: Any,
    inputs: ArrayLike,
    targets: ArrayLike | None,
    schedule: TrainingSchedule,
    progress: EpochProgress | None = None,
    loss: str | None = None,
    callbacks: Sequence[Any] = (),
) -> list[float]:
    """Train a Keras network; without `targets` and `loss` by the losses that its layers add.

    `callbacks` are those of Keras, beside the one that tells the progress.

    Returns:
        training loss of each epoch.

    Raises:
        MaplessError: there are fewer events than fit into one batch, or the loss became infinite.
    """
    import keras

    inputs = np.asarray(inputs, dtype=np.float32)
    steps = len(inputs) // schedule.batch_size
    if not steps:
        raise MaplessError(
            f"{len(inputs)} events are less than one batch of {schedule.batch_size}; "
            "give more events or a smaller batch_size"
        )
    falling = keras.optimizers.schedules.CosineDecay(
        schedule.learning_rate, schedule.epochs * steps, alpha=0.01
    )
    network.compile(optimizer=keras.optimizers.Adam(falling), loss=loss)
    told = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: progress and progress(epoch + 1, schedule.epochs)
    )
    history = network.fit(
        inputs,
        targets,
        epochs=schedule.epochs,
        batch_size=schedule.batch_size,
        callbacks=[told, *callbacks],
        verbose=0,
    )
    losses = [float(value) for value in history.history["loss"]]
    if not np.isfinite(losses[-1]):
        raise MaplessError("the training diverged; choose a smaller learning_rate")
    return losses


def learned_scaling(hardware: ArrayLike, inputs: FixedPoint) -> IntegerScaling:
    """Learn a scaling whose bulk spans twelve steps of the input type, or 1 where this is finer.

    Narrower would cost resolution; wider would let the tails, where anomalies are, saturate.

    Args:
        hardware: training events, integers of shape (n_events, n_inputs).
        inputs: type that the scaled inputs are rounded to.
    """
    return IntegerScaling.from_quantiles(hardware, width=max(1.0, 12 * 2.0**-inputs.fraction))
