"""The stages of a whole run: those of a search up to a last one, with blinding, closure and report."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from analysis import blinding, searches
from analysis.conversions import conversions
from analysis.engine.stage import Stage, in_order
from analysis.explanation import explanation
from analysis.plan import Chain, Plan
from analysis.report.search_report import write_report
from analysis.search_settings import InjectionSettings, SearchSettings
from analysis.source import NOMINAL, Source
from analysis.stages.closure import BACKGROUND, INJECTED, check_closure
from analysis.stages.data_set import selection_name, shifted_name
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

    def stages(self, last: str, output: Path) -> list[Stage]:
        """All stages up to `last`, in an order in which they can run.

        Raises MaplessError when unblinding is asked for without a closure test that passed.
        """
        self.check_unblinding(output)
        chains = () if self.is_closed else self.plan.chains
        wanted: dict[str, Iterable[Stage]] = {
            "select": [*self._selections.values(), *self._shifted.values()],
            "train": [chain.train for chain in chains],
            "scan": [] if self.is_closed else [self.plan.global_significance],
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
        closure = self.settings.closure
        if not self.is_data or closure.background is None:
            return None
        self._check_closure_samples()
        injected = (
            {closure.signal: InjectionSettings(n_events=closure.n_signal_events)} if closure.signal else {}
        )
        after: dict[str, Stage] = {}
        for kind, injections in ((BACKGROUND, {}), (INJECTED, injected)):
            changed = {"data": closure.background, "injections": injections}
            settings = self.settings.model_copy(update=changed)
            note = f"closure, {kind}"
            fits = Plan(searches.declare(settings), settings, self.max_events, note).fits
            hunted = {name: fit for name, fit in fits.items() if fit.arguments["hunted"]}
            after |= {f"{kind} {name}": fit for name, fit in (hunted or fits).items()}
        mass = self.plan.search.samples[closure.signal].mass if closure.signal else None
        return Stage("closure", check_closure, {"mass": mass}, after)

    def _check_closure_samples(self) -> None:
        """Raise MaplessError where the closure test could look at data, or could not fail."""
        samples, closure = self.plan.search.samples, self.settings.closure
        if closure.background and samples[closure.background].role != "background":
            raise MaplessError(
                f"closure.background: {closure.background} is {samples[closure.background].role}, not "
                "background"
            )
        if closure.signal and (samples[closure.signal].role != "signal" or not samples[closure.signal].mass):
            raise MaplessError(f"closure.signal: {closure.signal} must be a signal with a mass")
        if closure.signal and not closure.n_signal_events:
            raise MaplessError("closure.n_signal_events: say how many events of the signal are injected")

    @cached_property
    def report(self) -> Stage:
        """Plots, numbers and the HTML file; of closed data only what lies outside of the closed intervals."""
        plan, search = self.plan, self.plan.search
        after = self._selections | self._shifted
        fits: dict[str, Stage] = {}
        opened: dict[str, Stage] = {}
        hunts: tuple[Chain, ...] = ()
        if self.is_closed:
            opened = {f"open-{name}": stage for name, stage in plan.open_spectra.items()}
        else:
            fits, hunts = plan.fits, plan.chains
            after |= fits | {"global": plan.global_significance}
            after |= {"excess": self._excess} if search.described else {}
            after |= {"explain": explanation(plan)} if hunts else {}
            for chain in hunts:
                after |= {f"cut-{chain.name}": chain.cut}
                after |= {f"score-{chain.name}-{name}": stage for name, stage in chain.scores.items()}
        drawn = [search.samples[name] for name in (search.data, *(one.sample for one in search.injections))]
        after |= {name: stage for sample in drawn for name, stage in conversions(sample).items()}
        closure = {"closure": self.closure} if self.closure else {}
        arguments = {
            "name": search.name,
            "title": search.title,
            "reference": search.reference,
            "data_text": self.data_text,
            "label": self.label,
            "configuration": self.settings.model_dump_json(indent=2),
            "closed": self.is_closed,
            "selections": tuple(self._selections),
            "shifted": tuple(self._shifted),
            "open_rows": self._open_rows,
            "fits": tuple(fits),
            "open_spectra": tuple(opened),
            "hunts": {chain.name: self._hunt(chain) for chain in hunts},
            "figures": search.figures,
            "described": search.described,
        }
        code = tuple(made.name.split(":")[0] for made in search.figures)
        return Stage("report", write_report, arguments, after | opened | closure, code)

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

    @property
    def label(self) -> str:
        """Whose figures these are."""
        return "Mapless" if self.is_data else "Mapless simulation"

    @property
    def data_text(self) -> str:
        """What was searched, in words."""
        search = self.plan.search
        kind = "collision data" if self.is_data else "simulation"
        added = [
            f"{one.n_events} events" if one.n_events else f"{one.cross_section:g} fb"
            for one in search.injections
        ]
        pairs = zip(added, search.injections, strict=True)
        text = ", ".join(f"{amount} of {shifted_name(one.sample, one.shift)}" for amount, one in pairs)
        first, scaled = "", ""
        if self.max_events is not None:
            first, scaled = f", the first {self.max_events:,} events", ", scaled to the events that are read"
        return f"{kind} ({search.data}{first})" + (f" with {text} injected{scaled}" if text else "")

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
