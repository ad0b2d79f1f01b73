"""What a stage reads: the selected events of a source, with injected signal if they are the data."""

from dataclasses import dataclass

import numpy as np

from analysis.engine.job import Job
from analysis.engine.json_file import read_json
from analysis.source import NOMINAL, Injection, Source
from errors import MaplessError
from selections.cutflow import Cutflow
from selections.events import EventColumns, StoredEvents, draw, inject, share

EVENTS = "events.root"
CUTFLOW = "cutflow.json"
INJECTION = "injection.json"
"""How many events of a signal have the significance that is asked for."""


@dataclass(frozen=True)
class InjectedSignal:
    """An injection with what turns it into a number of events.

    Args:
        injection: what is added.
        events_per_cross_section: luminosity of the data times acceptance of the signal files.
        reference: the region in which a number of events is counted; other regions get their share.
    """

    injection: Injection
    events_per_cross_section: float
    reference: str


@dataclass(frozen=True)
class DataSet:
    """Events of a source whose sample is named, and the signals that are added to them."""

    source: Source
    injected: tuple[InjectedSignal, ...] = ()

    @property
    def name(self) -> str:
        """Sample and region, and what else distinguishes it."""
        share = "" if self.source.share == 1 else f"-{self.source.share:g}"
        return selection_name(self.source.sample, self.source.region, self.source.shift) + share

    @property
    def selections(self) -> tuple[tuple[str, str, str], ...]:
        """Sample, region and shift of all selected events that it is made of."""
        region = self.source.region
        own = (self.source.sample, region, self.source.shift)
        others = [
            (signal.injection.sample, *place)
            for signal in self.injected
            for place in ((region, signal.injection.shift), (signal.reference, NOMINAL))
        ]
        return tuple(dict.fromkeys([own, *others]))


def size_name(sample: str) -> str:
    """Name under which stages find how many events of a signal have some significance.

    >>> size_name("x_to_yy")
    'injection-x_to_yy'
    """
    return f"injection-{sample}"


def selection_name(sample: str, region: str, shift: str = NOMINAL) -> str:
    """Name under which stages find selected events.

    >>> selection_name("qcd", "signal"), selection_name("qcd", "signal", "jet_energy_scale:up")
    ('qcd-signal', 'qcd-signal-jet_energy_scale-up')
    """
    return shifted_name(f"{sample}-{region}", shift)


def shifted_name(name: str, shift: str) -> str:
    """A name with that of a shift behind it, if it is not the nominal one."""
    return name if shift == NOMINAL else f"{name}-{shift.replace(':', '-')}"


def read_events(job: Job, data_set: DataSet) -> EventColumns:
    """The events of a data set, those of injections behind them; nothing is read before it is asked for."""
    source = data_set.source
    events: EventColumns = StoredEvents(job.after[data_set_selection(source)] / EVENTS)
    read = _read_share(job, source) if data_set.injected else 1.0
    for number, signal in enumerate(data_set.injected, start=1):
        added, n_events = _candidates(job, signal, source.region, read)
        weight = signal.injection.weight if _is_reference(signal, source.region) else ""
        events = inject(events, added, n_events, signal.injection.seed, number, weight)
    return events if source.share == 1 else share(events, source.share)


def data_set_selection(source: Source) -> str:
    """Name of the selected events of a source."""
    return selection_name(source.sample, source.region, source.shift)


def events_to_inject(job: Job, signal: InjectedSignal, read: float = 1.0) -> int:
    """Number of signal events that an injection adds to its reference region.

    If a share of the data is `read`, that share of a number of events is injected: as large a signal.
    """
    injection = signal.injection
    if injection.significance is not None:
        return int(read_json(job.after[size_name(injection.sample)] / INJECTION)["n_events"])
    produced = (injection.cross_section or 0.0) * signal.events_per_cross_section
    selected = read_cutflow(job, injection.sample, signal.reference).efficiency if produced else 0.0
    if produced and injection.weight:
        events = StoredEvents(job.after[selection_name(injection.sample, signal.reference)] / EVENTS)
        selected *= float(np.sum(events[injection.weight]) / np.sum(events["weight"]))
    return round(produced * selected + read * (injection.n_events or 0))


def _candidates(job: Job, signal: InjectedSignal, region: str, read: float) -> tuple[EventColumns, int]:
    """Signal events of a region, and how many of them are injected: a shared event is added to both regions.

    They are drawn in the reference region, nominally. Those of another region or under a shift are the same
    ones, as far as they are in it, and the same part of its events that are not in the reference.
    """
    sample, seed, shift = signal.injection.sample, signal.injection.seed, signal.injection.shift
    reference = StoredEvents(job.after[selection_name(sample, signal.reference)] / EVENTS)
    n_events = events_to_inject(job, signal, read)
    if n_events > len(reference):
        raise MaplessError(
            f"{n_events:,} events of {sample} cannot be injected, only {len(reference):,} pass the selection"
        )
    if _is_reference(signal, region):
        return reference, n_events
    drawn = draw(reference, n_events, seed, signal.injection.weight)
    here = StoredEvents(job.after[selection_name(sample, region, shift)] / EVENTS)
    taken = np.isin(here["key"], reference["key"][drawn])
    others = np.flatnonzero(~np.isin(here["key"], reference["key"]))
    n_others = round(len(others) * n_events / max(len(reference), 1))
    taken[np.random.default_rng((seed, 1)).choice(others, n_others, replace=False)] = True
    return here.where(taken), int(taken.sum())


def _is_reference(signal: InjectedSignal, region: str) -> bool:
    return (region, signal.injection.shift) == (signal.reference, NOMINAL)


def _read_share(job: Job, source: Source) -> float:
    """Part of the events in the files of a source that was read, which a limit on their number decides."""
    read = read_json(job.after[data_set_selection(source)] / CUTFLOW)["read"]
    return read["events"] / read["of"] if read["of"] else 1.0


def read_cutflow(job: Job, sample: str, region: str, shift: str = NOMINAL) -> Cutflow:
    """The cutflow of a sample in a region, under a shift."""
    stored = read_json(job.after[selection_name(sample, region, shift)] / CUTFLOW)
    return Cutflow.from_dict(stored["cutflow"])
