"""Stage `filter`: which variations of a signal are so large that a detector must learn again with them.

CMS EXO-22-026 (arXiv:2412.03747): ten bins between the 1 and 99 % quantiles of every feature and of the mass.
Where no bin deviates by more than a fifth of the statistical error of the injected signal, the detector that
learnt with the nominal signal is evaluated on the varied one.
"""

from dataclasses import dataclass

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.source import NOMINAL
from analysis.stages.data_set import DataSet, read_cutflow, read_events
from selections.events import EventColumns

FILTER = "filter.json"
BINS = 10
QUANTILES = (0.01, 0.99)
OF_ERROR = 1 / 5


@dataclass(frozen=True)
class VariedSignal:
    """A signal under one shift of a variation: other events, or the nominal ones with another weight."""

    source: str
    tag: str
    signal: DataSet
    weight: str = "weight"

    @property
    def name(self) -> str:
        """As a shift is named."""
        return f"{self.source}:{self.tag}"


def filter_shifts(job: Job, tools: Tools) -> None:
    """Write `filter.json`: by name of the variation the largest deviation over its bound, and where it is.

    Arguments: `nominal` (a data set), `varied` (VariedSignal), `columns` that are compared, `n_injected`.
    """
    nominal = read_events(job, job.arguments["nominal"])
    reference = _per_produced(job, job.arguments["nominal"], nominal, "weight")
    found = {}
    for done, varied in enumerate(job.arguments["varied"], start=1):
        events = read_events(job, varied.signal)
        weights = _per_produced(job, varied.signal, events, varied.weight)
        ratios = {
            column: deviation(
                np.asarray(nominal[column], dtype=float),
                reference,
                np.asarray(events[column], dtype=float),
                weights,
                job.arguments["n_injected"],
            )
            for column in job.arguments["columns"]
            if np.ndim(nominal[column]) == 1
        }
        largest = max(ratios, key=lambda column: ratios[column])
        found[varied.name] = {"over_bound": ratios[largest], "column": largest}
        tools.progress(done, len(job.arguments["varied"]))
    write_json(job.folder / FILTER, found)


def deviation(
    nominal: np.ndarray,
    weights: np.ndarray,
    varied: np.ndarray,
    varied_weights: np.ndarray,
    n_injected: float,
) -> float:
    """Largest relative deviation in a bin, over a fifth of the error of `n_injected` events in that bin.

    Values and weights are (n,) and (m,); values beyond the outer quantiles count in the outer bins.

    >>> values = np.arange(1000.0)
    >>> ones = np.ones(1000)
    >>> round(deviation(values, ones, values, 1.1 * ones, n_injected=10_000), 1)
    16.4
    """
    low, high = np.quantile(nominal, QUANTILES)
    if low == high:  # the same for nearly all events
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    before, after = (
        np.histogram(np.clip(values, low, high), edges, weights=own)[0]
        for values, own in ((nominal, weights), (varied, varied_weights))
    )
    filled = before > 0
    relative = np.abs(after[filled] / before[filled] - 1)
    errors = 1 / np.sqrt(n_injected * before[filled] / weights.sum())
    return float(np.max(relative / (OF_ERROR * errors)))


def _per_produced(job: Job, data: DataSet, events: EventColumns, weight: str) -> np.ndarray:
    """Weights (n,) whose sum is the part of all produced events that is selected."""
    source = data.source
    flow = read_cutflow(job, source.sample, source.region, NOMINAL if weight != "weight" else source.shift)
    return np.asarray(events[weight], dtype=float) / flow.weighted[0]
