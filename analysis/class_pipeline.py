"""The stages of a search in classes of events: histograms of every sample, the scan, the report."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from analysis import searches
from analysis.batch.part import Part
from analysis.class_search import ClassSearch
from analysis.conversions import conversions
from analysis.engine.stage import Stage, in_order
from analysis.report.class_report import write_class_report
from analysis.sample import Sample
from analysis.sample_facts import sample_facts
from analysis.search_settings import CommonSettings
from analysis.source import NOMINAL
from analysis.stages.class_distributions import LUMINOSITY, cross_section_of
from analysis.stages.data_set import selection_name
from analysis.stages.fill_classes import CLASSES, MOCK, fill_classes
from analysis.stages.scan_classes import scan_classes
from errors import MaplessError
from fits.region_scan.pseudo_experiments import common_shifts
from selections.event_classes import ENTRIES, times_drawn
from selections.graph import Selection


@dataclass(frozen=True)
class ClassPipeline:
    """One search in classes of events as stages that depend on each other; nothing runs here."""

    settings: CommonSettings
    unblind: bool = False
    max_events: int | None = None

    @cached_property
    def search(self) -> ClassSearch:
        """The search itself."""
        search = searches.declare_any(self.settings)
        if not isinstance(search, ClassSearch):
            raise TypeError(f"{search.name} is no search in classes of events")
        return search

    @property
    def is_data(self) -> bool:
        """Whether the events that are searched are measured ones."""
        search = self.search
        return search.data is not None and search.samples[search.data].role == "data"

    @property
    def is_closed(self) -> bool:
        """Whether the data must not be looked at: mock data are searched in their place."""
        return self.is_data and not self.unblind

    def stages(self, last: str, output: Path) -> list[Stage]:
        """All stages up to `last`, in an order in which they can run.

        Raises MaplessError for what has no detectors, and where data are to be opened before mock data.
        """
        if self.is_data and self.unblind and not replace(self, unblind=False).scan.is_done(output):
            raise MaplessError("--unblind needs the scan of mock data; run the same without --unblind first")
        filled = [*self._expected.values(), *self._observed.values()]
        wanted = {
            "select": filled,
            "train": filled,
            "scan": [*filled, self.scan],
            "report": [self.report],
        }
        if last not in wanted:
            raise MaplessError(f"{self.search.name} has no detector whose choice could be explained; run it")
        return in_order(wanted[last])

    def trainings(self, part: Part, output: Path) -> list[Stage]:
        """None; raises MaplessError."""
        raise MaplessError(f"--part {part.number}/{part.of}: {self.search.name} trains nothing; leave it out")

    @cached_property
    def scan(self) -> Stage:
        """The scan of all classes."""
        search = self.search
        arguments: dict[str, Any] = {
            "backgrounds": search.backgrounds,
            "shifts": self._shifts,
            "weights": {name: search.samples[name].weights for name in search.backgrounds},
            "expected": tuple(self._expected),
            "observed": tuple(self._observed),
            "edges": search.edges,
            "quantities": search.quantities,
            "kinds": search.kinds,
            "smallest_yield": search.smallest_yield,
            "largest_number": search.largest_number,
            "luminosity_error": search.luminosity_error,
            "settings": search.scan,
        }
        return Stage("scan-classes", scan_classes, arguments, self._expected | self._observed)

    @cached_property
    def report(self) -> Stage:
        """Plots, numbers and the HTML file."""
        search = self.search
        used = {stage.arguments["sample"] for stage in (*self._expected.values(), *self._observed.values())}
        arguments = search.facts() | {
            "data_text": self.data_text,
            "label": "Mapless" if self.is_data and self.unblind else "Mapless simulation",
            "luminosity": search.luminosity,
            "samples": {name: sample_facts(search.samples[name]) for name in sorted(used)},
            "groups": tuple(dict.fromkeys(group.title for group in search.backgrounds.values())),
            "cuts": tuple(cut.title for cut in search.selection.cuts),
            "configuration": self.settings.model_dump_json(indent=2),
            "closed": self.is_closed,
            "filled": (*self._expected, *self._observed),
        }
        after = {"scan": self.scan} | self._expected | self._observed
        return Stage("report", write_class_report, arguments, after)

    @property
    def data_text(self) -> str:
        """What was searched, in words."""
        search = self.search
        if search.data and not self.is_closed:
            return f"{search.data}, {search.luminosity:g} / fb"
        planted = ", ".join(f"{size:g} fb of {name}" for name, size in search.mock.planted.items())
        groups = search.backgrounds
        drawn = dict.fromkeys(groups[one].title if one in groups else one for one in search.mock.samples)
        text = f"mock data of {search.luminosity:g} / fb, drawn from {', '.join(drawn)}"
        return text + (f"; with {planted}" if planted else "")

    @cached_property
    def _shifts(self) -> dict[str, tuple[str, ...]]:
        return {name: self.search.samples[name].shifts for name in self.search.backgrounds}

    @cached_property
    def _expected(self) -> dict[str, Stage]:
        """Histograms of the background under all shifts, by name."""
        return {
            selection_name(name, CLASSES, shift): self._fill(self.search.samples[name], CLASSES, shift)
            for name in self.search.backgrounds
            for shift in (NOMINAL, *self._shifts[name])
        }

    @cached_property
    def _observed(self) -> dict[str, Stage]:
        """Histograms of the data, or of all that mock data are drawn from."""
        search = self.search
        if search.data and not self.is_closed:
            sample = search.samples[search.data]
            return {selection_name(search.data, CLASSES): self._fill(sample, CLASSES, NOMINAL)}
        drawn = {one.name: one for one in self._drawn()}
        return {
            selection_name(name, MOCK): self._fill(sample, MOCK, NOMINAL) for name, sample in drawn.items()
        }

    def _drawn(self) -> Iterator[Sample]:
        """What mock data are drawn from; signals with as much of them as is planted."""
        search = self.search
        for name in search.mock.samples:
            yield search.samples[name]
        for name, size in search.mock.planted.items():
            sample = search.samples[name]
            share = size / 1000 * sample.acceptance  # pb
            parts = tuple(
                replace(part, cross_section=share, luminosity=search.luminosity / len(sample.parts))
                for part in sample.parts
            )
            yield replace(sample, parts=parts)

    def _fill(self, sample: Sample, region: str, shift: str) -> Stage:
        selection = self._selection(sample, region)
        variations = tuple(part.variations_for(shift) for part in sample.parts)
        weights = sample.weights if (region, shift) == (CLASSES, NOMINAL) and sample.role != "data" else ()
        arguments = {
            "sample": sample.name,
            "role": sample.role,
            "parts": tuple(replace(part, variations=()) for part in sample.parts),
            "variations": variations,
            "region": region,
            "selection": selection,
            "columns": weights,
            "weights": weights,
            "shift": shift,
            "max_events": self.max_events,
            "edges": self.search.edges,
        }
        code = {type(source).__module__ for some in variations for source in some}
        return Stage(
            f"classes-{selection_name(sample.name, region, shift)}",
            fill_classes,
            arguments,
            conversions(sample),
            code=(*selection.headers, *sorted(code)),
            batch=f"classes-{sample.name}",
        )

    def _mock_scale(self, sample: str) -> float:
        """What luminosity and cross section of mock data are over those of the background."""
        search, errors = self.search, {LUMINOSITY: self.search.luminosity_error}
        if sample in search.backgrounds:
            group = search.backgrounds[sample]
            errors[cross_section_of(group)] = group.error
        shifts = common_shifts(errors, 1, search.mock.seed)
        factors = (1 + error * float(shifts[name][0]) for name, error in errors.items())
        return math.prod(max(factor, 0.0) for factor in factors)

    def _selection(self, sample: Sample, region: str) -> Selection:
        selection = sample.selection(self.search.selection)
        if region != MOCK:
            return selection.needed_for((ENTRIES,))
        column = times_drawn(self.search.mock.seed, self._mock_scale(sample.name))
        drawn = selection.refine(MOCK, columns=(column,))
        return drawn.needed_for((ENTRIES, column.name))
