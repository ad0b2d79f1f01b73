"""The stages of a whole run: those of a search up to a last one, with blinding, closure and report."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from analysis import blinding, searches
from analysis.batch.part import Part
from analysis.closure import closure_stage
from analysis.conversions import conversions
from analysis.engine.stage import Stage, in_order
from analysis.explanation import explanation
from analysis.plan import Chain, Plan
from analysis.report.search_report import write_report
from analysis.sample_facts import sample_facts
from analysis.search_settings import SearchSettings
from analysis.search_words import cuts_in_words, data_text, label, title
from analysis.source import NOMINAL, Source
from analysis.stages.data_set import selection_name
from analysis.stages.excess import describe_excess
from errors import MaplessError

LAST = ("select", "train", "scan", "explain", "report")
"""How far a run may go."""


@dataclass(frozen=True)
class Pipeline:
    """One search with its settings as stages that depend on each other; nothing runs here."""

    settings: SearchSettings
    unblind: bool = False
    max_events: int | None = None

    def trainings(self, part: Part, output: Path) -> list[Stage]:
        """Every so many-th training of the search, and what it needs, in an order in which they can run.

        Raises MaplessError as `stages`, and for a part that has none.
        """
        self.check_unblinding(output)
        chains = () if self.is_closed else self.plan.chains
        trained = list({chain.train.key: chain.train for chain in chains}.values())
        chosen = part.chosen(trained)
        if not chosen:
            raise MaplessError(
                f"--part {part.number}/{part.of}: there are {len(trained)} trainings to share; ask for "
                "fewer parts"
            )
        return in_order(chosen)

    def stages(self, last: str, output: Path) -> list[Stage]:
        """All stages up to `last`, in an order in which they can run.

        Raises MaplessError when unblinding is asked for without a closure test that passed.
        """
        self.check_unblinding(output)
        chains = () if self.is_closed else self.plan.chains
        wanted: dict[str, Iterable[Stage]] = {
            "select": [*self._selections.values(), *self._shifted.values()],
            "train": [chain.train for chain in chains],
            "scan": [] if self.is_closed else [self.plan.global_significance, *self.plan.grids.values()],
            "explain": [explanation(self.plan)] if chains else [],
            "report": [self.report],
        }
        return in_order([stage for name in LAST[: LAST.index(last) + 1] for stage in wanted[name]])

    def check_unblinding(self, output: Path) -> None:
        """Raise MaplessError when unblinding is asked for without a closure test that passed."""
        if not (self.is_data and self.unblind):
            return
        if self.plan.search.injections:
            raise MaplessError(
                "--unblind refused: injections add simulated signal to the data; set injections={}"
            )
        blinding.require_closure(self.closure, output)

    @cached_property
    def plan(self) -> Plan:
        """The stages of the search itself."""
        return Plan(searches.declare(self.settings), self.settings, self.max_events)

    @property
    def is_data(self) -> bool:
        """Whether the events that are searched are measured ones."""
        search = self.plan.search
        return search.samples[search.data].role == "data"

    @property
    def is_closed(self) -> bool:
        """Whether intervals of the spectra must not be looked at."""
        return blinding.is_closed(self.plan.search, unblind=self.unblind)

    @cached_property
    def closure(self) -> Stage | None:
        """For data: the same search on simulation with and without signal; None if no simulation is named."""
        return closure_stage(self.plan) if self.is_data else None

    @cached_property
    def report(self) -> Stage:
        """Plots, numbers and the HTML file; of closed data only what lies outside of the closed intervals."""
        plan, search = self.plan, self.plan.search
        after = self._selections | self._shifted
        fits: dict[str, Stage] = {}
        grids: dict[str, Stage] = {}
        opened: dict[str, Stage] = {}
        hunts: tuple[Chain, ...] = ()
        if self.is_closed:
            opened = {f"open-{name}": stage for name, stage in plan.open_spectra.items()}
        else:
            fits, hunts, grids = plan.fits, plan.chains, plan.grids
            after |= fits | grids | {"global": plan.global_significance}
            after |= {"excess": self._excess} if search.described else {}
            after |= {"explain": explanation(plan)} if hunts else {}
            for chain in hunts:
                after |= {f"cut-{chain.name}": chain.cut}
                after |= {f"score-{chain.name}-{name}": stage for name, stage in chain.scores.items()}
        drawn = [search.samples[name] for name in (search.data, *(one.sample for one in search.injections))]
        after |= {name: stage for sample in drawn for name, stage in conversions(sample).items()}
        alone = {f"background-only-{name}": fit for name, fit in self._background_only.items()}
        tested = {f"closure-{name}": fit for name, fit in self.closure.after.items()} if self.closure else {}
        closure = {"closure": self.closure, **tested} if self.closure else {}
        arguments = {
            "name": search.name,
            "title": title(search),
            "reference": search.reference,
            "data_text": data_text(search, self.max_events),
            "label": label(search),
            "samples": {name: sample_facts(sample) for name, sample in search.samples.items()},
            "cuts": cuts_in_words(search),
            "configuration": self.settings.model_dump_json(indent=2),
            "closed": self.is_closed,
            "selections": tuple(self._selections),
            "shifted": tuple(self._shifted),
            "open_rows": self._open_rows,
            "fits": tuple(fits),
            "grids": tuple(grids),
            "background_only": {name: f"background-only-{name}" for name in self._background_only},
            "closure_fits": {name.removeprefix("closure-"): name for name in tested},
            "open_spectra": tuple(opened),
            "hunts": {chain.name: self._hunt(chain) for chain in hunts},
            "figures": search.figures,
            "described": search.described,
        }
        code = tuple(made.name.split(":")[0] for made in search.figures)
        return Stage("report", write_report, arguments, after | opened | alone | closure, code)

    @cached_property
    def _background_only(self) -> dict[str, Stage]:
        """The fits without injections, by the names of those with; none of data, which closure looks at."""
        search = self.plan.search
        if self.is_data or not search.injections or not self.settings.background_only:
            return {}
        alone = replace(search, injections=())
        return replace(self.plan, search=alone, note="background only").fits

    @property
    def _excess(self) -> Stage:
        """What the largest excess looks like."""
        plan, search = self.plan, self.plan.search
        data = {spectrum.region: plan.data(spectrum.region) for spectrum in search.spectra}
        arguments = {
            "fits": tuple(plan.fits),
            "data": data,
            "columns": tuple(search.described),
            "seed": self.settings.fit.seed,
        }
        after = plan.fits | plan.selected(data.values()) | {"global": plan.global_significance}
        return Stage("excess", describe_excess, arguments, after)

    @cached_property
    def _selections(self) -> dict[str, Stage]:
        """Selected data and injected and other signals without shifts, in the regions of the spectra."""
        search = self.plan.search
        regions = dict.fromkeys(spectrum.region for spectrum in search.spectra)
        injections = tuple(replace(injection, shift=NOMINAL) for injection in search.injections)
        data_sets = [self.plan.data_set(Source(region), injections) for region in regions]
        signals = {name: spectrum.region for spectrum in search.spectra for name in spectrum.signal.samples}
        found = self.plan.selected(data_sets)
        for name, region in signals.items():
            place = selection_name(name, region)
            found.setdefault(place, self.plan.selected([self.plan.signal(name, region)])[place])
        return found

    @cached_property
    def _shifted(self) -> dict[str, Stage]:
        """The selected events of simulation once more, under every shift of its variations."""
        sources = [
            Source(stage.arguments["region"], stage.arguments["sample"], shift)
            for stage in self._selections.values()
            for shift in self.plan.search.samples[stage.arguments["sample"]].shifts
        ]
        return self.plan.selected([self.plan.data_set(source) for source in sources])

    @property
    def _open_rows(self) -> dict[str, int]:
        """How many rows of the cutflows of closed data may be seen, by the name of the selection."""
        search = self.plan.search
        if not self.is_closed:
            return {}
        rows = {region: blinding.open_rows(search, region) for region in search.regions}
        return {selection_name(search.data, region): n for region, n in rows.items() if n is not None}

    def _hunt(self, chain: Chain) -> dict[str, object]:
        search = self.plan.search
        region = search.spectrum(chain.hunt.spectra[0]).region
        names = [search.data, *(injection.sample for injection in search.injections)]
        samples = {
            number: (search.samples[name], selection_name(name, region)) for number, name in enumerate(names)
        }
        return {
            "hunt": chain.hunt.name,
            "data": self.plan.data(region),
            "window": chain.window,
            "samples": samples,
            "masses": tuple(dict.fromkeys(search.spectrum(name).column for name in chain.hunt.spectra)),
        }
