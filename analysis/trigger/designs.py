"""The trigger networks that a run can train, by name, and what they look at."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from numpy.typing import NDArray

from firmware.networks import axol1tl, cicada
from firmware.training.schedule import EpochProgress, TrainingSchedule
from firmware.trigger_model import TriggerModel


@dataclass(frozen=True, eq=False)
class TrainingSample:
    """Hardware integers of zero-bias events to learn from, and outliers that a student is shown (or None)."""

    zero_bias: NDArray[Any]
    outliers: NDArray[Any] | None = None


Training = Callable[[str, TrainingSample, TrainingSchedule, EpochProgress], TriggerModel]


@dataclass(frozen=True)
class TriggerDesign:
    """What a model looks at, and how it trains."""

    inputs: Literal["objects", "regions"]
    train: Training


def variational(design: axol1tl.EncoderDesign) -> TriggerDesign:
    """An encoder that trains as part of a variational autoencoder."""

    def train(
        name: str, sample: TrainingSample, schedule: TrainingSchedule, progress: EpochProgress
    ) -> TriggerModel:
        from firmware.training.variational import train_variational

        return train_variational(sample.zero_bias, design, name=name, schedule=schedule, progress=progress)

    return TriggerDesign("objects", train)


def _embedding(design: axol1tl.EmbeddingDesign) -> TriggerDesign:
    def train(
        name: str, sample: TrainingSample, schedule: TrainingSchedule, progress: EpochProgress
    ) -> TriggerModel:
        from firmware.training.embedding import train_embedding

        return train_embedding(sample.zero_bias, design, name=name, schedule=schedule, progress=progress)

    return TriggerDesign("objects", train)


def _student(design: cicada.StudentDesign) -> TriggerDesign:
    """Teacher and student learn from different halves of the events, so that neither has seen the other's.

    The teacher takes far longer per event and learns in small batches, one epoch for ten of the student.
    """

    def train(
        name: str, sample: TrainingSample, schedule: TrainingSchedule, progress: EpochProgress
    ) -> TriggerModel:
        from firmware.training.cicada import TeacherDesign, train_student, train_teacher

        taught, learnt = sample.zero_bias[::2], sample.zero_bias[1::2]
        slower = replace(
            schedule,
            epochs=math.ceil(schedule.epochs / 10),
            batch_size=min(schedule.batch_size, 128),
            learning_rate=schedule.learning_rate / 3,
        )
        teacher = train_teacher(taught, TeacherDesign(), schedule=slower, progress=progress)
        return train_student(
            learnt,
            teacher,
            design,
            name=name,
            outliers=sample.outliers,
            schedule=schedule,
            progress=progress,
        )

    return TriggerDesign("regions", train)


ENCODERS = {
    "axol1tl": axol1tl.TRAINED_VERSION_4,
    "axol1tl_v1": axol1tl.VERSION_1,
    "axol1tl_v3": axol1tl.VERSION_3,
    "axol1tl_v4": axol1tl.VERSION_4,
}

DESIGNS: dict[str, TriggerDesign] = {
    **{name: variational(design) for name, design in ENCODERS.items()},
    "axol1tl_v5": _embedding(axol1tl.TRAINED_VERSION_5),
    "cicada_v1p1p2": _student(cicada.TRAINED_VERSION_1P1P2),
    "cicada_v2p1p2": _student(cicada.TRAINED_VERSION_2P1P2),
}
