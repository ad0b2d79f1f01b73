"""Which events a search reads, as data sets and as the stages that select them."""

from dataclasses import dataclass, replace
from functools import cached_property

from analysis.conversions import conversions
from analysis.engine.stage import Stage
from analysis.kept_columns import kept_columns
from analysis.search import Search
from analysis.search_settings import SearchSettings
from analysis.source import NOMINAL, Injection, Source
from analysis.stages.data_set import DataSet, InjectedSignal, selection_name
from analysis.stages.select import select
from errors import MaplessError


@dataclass(frozen=True)
class SelectionPlan:
    """The data sets of a search with its settings; `max_events` reads only so many events of each sample."""

    search: Search
    settings: SearchSettings
    max_events: int | None = None

    def data(self, region: str) -> DataSet:
        """The data of a region, with the injections of the search."""
        return self.data_set(Source(region), self.search.injections)

    def signal(self, name: str, region: str, shift: str = NOMINAL) -> DataSet:
        """A signal sample in a region, under a shift."""
        return self.data_set(Source(region, name, shift))

    def data_set(self, source: Source, injections: tuple[Injection, ...] = ()) -> DataSet:
        """A source with its sample named, and the signals that are injected if it is the data.

        Raises MaplessError for a shift that a sample does not have.
        """
        named = replace(source, sample=self.search.sample_of(source))
        for name, shift in [(named.sample, named.shift), *((one.sample, one.shift) for one in injections)]:
            self.search.require_shift(name, source.region, shift)
        if named.sample != self.search.data:
            return DataSet(named)
        luminosity = self.search.samples[self.search.data].luminosity
        if any(injection.cross_section for injection in injections):
            self.require_luminosity("an injected cross section")
        reference = self.search.spectra[0].region
        samples = [self.search.samples[injection.sample] for injection in injections]
        pairs = zip(injections, samples, strict=True)
        return DataSet(
            named, tuple(InjectedSignal(i, luminosity * s.acceptance, reference) for i, s in pairs)
        )

    def require_luminosity(self, what: str) -> None:
        """Raise MaplessError if the luminosity of the data that are read is not known."""
        if not self.search.samples[self.search.data].luminosity:
            raise MaplessError(f"{what} needs the luminosity of {self.search.data}; add it to its sample")
        if self.max_events is not None:
            raise MaplessError(f"{what} needs the luminosity of all data: leave --max-events out")

    def select(self, sample: str, region: str, shift: str) -> Stage:
        """The selected events of a sample in a region, under a shift."""
        selection = self.search.selection(region, sample).needed_for(self._columns[region])
        known = self.search.samples[sample]
        weights = known.weights if shift == NOMINAL else ()
        variations = tuple(part.variations_for(shift) for part in known.parts)
        code = {type(source).__module__ for some in variations for source in some}
        arguments = {
            "sample": sample,
            "role": known.role,
            "parts": tuple(replace(part, variations=()) for part in known.parts),
            "variations": variations,
            "region": region,
            "selection": selection,
            "columns": (*self._columns[region], *weights),
            "shift": shift,
            "max_events": self.max_events,
        }
        name = selection_name(sample, region, shift)
        return Stage(
            f"select-{name}",
            select,
            arguments,
            conversions(known),
            code=(*selection.headers, *sorted(code)),
            batch=f"select-{sample}",
        )

    @cached_property
    def _columns(self) -> dict[str, tuple[str, ...]]:
        return kept_columns(self.search)
