"""Limits on all signals of a search: which of them, in which rounds, and the tables that come out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from analysis.batch.part import Part
from analysis.engine.stage import Stage
from analysis.limit_rounds import FoundLimits, Run, limits_by_rounds
from analysis.pipeline import Pipeline
from analysis.plan import Plan
from analysis.report.limit_report import write_limit_report
from analysis.search import Search, TestedSignal
from analysis.search_settings import SearchSettings
from analysis.search_variants import with_traditional
from analysis.search_words import data_text, label, title
from errors import MaplessError


@dataclass(frozen=True)
class LimitSearch:
    """Limits on the signals that settings name, or on all that fit the search; nothing runs until `run`.

    `part` takes every so many-th signal, for jobs that share the work.
    """

    settings: SearchSettings
    unblind: bool = False
    part: Part = Part()

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """Samples of the signals of this part.

        Raises MaplessError if there are none.
        """
        named = self.settings.limits.signals or _that_fit(self._pipeline(()).plan.search, self.settings)
        chosen = tuple(self.part.chosen(named))
        if not chosen:
            raise MaplessError(
                f"limits.signals: part {self.part.number} of {self.part.of} has none of {len(named)} "
                "signals; name samples of signals whose mass is tested, or ask for fewer parts"
            )
        return chosen

    @cached_property
    def pipeline(self) -> Pipeline:
        """The search itself."""
        return self._pipeline(self.signals)

    @cached_property
    def plan(self) -> Plan:
        """The search, with those for each of the signals alone beside it."""
        return replace(self.pipeline.plan, search=with_traditional(self.pipeline.plan.search))

    def run(self, output: Path, run: Run) -> Stage:
        """Run all rounds and the tables, and return the stage of the tables.

        Raises MaplessError for data that are closed.
        """
        self.pipeline.check_unblinding(output)
        if self.pipeline.is_closed:
            raise MaplessError(
                "limits look into the closed intervals of the data; run the closure test, then --unblind"
            )
        found = limits_by_rounds(self.plan, self.signals, output, run)
        tables = self._tables(found)
        run([tables])
        return tables

    def _tables(self, found: FoundLimits) -> Stage:
        plan, search = self.plan, self.plan.search
        known = {signal.sample: signal for signal in search.signals}
        limits: dict[str, dict[str, Stage]] = {signal: {} for signal in self.signals}
        for (signal, fit), stage in found.limits.items():
            limits[signal][f"{signal} {fit}"] = stage
        fits = {fit: plan.fits[fit] for _, fit in found.limits}
        impacts = {f"impacts {signal} {fit}": stage for (signal, fit), stage in found.impacts.items()}
        region = search.spectra[0].region
        selections = plan.selected([plan.signal(signal, region) for signal in self.signals])
        arguments = {
            "name": search.name,
            "title": title(search),
            "reference": search.reference,
            "data_text": data_text(search),
            "label": label(search),
            "configuration": self.settings.model_dump_json(indent=2),
            "collision_energy": search.spectra[0].background.collision_energy,
            "signals": tuple(
                (known.get(signal, TestedSignal(signal, signal)), tuple(some))
                for signal, some in limits.items()
            ),
            "fits": tuple(fits),
            "impacts": {f"{signal} {fit}": f"impacts {signal} {fit}" for signal, fit in found.impacts},
            "selections": tuple(selections),
        }
        after = {name: stage for some in limits.values() for name, stage in some.items()}
        return Stage("limit-tables", write_limit_report, arguments, after | fits | impacts | selections)

    def _pipeline(self, signals: Sequence[str]) -> Pipeline:
        limits = self.settings.limits.model_copy(update={"signals": tuple(signals)})
        return Pipeline(self.settings.model_copy(update={"limits": limits}), self.unblind)


def _that_fit(search: Search, settings: SearchSettings) -> tuple[str, ...]:
    """Signals that the settings describe and no detector learns from, or else those that give the shape.

    Their mass must be one that is tested.
    """
    sources = [source for hunt in search.hunts for source in hunt.training.values()]
    learnt = {source.sample for source in sources}
    tested = {mass for spectrum in search.spectra for mass in spectrum.masses}
    tested |= {mass for hunt in search.hunts for masses in hunt.masses.values() for mass in masses}
    own = [
        name
        for name, sample in settings.samples.items()
        if sample.role == "signal" and sample.mass in tested and name not in learnt
    ]
    shapes = dict.fromkeys(name for spectrum in search.spectra for name in spectrum.signal.samples)
    return tuple(own or [name for name in shapes if search.samples[name].mass in tested])
