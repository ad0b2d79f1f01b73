"""What a search is, as data: samples, regions, mass spectra, and hunts that select anomalous events."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from analysis.mass_grid import MassGrid
from analysis.sample import Sample
from analysis.source import NOMINAL, Injection, Source
from errors import MaplessError
from fits.background_choice.smooth import Smooth
from models.made import Made
from models.window import Window
from selections.graph import Selection
from selections.steps import Cut

_NAME = re.compile(r"[\w.-]+")
Combination = Literal["separately", "together", "merged"]


@dataclass(frozen=True)
class SignalModel:
    """Shape of a resonance in a spectrum: fitted to samples of several masses, given, or a Gaussian.

    A double Crystal Ball is fitted to each sample; between masses it is interpolated, from a single mass
    scaled. Without samples the shape is what `given` describes (`fits.signals.signal_from_json`), or a
    Gaussian of relative `width`.
    """

    samples: tuple[str, ...] = ()
    width: float = 0.03
    given: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class MassSpectrum:
    """A mass in which resonances are looked for above a smooth background.

    Args:
        name: of the spectrum.
        column: with the mass in GeV.
        region: whose events it holds.
        edges: of its bins in GeV.
        background: family of functions and how one of them is chosen.
        signal: shape of the resonance.
        masses: hypotheses in GeV, where a hunt does not name its own.
        title: of its axis.
        within: a window in another column, for a grid of spectra.
        inclusive: whether it is searched without any hunt as well.
        blind: intervals (GeV) that stay closed in data until the closure test has passed; None: all of it,
            (): nothing.
        made_for: sample of the one signal that it is selected for; none for a search of any.
    """

    name: str
    column: str
    region: str
    edges: tuple[float, ...]
    background: Smooth
    signal: SignalModel
    masses: tuple[float, ...]
    title: str = "Mass [GeV]"
    within: Window | None = None
    inclusive: bool = True
    blind: tuple[tuple[float, float], ...] | None = None
    made_for: str = ""


@dataclass(frozen=True)
class TestedSignal:
    """A signal that limits are set on, as tables name it.

    Args:
        sample: with its events, its mass and what it is called in files.
        title: what decays into what.
        daughters: their masses in GeV, as tables write them.
        traditional: what a search for this signal alone would ask for beyond the region of a spectrum.
    """

    sample: str
    title: str
    daughters: str = ""
    traditional: tuple[Cut, ...] = ()


@dataclass(frozen=True)
class Hunt:
    """A detector, what it learns from, and the cut that turns its scores into categories of spectra.

    Args:
        name: of the hunt.
        detector: that is trained, once for each window; in no window if there are none.
        training: the source of each role of the detector.
        spectra: names of the spectra that are searched after the cut.
        cut: from scores to categories; `learn_on` is the source of the events that it learns from.
        windows: of the detector and the cut.
        masses: hypotheses (GeV) of each window; without windows those of the spectrum.
        search, limits: how categories enter p-values and limits: each by itself, fitted together, or as one.
        together: whether all windows are trained by one stage, which some detectors do faster.
    """

    name: str
    detector: Made
    training: Mapping[str, Source]
    spectra: tuple[str, ...]
    cut: Made
    learn_on: Source
    windows: tuple[Window, ...] = ()
    masses: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    search: Combination = "separately"
    limits: Combination = "separately"
    together: bool = False

    def with_seeds(self, steps: int) -> "Hunt":
        """The same with the seed of its detector so many steps on."""
        seed = self.detector.offered.get("seed", 1) + steps
        return replace(self, detector=replace(self.detector, offered={**self.detector.offered, "seed": seed}))


@dataclass(frozen=True)
class Search:
    """One search as a whole.

    Args:
        name, title, reference: what it is called and where it is published.
        data: name of the sample that is searched.
        samples: all samples that it names.
        regions: selections by name; they are made in one event loop.
        spectra, hunts: what is searched, and how anomalous events are selected.
        injections: signals that are added to the data.
        figures: drawn in the report for every hunt, as "package.module:Class" with options.
        features: columns (n_events,) in which kept events are compared with others.
        described: columns in which the peaks of an excess are told, with their titles.
        roles: of detectors, what it has a source for, whether a hunt asks for it or not.
        signals: that limits are set on.
        controls: by region of spectra one that holds no signal, whose data the closure test may look at.
        kept: columns that are stored whether anything reads them or not.
        in_control: whether the data are those of the control regions; simulation never is.
        grids: of two masses, which are hunted beside the spectra; those of closed data stay closed.
    """

    name: str
    title: str
    reference: str
    data: str
    samples: Mapping[str, Sample]
    regions: Mapping[str, Selection]
    spectra: tuple[MassSpectrum, ...]
    hunts: tuple[Hunt, ...] = ()
    injections: tuple[Injection, ...] = ()
    figures: tuple[Made, ...] = ()
    features: tuple[str, ...] = ()
    described: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    signals: tuple[TestedSignal, ...] = ()
    controls: Mapping[str, str] = field(default_factory=dict)
    kept: tuple[str, ...] = ()
    in_control: bool = False
    grids: tuple[MassGrid, ...] = ()

    def __post_init__(self) -> None:
        names = [*self.regions, *(one.name for one in self.spectra), *(one.name for one in self.grids)]
        names += [name for hunt in self.hunts for name in (hunt.name, *(one.name for one in hunt.windows))]
        for name in names:
            if not _NAME.fullmatch(name):
                raise MaplessError(
                    f"{self.name}: {name!r} becomes part of names of files; use letters, digits, . _ -"
                )
        for hunt in self.hunts:
            idle = [window for window in hunt.windows if not hunt.masses.get(window.name)]
            if idle:
                raise MaplessError(
                    f"{self.name}: hunt {hunt.name} tests no mass in its window {idle[0]}; widen masses or "
                    "leave the window out"
                )
        self._check_names("spectra", [spectrum.name for spectrum in self.spectra])
        self._check_names("hunts", [hunt.name for hunt in self.hunts])
        self._check_names("injections", [injection.sample for injection in self.injections])
        sources = [source for hunt in self.hunts for source in (*hunt.training.values(), hunt.learn_on)]
        self._check_names("grids", [grid.name for grid in self.grids])
        regions = [*(source.region for source in sources), *(spectrum.region for spectrum in self.spectra)]
        regions += [grid.region for grid in self.grids]
        samples = [self.data, *(source.sample or self.data for source in sources)]
        samples += [injection.sample for injection in self.injections]
        samples += [name for spectrum in self.spectra for name in spectrum.signal.samples]
        self._check_known("region", regions, self.regions)
        self._check_known("sample", samples, self.samples)
        self._check_known("sample", [signal.sample for signal in self.signals], self.samples)
        self._check_signals()
        self._check_masses()
        names = [name for hunt in self.hunts for name in hunt.spectra]
        self._check_known("spectrum", names, [spectrum.name for spectrum in self.spectra])
        names = [grid.hunt for grid in self.grids if grid.hunt]
        self._check_known("hunt", names, [hunt.name for hunt in self.hunts])

    def _check_signals(self) -> None:
        """Raise MaplessError for a signal whose sample is none, or has no mass."""
        for name in {name for spectrum in self.spectra for name in spectrum.signal.samples}:
            if self.samples[name].role != "signal" or self.samples[name].mass is None:
                raise MaplessError(
                    f"{self.name}: {name} gives the shape of a signal, so it must be a signal with a mass"
                )
        for name in [injection.sample for injection in self.injections]:
            if self.samples[name].role != "signal":
                raise MaplessError(f"injections: {name} is {self.samples[name].role}, not a signal")
        for signal in self.signals:
            sample = self.samples[signal.sample]
            if sample.role != "signal" or sample.mass is None:
                raise MaplessError(f"limits.signals: {signal.sample} must be a signal with a mass")

    def _check_masses(self) -> None:
        for spectrum in self.spectra:
            hunts = [hunt for hunt in self.hunts if spectrum.name in hunt.spectra]
            masses = [spectrum.masses, *(masses for hunt in hunts for masses in hunt.masses.values())]
            low, high = spectrum.edges[0], spectrum.edges[-1]
            outside = [mass for some in masses for mass in some if not low < mass < high]
            if outside:
                raise MaplessError(
                    f"{self.name}: the mass {outside[0]:g} GeV is outside of the spectrum {spectrum.name}, "
                    f"{low:g} to {high:g} GeV; leave it out or widen the spectrum"
                )
            if any(list(some) != sorted(set(some)) for some in masses):
                raise MaplessError(f"{self.name}: masses of {spectrum.name} must rise, each once")

    def _check_names(self, what: str, names: list[str]) -> None:
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise MaplessError(f"{self.name}: two {what} are called {twice[0]}; give each a name of its own")

    def _check_known(self, what: str, names: list[str], known: Mapping[str, Any] | list[str]) -> None:
        missing = [name for name in names if name not in known]
        if missing:
            raise MaplessError(f"{self.name}: no {what} is called {missing[0]!r}; known: {', '.join(known)}")

    def spectrum(self, name: str) -> MassSpectrum:
        """The spectrum of a name."""
        return next(spectrum for spectrum in self.spectra if spectrum.name == name)

    def selection(self, region: str, sample: str) -> Selection:
        """A region as the events of a sample go through it."""
        place = self.controls.get(region, region) if self.in_control and sample == self.data else region
        return self.samples[sample].selection(self.regions[place])

    def require_shift(self, sample: str, region: str, shift: str) -> None:
        """Raise MaplessError for a shift that neither the sample nor the region has."""
        known = (NOMINAL, *self.samples[sample].shifts, *self.regions[region].shifts)
        if shift not in known:
            raise MaplessError(
                f"{sample} has no shift {shift!r}; known: {', '.join(known)}; add it to its variations"
            )

    def sample_of(self, source: Source) -> str:
        """The sample that a source takes its events from."""
        return source.sample or self.data
