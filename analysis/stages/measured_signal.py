"""How much of a signal a spectrum holds, before or after the cut of a hunt, and what it looks like there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.job import Job
from analysis.search import MassSpectrum
from analysis.stages.data_set import DataSet, read_cutflow, read_events
from analysis.stages.in_spectrum import in_spectrum, read_masks
from errors import MaplessError
from fits.signals import DoubleCrystalBall

WINDOW = 0.4
"""Part of the mass on either side of it, in which the shape is fitted: tails of lost particles are long."""
MOST = 0.8
"""Of a shape that has to lie in the spectrum, where all events are that it was fitted to."""
FEW = 200
"""Events of a signal, below which its shape is that of all of its events in the spectrum."""


@dataclass(frozen=True)
class MeasuredSignal:
    """A signal in the categories of a fit, measured after each of some trainings.

    Args:
        efficiencies: part of all produced events in each category, the mean over the trainings.
        error: of their sum, by the number of events that were produced.
        training_error: of their sum from one training to the next; None for a single one.
    """

    efficiencies: Mapping[str, float]
    error: float
    training_error: float | None

    @property
    def efficiency(self) -> float:
        """Part of all produced events in all categories together."""
        return sum(self.efficiencies.values())


def measured_signal(
    job: Job,
    spectrum: MassSpectrum,
    signal: DataSet,
    cuts: Sequence[str],
    categories: Mapping[str, Sequence[str]],
    weight_column: str = "weight",
) -> MeasuredSignal:
    """A signal in categories that are made of some masks of a cut, or of all events where there is no cut.

    `cuts` are the names of stages whose trainings differ by their seed. `job` has the signal as a sample
    among its arguments. With another `weight_column` its yield changes as its sum of weights does.
    """
    events = read_events(job, signal)
    weight, inside = np.asarray(events[weight_column], dtype=float), in_spectrum(spectrum, events)
    chosen = [
        {name: inside & np.any([masks[one] for one in some], axis=0) for name, some in categories.items()}
        for masks in (read_masks(job, cut, signal, events) for cut in cuts)
    ] or [dict.fromkeys(categories, inside)]
    source, acceptance = signal.source, job.arguments["signal"].acceptance
    flow = read_cutflow(job, source.sample, source.region, source.shift)
    produced = flow.weighted[0] / acceptance
    parts = np.array([[weight[mask].sum() for mask in one.values()] for one in chosen]) / produced
    totals = parts.sum(axis=1)
    effective = (
        flow.weighted[0] ** 2 / flow.weighted_squared[0] / acceptance
    )  # produced events of equal weight
    mean = float(totals.mean())
    return MeasuredSignal(
        dict(zip(categories, parts.mean(axis=0).tolist(), strict=True)),
        float(np.sqrt(max(mean * (1 - mean), 0.0) / effective)),
        float(np.std(totals, ddof=1)) if len(totals) > 1 else None,
    )


def fitted_shape(
    job: Job,
    spectrum: MassSpectrum,
    signal: DataSet,
    cuts: Sequence[str],
    categories: Mapping[str, Sequence[str]],
) -> Mapping[str, Any] | None:
    """The resonance of a signal in a spectrum, as `fits.signals.signal_from_json` reads it.

    That of the events that any of the cuts keeps, of all of them if those are few; None where no fit
    converges, or one that says that most of the signal lies elsewhere. Arguments as of `measured_signal`.
    """
    events = read_events(job, signal)
    inside = in_spectrum(spectrum, events)
    combined = [one for some in categories.values() for one in some]
    masks = [read_masks(job, cut, signal, events) for cut in cuts]
    kept = inside & np.any([mask[one] for mask in masks for one in combined], axis=0) if masks else inside
    for chosen in (kept, inside) if np.count_nonzero(kept) >= FEW else (inside,):
        mass, weight = events[spectrum.column][chosen], np.asarray(events["weight"], dtype=float)[chosen]
        try:
            shape = DoubleCrystalBall.fit(mass, job.arguments["signal"].mass, weight, WINDOW)
        except MaplessError:
            continue
        if shape.bin_fractions(np.array(spectrum.edges)).sum() > MOST:
            return shape.to_json()
    return None
