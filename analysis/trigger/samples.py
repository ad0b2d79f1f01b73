"""Where the events of samples lie, and which of them a training may see."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.engine.job import Job
from analysis.trigger.products import EVENTS

ZERO_BIAS = "level1_zero_bias"
OUTLIER_FRACTION = 0.5
"""Part of the events of an outlier that a student is shown; the others give its efficiency."""


def events_file(job: Job, sample: str) -> Path:
    """Where a stage finds a sample: in the argument `files`, or with the earlier stage that simulated it."""
    given: dict[str, Path] = job.arguments["files"]
    return given[sample] if sample in given else job.after[sample] / EVENTS


def for_training(n_events: int, fraction: float) -> NDArray[np.bool_]:
    """Mask (n_events,) of the events to train on: the first ones; all others are held out.

    >>> for_training(4, 0.5).tolist()
    [True, True, False, False]
    """
    mask: NDArray[Any] = np.arange(n_events) < fraction * n_events
    return mask
