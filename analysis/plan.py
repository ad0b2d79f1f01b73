"""From a search to its stages: what runs, on what, and in which order; nothing runs here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from analysis.engine.stage import Stage
from analysis.kept_columns import check_scores, offered_cut
from analysis.search import Hunt, MassSpectrum
from analysis.selection_plan import SelectionPlan
from analysis.source import NOMINAL, Injection, Source
from analysis.stages.cut import cut
from analysis.stages.data_set import DataSet, selection_name, size_name
from analysis.stages.fit import Hunted, fit
from analysis.stages.global_significance import find_global_significance
from analysis.stages.grid import grid as hunt_grid
from analysis.stages.injection_size import size_injection
from analysis.stages.open_spectrum import open_spectrum
from analysis.stages.score import score
from analysis.stages.signal_shape import signal_shape
from analysis.stages.train import train
from errors import MaplessError
from models.made import modules, with_what_it_takes
from models.registry import CUTS, DETECTORS
from models.window import Window


@dataclass(frozen=True)
class Chain:
    """One hunt in one window (or in none): its stages from training to the cut, for given injections."""

    hunt: Hunt
    window: Window | None
    train: Stage
    scores: Mapping[str, Stage]
    cut: Stage

    @property
    def name(self) -> str:
        """Of the hunt and its window."""
        return chain_name(self.hunt, self.window)


@dataclass(frozen=True)
class Plan(SelectionPlan):
    """All stages of a search with its settings.

    `note` is that of its stages, for a plan that is not the search itself.
    """

    note: str = ""

    @cached_property
    def chains(self) -> tuple[Chain, ...]:
        """All hunts in all their windows, with the injections of the search."""
        pairs = [(hunt, window) for hunt in self.search.hunts for window in hunt.windows or (None,)]
        return tuple(
            self.chain(hunt, window, self.search.injections, self._grid_data(hunt)) for hunt, window in pairs
        )

    @cached_property
    def fits(self) -> dict[str, Stage]:
        """The search of every spectrum: inclusive, and after the cut of every chain that tests a mass."""
        found = {s.name: self._fit(s, None) for s in self.search.spectra if s.inclusive}
        for chain in self.chains:
            for spectrum in map(self.search.spectrum, chain.hunt.spectra):
                name = f"{spectrum.name}-{chain.name}"
                if name in found:
                    raise MaplessError(f"two fits would be called {name}; rename a hunt, spectrum or window")
                if self.masses(chain.hunt, chain.window, spectrum):
                    found[name] = self._fit(spectrum, chain)
        return found

    @cached_property
    def global_significance(self) -> Stage:
        """The smallest local p-value of every mass, and one global significance over all fits."""
        arguments = self.settings.global_significance.model_dump()
        return Stage("global", find_global_significance, arguments, self.fits)

    @cached_property
    def grids(self) -> dict[str, Stage]:
        """The hunt in every grid of two masses."""
        chains = {chain.hunt.name: chain for chain in self.chains}
        toys = self.settings.global_significance.model_dump()
        found = {}
        for grid in self.search.grids:
            data = self.data(grid.region)
            after = self.selected([data]) | ({"cut": chains[grid.hunt].cut} if grid.hunt else {})
            name = f"grid-{grid.name}"
            found[name] = Stage(name, hunt_grid, {"grid": grid, "data": data, **toys}, after, note=self.note)
        return found

    @cached_property
    def open_spectra(self) -> dict[str, Stage]:
        """Of each spectrum of data what lies outside of the closed intervals."""
        return {spectrum.name: self._open_spectrum(spectrum) for spectrum in self.search.spectra}

    def masses(self, hunt: Hunt, window: Window | None, spectrum: MassSpectrum) -> tuple[float, ...]:
        """The mass hypotheses of a hunt in a window."""
        return spectrum.masses if window is None else hunt.masses[window.name]

    def selected(self, data_sets: Iterable[DataSet]) -> dict[str, Stage]:
        """The selected events that data sets are made of, by name, and how many to inject if that is open."""
        data_sets = tuple(data_sets)
        places = [place for data in data_sets for place in data.selections]
        found = {selection_name(*place): self.select(*place) for place in dict.fromkeys(places)}
        injections = dict.fromkeys(signal.injection for data in data_sets for signal in data.injected)
        open_sizes = [one for one in injections if one.significance is not None]
        return found | {size_name(one.sample): self._injection_size(one) for one in open_sizes}

    def chain(
        self,
        hunt: Hunt,
        window: Window | None,
        injections: tuple[Injection, ...],
        beside: tuple[DataSet, ...] = (),
    ) -> Chain:
        """One hunt in one window with these injections into the data, also applied to what lies `beside`."""
        check_scores(self.search, hunt)
        training = {role: self.data_set(source, injections) for role, source in hunt.training.items()}
        trained = self._train(hunt, window, training)
        learn_on = self.data_set(hunt.learn_on, injections)
        regions = dict.fromkeys(self.search.spectrum(name).region for name in hunt.spectra)
        data_sets = [
            learn_on,
            *(self.data_set(Source(region), injections) for region in regions),
            *(signal for region in regions for signal in self._signals(hunt, injections, region)),
            *beside,
        ]
        kept = tuple(dict.fromkeys(data_sets))
        scores = {data.name: self._score(hunt, window, data, trained) for data in kept}
        arguments = {
            "cut": offered_cut(self.search, hunt),
            "window": window,
            "learn_on": learn_on,
            "data_sets": kept,
            "masses": self.masses(hunt, window, self.search.spectrum(hunt.spectra[0])),
        }
        after = self.selected(kept) | {f"score-{name}": stage for name, stage in scores.items()}
        name = f"cut-{chain_name(hunt, window)}"
        learnt = Stage(name, cut, arguments, after, modules(hunt.cut, CUTS), note=self.note)
        return Chain(hunt, window, trained, scores, learnt)

    def _grid_data(self, hunt: Hunt) -> tuple[DataSet, ...]:
        """The data of the grids that hold events of a hunt."""
        return tuple(self.data(grid.region) for grid in self.search.grids if grid.hunt == hunt.name)

    def _signals(self, hunt: Hunt, injections: tuple[Injection, ...], region: str) -> tuple[DataSet, ...]:
        """Signals that give the shapes in the spectra of a hunt or are injected, in a region."""
        shapes = [name for one in hunt.spectra for name in self.search.spectrum(one).signal.samples]
        named = [(name, NOMINAL) for name in shapes] + [(one.sample, one.shift) for one in injections]
        return tuple(self.signal(name, region, shift) for name, shift in dict.fromkeys(named))

    def _injection_size(self, injection: Injection) -> Stage:
        """How many events of a signal have some expected significance in the first spectrum."""
        alone = replace(self, search=replace(self.search, injections=()))
        spectrum = self.search.spectra[0]
        signal = self.signal(injection.sample, spectrum.region)
        arguments = {
            "spectrum": spectrum,
            "signal": signal,
            "mass": self.search.samples[injection.sample].mass,
            "significance": injection.significance,
        }
        after = {"fit": alone._fit(spectrum, None)} | self.selected([signal])
        return Stage(size_name(injection.sample), size_injection, arguments, after)

    def _train(self, hunt: Hunt, window: Window | None, training: Mapping[str, DataSet]) -> Stage:
        windows = hunt.windows if hunt.together and hunt.windows else (window,)
        name = hunt.name if hunt.together else chain_name(hunt, window)
        detector = with_what_it_takes(hunt.detector, DETECTORS)
        arguments = {"detector": detector, "windows": windows, "training": training}
        after = self.selected(training.values())
        code = modules(hunt.detector, DETECTORS)
        return Stage(f"train-{name}", train, arguments, after, code, note=self.note)

    def _score(self, hunt: Hunt, window: Window | None, data: DataSet, trained: Stage) -> Stage:
        detector = with_what_it_takes(hunt.detector, DETECTORS)
        arguments = {"detector": detector, "window": window, "events": data}
        name = f"score-{chain_name(hunt, window)}-{data.name}"
        after = {"train": trained} | self.selected([data])
        return Stage(name, score, arguments, after, modules(hunt.detector, DETECTORS), note=self.note)

    def _shape(self, spectrum: MassSpectrum) -> Stage:
        data_sets = [self.data_set(Source(spectrum.region, name)) for name in spectrum.signal.samples]
        arguments = {
            "column": spectrum.column,
            "within": spectrum.within,
            "given": spectrum.signal.given or {"shape": "gaussian", "width": spectrum.signal.width},
            "region": spectrum.region,
            "masses": {name: self.search.samples[name].mass for name in spectrum.signal.samples},
        }
        after = self.selected(data_sets)
        return Stage(f"shape-{spectrum.name}", signal_shape, arguments, after)

    def _fit(self, spectrum: MassSpectrum, chain: Chain | None) -> Stage:
        data = self.data(spectrum.region)
        own = tuple(self.signal(name, spectrum.region) for name in spectrum.signal.samples)
        signals = own or (self._signals(chain.hunt, self.search.injections, spectrum.region) if chain else ())
        arguments = {
            "spectrum": replace(spectrum, blind=None),  # which decides when it runs, not what comes out
            "data": data,
            "signals": signals,
            "settings": self.settings.fit.model_dump(),
            "masses": self.masses(chain.hunt, chain.window, spectrum) if chain else spectrum.masses,
            "hunted": Hunted(chain.hunt.name, chain.window, chain.hunt.search, chain.hunt.limits)
            if chain
            else None,
        }
        after = (
            self.selected([data, *signals])
            | {"shape": self._shape(spectrum)}
            | ({"cut": chain.cut} if chain else {})
        )
        name = f"fit-{spectrum.name}" + (f"-{chain.name}" if chain else "")
        return Stage(name, fit, arguments, after, note=self.note)

    def _open_spectrum(self, spectrum: MassSpectrum) -> Stage:
        data = self.data(spectrum.region)
        blind = [one.blind for one in self.search.spectra if one.column == spectrum.column]
        closed = None if None in blind else tuple(ends for one in blind for ends in one or ())
        arguments = {"spectrum": spectrum, "data": data, "closed": closed}
        return Stage(f"open-{spectrum.name}", open_spectrum, arguments, self.selected([data]))


def chain_name(hunt: Hunt, window: Window | None) -> str:
    """Name of a hunt in a window, or of a hunt without windows."""
    return hunt.name if window is None else f"{hunt.name}-{window.name}"
