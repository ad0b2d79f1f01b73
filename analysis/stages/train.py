"""Stage `train`: trains the detector of a hunt, in one window or in all of them at once."""

from typing import Any

from analysis.engine.job import Job, Tools
from analysis.engine.tensorflow_process import limit_tensorflow, tensorflow_reports_only_failures
from analysis.stages.data_set import read_events

WITHOUT_WINDOW = "everywhere"


def train(job: Job, tools: Tools) -> None:
    """Write a trained detector into a folder named after each window.

    Arguments: `detector`, `windows` (None for a detector without one), `training` (data sets by role).
    """
    from models.registry import make_detector

    training = {role: read_events(job, data) for role, data in job.arguments["training"].items()}
    windows = job.arguments["windows"]
    with tensorflow_reports_only_failures():
        limit_tensorflow(tools.threads)
        untrained = [
            make_detector(job.arguments["detector"], window=window, threads=tools.threads)
            for window in windows
        ]
        kind: Any = type(untrained[0])
        detectors = kind.fit_many(untrained, [training] * len(untrained), tools.progress)
        for window, detector in zip(windows, detectors, strict=True):
            detector.save(job.folder / window_folder(window))


def window_folder(window: Any) -> str:
    """Name of the folder of a window's detector."""
    return WITHOUT_WINDOW if window is None else str(window.name)
