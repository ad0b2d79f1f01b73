"""Stage `score`: scores the events of a data set with a trained detector."""

from collections.abc import Mapping

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.tensorflow_process import limit_tensorflow, tensorflow_reports_only_failures
from analysis.stages.data_set import read_events
from analysis.stages.train import window_folder
from errors import MaplessError
from models.anomaly_detector import AnomalyDetector, Scores
from models.events import Events

SCORES = "scores.root"
_AT_ONCE = 2**18  # events, which bounds the memory that inputs of a detector take


def score(job: Job, tools: Tools) -> None:
    """Write the scores of every event under its run, luminosity block and event number.

    Arguments: `detector`, `window`, `events` (a data set).
    """
    from models.made import find_class
    from models.registry import DETECTORS
    from selections.scores import write_scores

    events = read_events(job, job.arguments["events"])
    kind = find_class(job.arguments["detector"].name, DETECTORS)
    with tensorflow_reports_only_failures():
        limit_tensorflow(tools.threads)
        detector = kind.load(job.after["train"] / window_folder(job.arguments["window"]))
        scores = scores_in_parts(detector, events)
    write_scores(job.folder / SCORES, events, scores)


def scores_in_parts(detector: AnomalyDetector, events: Events) -> Mapping[str, np.ndarray]:
    """Scores of all events, some of them at a time."""
    numbers = np.arange(len(events))
    starts = range(0, max(len(events), 1), _AT_ONCE)
    parts = [
        detector.score(events.where((numbers >= start) & (numbers < start + _AT_ONCE))) for start in starts
    ]
    found = {name: np.concatenate([_named(part, name) for part in parts]) for name in detector.scores}
    for name, values in found.items():
        bad = int(np.count_nonzero(~np.isfinite(values)))
        if bad:
            raise MaplessError(
                f"the score {name} of {type(detector).__name__} is not a finite number for {bad:,} of "
                f"{len(values):,} events; mend the detector"
            )
    return found


def _named(scores: Scores, name: str) -> np.ndarray:
    if name not in scores:
        raise MaplessError(f"the detector promises a score {name}, but gives {', '.join(scores) or 'none'}")
    return np.asarray(scores[name], dtype=float)
