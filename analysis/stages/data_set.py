"""What a stage reads: the selected events of a source, with injected signal if they are the data."""

from dataclasses import dataclass

from analysis.engine.json_file import read_json
from analysis.engine.stage import Job
from analysis.search import NOMINAL, Injection, Source
from selections.cutflow import Cutflow
from selections.events import EventColumns, StoredEvents, inject, share

EVENTS = "events.root"
CUTFLOW = "cutflow.json"


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
            (signal.injection.sample, place, NOMINAL)
            for signal in self.injected
            for place in (region, signal.reference)
        ]
        return tuple(dict.fromkeys([own, *others]))


def selection_name(sample: str, region: str, shift: str = NOMINAL) -> str:
    """Name under which stages find selected events.

    >>> selection_name("qcd", "signal"), selection_name("qcd", "signal", "jet_energy_scale:up")
    ('qcd-signal', 'qcd-signal-jet_energy_scale-up')
    """
    return f"{sample}-{region}" + ("" if shift == NOMINAL else f"-{shift.replace(':', '-')}")


def read_events(job: Job, data_set: DataSet) -> EventColumns:
    """The events of a data set, those of injections behind them; nothing is read before it is asked for."""
    source = data_set.source
    events: EventColumns = StoredEvents(job.after[data_set_selection(source)] / EVENTS)
    for number, signal in enumerate(data_set.injected, start=1):
        name = selection_name(signal.injection.sample, source.region)
        added = StoredEvents(job.after[name] / EVENTS)
        events = inject(
            events, added, events_to_inject(job, signal, source.region), signal.injection.seed, number
        )
    return events if source.share == 1 else share(events, source.share)


def data_set_selection(source: Source) -> str:
    """Name of the selected events of a source."""
    return selection_name(source.sample, source.region, source.shift)


def events_to_inject(job: Job, signal: InjectedSignal, region: str) -> int:
    """Number of signal events that an injection adds to a region."""
    injection = signal.injection
    here = read_cutflow(job, injection.sample, region)
    reference = read_cutflow(job, injection.sample, signal.reference)
    produced = (injection.cross_section or 0.0) * signal.events_per_cross_section
    by_cross_section = produced * here.events[-1] / max(here.events[0], 1)
    return round(
        by_cross_section + (injection.n_events or 0) * here.events[-1] / max(reference.events[-1], 1)
    )


def read_cutflow(job: Job, sample: str, region: str) -> Cutflow:
    """The cutflow of a sample in a region."""
    stored = read_json(job.after[selection_name(sample, region)] / CUTFLOW)
    return Cutflow.from_dict(stored["cutflow"])
