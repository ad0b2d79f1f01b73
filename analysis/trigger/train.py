"""Stage `train`: from zero-bias events to a trigger model."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.engine.job import Job, Tools
from analysis.engine.tensorflow_process import limit_tensorflow, tensorflow_reports_only_failures
from analysis.trigger.designs import DESIGNS, TrainingSample
from analysis.trigger.products import MODEL
from analysis.trigger.samples import OUTLIER_FRACTION, ZERO_BIAS, events_file, for_training
from selections import level1


@tensorflow_reports_only_failures()
def train(job: Job, tools: Tools) -> None:
    """Train a model and save it as `model`.

    Arguments: `model` (a name among the designs), `schedule`, `fraction` of the zero-bias events to train on,
    `outliers` (names of samples), `files` of samples.
    """
    limit_tensorflow(1)  # a seed gives the same network, however many cores there are
    name, design = job.arguments["model"], DESIGNS[job.arguments["model"]]
    hardware = level1.read(events_file(job, ZERO_BIAS)).inputs(design.inputs)
    zero_bias = hardware[for_training(len(hardware), job.arguments["fraction"])]
    outliers = [_exposed(events_file(job, sample), design.inputs) for sample in job.arguments["outliers"]]
    learnt = TrainingSample(zero_bias, np.concatenate(outliers) if outliers else None)
    design.train(name, learnt, job.arguments["schedule"], tools.progress).save(job.folder / MODEL)


def _exposed(file: Path, kind: Literal["objects", "regions"]) -> NDArray[Any]:
    hardware = level1.read(file).inputs(kind)
    return hardware[for_training(len(hardware), OUTLIER_FRACTION)]
