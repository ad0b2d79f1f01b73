"""Stage `train`: trains a detector in one mass window and scores every event."""

from pathlib import Path

import numpy as np

from analysis.configuration import Configuration
from analysis.injection import inject
from analysis.tensorflow_messages import tensorflow_reports_only_failures
from models.detector import Progress
from models.mass_windows import MassWindow


def load_events(select_folder: Path, configuration: Configuration) -> dict[str, np.ndarray]:
    """Return the selected events with the injected signal behind them, and `is_injected` of shape (n,)."""
    from selections.snapshot import read

    events = read(select_folder / "events.root")
    n_events = len(events["mjj"])
    injection = configuration.injection
    if injection.n_events:
        events = inject(events, read(select_folder / "signal.root"), injection.n_events, injection.seed)
    return events | {"is_injected": np.arange(len(events["mjj"])) >= n_events}


def train(
    configuration: Configuration,
    window: MassWindow,
    select_folder: Path,
    folder: Path,
    threads: int,
    progress: Progress,
) -> None:
    """Write the trained detector and `scores.npz` (score of every event, shape (n,), and the threshold)."""
    from models.detector import create

    events = load_events(select_folder, configuration)
    settings = configuration.detector
    with tensorflow_reports_only_failures():
        _limit_threads(threads)
        detector = create(
            settings.name, window=window, folds=settings.folds, seed=settings.seed, **settings.options
        )
        detector.fit(events, progress=progress)
        scores = detector.score(events)
    threshold = detector.threshold(events, scores, window.kept_fraction)
    detector.save(folder / "detector")
    np.savez_compressed(folder / "scores.npz", score=scores, threshold=threshold)


def _limit_threads(threads: int) -> None:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)
