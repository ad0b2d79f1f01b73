"""The training stage: from zero-bias events to a trigger model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.trigger.configuration import ZERO_BIAS, TrainingSettings, TriggerConfiguration
from analysis.trigger.designs import DESIGNS, TrainingSample
from firmware.training.schedule import EpochProgress, TrainingSchedule
from selections import level1

OUTLIER_FRACTION = 0.5
"""Part of the events of an outlier that a student is shown; the others give its efficiency."""


def train(
    configuration: TriggerConfiguration, files: Mapping[str, Path], folder: Path, progress: EpochProgress
) -> None:
    """Train the model of a configuration on samples by name and save it as `folder/model`."""
    design, settings = DESIGNS[configuration.model], configuration.training
    hardware = level1.read(files[ZERO_BIAS]).inputs(design.inputs)
    zero_bias = hardware[for_training(len(hardware), settings.fraction)]
    outliers = [_exposed(files[name], design.inputs) for name in settings.outliers]
    learnt = TrainingSample(zero_bias, np.concatenate(outliers) if outliers else None)
    design.train(configuration.model, learnt, schedule_of(settings), progress).save(folder / "model")


def _exposed(file: Path, kind: Literal["objects", "regions"]) -> NDArray[Any]:
    hardware = level1.read(file).inputs(kind)
    return hardware[for_training(len(hardware), OUTLIER_FRACTION)]


def schedule_of(settings: TrainingSettings) -> TrainingSchedule:
    """How long and how fast a network trains, as a configuration says."""
    return TrainingSchedule(settings.epochs, settings.batch_size, settings.learning_rate, settings.seed)


def for_training(n_events: int, fraction: float) -> NDArray[np.bool_]:
    """Mask (n_events,) of the events to train on: the first ones; all others are held out.

    >>> for_training(4, 0.5).tolist()
    [True, True, False, False]
    """
    mask: NDArray[Any] = np.arange(n_events) < fraction * n_events
    return mask
