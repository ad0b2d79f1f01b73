"""Stage `train`: trains the detector of a hunt, in one window or in all of them at once."""

from typing import Any

from analysis.engine.stage import Job, Tools
from analysis.engine.tensorflow_messages import tensorflow_reports_only_failures
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
        limit_threads(tools.threads)
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


def limit_threads(threads: int) -> None:
    """Let TensorFlow use so many threads, if it is not at work already."""
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:  # it has been used in this process before, with as many
        return
