"""Which events of a data set are in a spectrum, and which of them in a category of a cut."""

from collections.abc import Mapping, Sequence

import numpy as np

from analysis.engine.job import Job
from analysis.search import MassSpectrum
from analysis.stages.cut import mask_file
from analysis.stages.data_set import DataSet, read_events
from analysis.stages.weighted_efficiency import weighted_efficiency
from errors import MaplessError
from models.events import Mask
from selections.events import EventColumns


def in_spectrum(spectrum: MassSpectrum, events: EventColumns) -> Mask:
    """Events (n,) in the range of a spectrum, and in the window of another column that it lies in."""
    mass, within = events[spectrum.column], spectrum.within
    inside = (mass >= spectrum.edges[0]) & (mass < spectrum.edges[-1])
    return inside if within is None else inside & within.in_signal_region(events[within.column])


def relative_weights(events: EventColumns) -> np.ndarray:
    """Weights (n,) over their mean in the sample or injection of the event: equal ones count an event once.

    Raises MaplessError for weights that add up to nothing.
    """
    origin, weight = np.asarray(events["injected"]), np.asarray(events["weight"], dtype=float)
    sums = np.bincount(origin, weight)
    if np.any(sums[origin] == 0):
        raise MaplessError("the weights of the selected events add up to zero; no spectrum follows from them")
    return weight * np.bincount(origin)[origin] / sums[origin]


def read_masks(job: Job, cut: str, data: DataSet, events: EventColumns) -> dict[str, Mask]:
    """Masks (n,) of all categories that a cut stage, by its name among the earlier ones, has given events."""
    from selections.scores import read_scores

    stored = read_scores(job.after[cut] / mask_file(data), events)
    return {name: values.astype(bool) for name, values in stored.items()}


def signal_efficiencies(
    job: Job,
    spectrum: MassSpectrum,
    signal: DataSet,
    cut: str | None,
    categories: Mapping[str, Sequence[str]],
) -> dict[str, tuple[float, float]]:
    """Part of the selected signal in each category of a spectrum, made of some masks, with its error.

    Without a cut there is one category of all events. The error is that of a weighted binomial.
    """
    events = read_events(job, signal)
    weight, inside = np.asarray(events["weight"], dtype=float), in_spectrum(spectrum, events)
    masks = {} if cut is None else read_masks(job, cut, signal, events)
    found = {}
    for name, combined in categories.items():
        chosen = inside if cut is None else inside & np.any([masks[one] for one in combined], axis=0)
        found[name] = weighted_efficiency(weight, chosen)
    return found
