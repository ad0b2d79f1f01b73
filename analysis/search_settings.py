"""Settings that every search has: its samples, injections, masses, fits, limits and closure test."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from analysis.engine.settings import Name, Seed, Settings
from analysis.engine.units import Energy
from analysis.sample import Sample
from analysis.sample_table import SampleSettings, sample_table
from analysis.source import NOMINAL, Injection
from errors import MaplessError
from fits.background_choice.smooth import Choice, Smooth
from fits.limits.weak_supervision import Rule
from fits.mass_points import mass_points
from fits.resonance_settings import CHECKS
from fits.signals import signal_from_json
from models.made import Made


class InjectionSettings(Settings):
    """Signal added to the data: so many events that pass the selection, or a cross section in fb.

    `shift` is that of a variation of its sample, such as jet_energy_scale:up.
    """

    n_events: Annotated[int, Field(ge=0)] | None = None
    cross_section: Annotated[float, Field(ge=0)] | None = None
    seed: Seed = 1
    shift: str = NOMINAL

    @model_validator(mode="after")
    def _one_of_two(self) -> "InjectionSettings":
        if (self.n_events is None) == (self.cross_section is None):
            raise ValueError("give either n_events or cross_section (fb)")
        return self


class DetectorSettings(Settings):
    """One detector of a search: its name, or package.module:Class of your own, with options as they are.

    `cut` replaces the cut of the search in the same way.
    """

    detector: str
    options: dict[str, Any] = {}
    seed: Seed = 1
    folds: Annotated[int, Field(ge=2, le=40)] = 5
    cut: str | None = None
    cut_options: dict[str, Any] = {}

    def made(self, **offered: Any) -> Made:
        """The detector, with what the search offers to it."""
        return Made(self.detector, self.options, {"seed": self.seed, "folds": self.folds, **offered})

    def made_cut(self, usual: Made) -> Made:
        """The cut of these settings, or the usual one with their options."""
        if self.cut is None:
            return Made(usual.name, {**usual.options, **self.cut_options}, usual.offered)
        return Made(self.cut, self.cut_options, usual.offered)


class MassSettings(Settings):
    """Resonance masses at which a local p-value is computed (GeV)."""

    low: Annotated[Energy, Field(gt=0)]
    high: Annotated[Energy, Field(gt=0)]
    step: Annotated[Energy, Field(gt=0)] = 100.0

    @model_validator(mode="after")
    def _range_is_ordered(self) -> "MassSettings":
        try:
            mass_points(self.low, self.high, self.step)
        except MaplessError as error:
            raise ValueError(str(error)) from None
        return self

    @property
    def values(self) -> tuple[float, ...]:
        """All masses, both ends included."""
        return mass_points(self.low, self.high, self.step)


class RangeSettings(Settings):
    """Range of a mass in which its spectrum is fitted (GeV)."""

    low: Annotated[Energy, Field(gt=0)]
    high: Annotated[Energy, Field(gt=0)]

    @model_validator(mode="after")
    def _range_is_ordered(self) -> "RangeSettings":
        if self.low >= self.high:
            raise ValueError(f"impossible range: low {self.low:g} >= high {self.high:g} GeV")
        return self


def require_selected(edges: Sequence[float], lowest: float, key: str) -> None:
    """MaplessError if a spectrum begins below what a selection keeps: it would be empty there.

    `lowest` mass in GeV, `key` of the setting that says it.
    """
    if edges[0] < lowest:
        raise MaplessError(
            f"spectrum.low: the first bin begins at {edges[0]:g} GeV, where {key} keeps nothing below "
            f"{lowest:g} GeV; raise the one or lower the other"
        )


def _said(expression: str) -> str:
    if not expression.strip():
        raise ValueError("the expression is empty; write one of C++, such as jet1_pt > 500")
    return expression


Expression = Annotated[str, AfterValidator(_said)]
"""Of C++, with names of columns (`selections.expressions`)."""


class OwnSelection(Settings):
    """Columns and cuts of one's own in every region, behind those of the search.

    `columns` are expressions by name, kept with the events; `cuts` are expressions by the title that their
    row of the cutflow gets.
    """

    columns: dict[str, Expression] = {}
    cuts: dict[Annotated[str, Field(min_length=1)], Expression] = {}


class BackgroundSettings(Settings):
    """Family of background functions and how one of them is chosen (`fits.background_choice.smooth`)."""

    family: str = "dijet"
    parameters: tuple[Annotated[int, Field(ge=1)], ...] | None = None
    choice: Choice = "with-signal"
    threshold: Annotated[float, Field(gt=0, lt=1)] | None = None
    largest_relative_error: Annotated[float, Field(gt=0)] = 0.15
    collision_energy: Annotated[Energy, Field(gt=0)] = 13000.0

    @property
    def smooth(self) -> Smooth:
        """The background as a spectrum takes it; MaplessError for families that there are not."""
        return Smooth(**self.model_dump())


def _known_shape(shape: dict[str, Any]) -> dict[str, Any]:
    try:
        signal_from_json(shape)
    except MaplessError as error:
        raise ValueError(str(error)) from None
    return shape


def _known_check(name: str) -> str:
    if name not in CHECKS:
        raise ValueError(f"no such check; there are {', '.join(CHECKS)}")
    return name


class FitSettings(Settings):
    """What is computed of every spectrum beyond p-values; as the options of `./run_analysis.py fit`.

    `toys` are those of the global significance of each fit alone.
    """

    limits: bool = False
    limit_toys: Annotated[int, Field(ge=0)] = 500
    expected_signal: Annotated[float, Field(gt=0)] | None = None
    uncertainties: dict[str, Annotated[float, Field(ge=0, lt=1)]] = {
        "scale": 0.01,
        "resolution": 0.035,
        "luminosity": 0.016,
    }
    uncertain_p_values: bool = False
    checks: tuple[Annotated[str, AfterValidator(_known_check)], ...] = ()
    check_toys: Annotated[int, Field(ge=2)] = 200
    toys: Annotated[int, Field(ge=0)] = 0
    exports: tuple[Literal["hepdata", "combine", "hs3"], ...] = ()
    seed: Seed = 1


class GlobalSettings(Settings):
    """Toys for the global significance over all spectra, hunts and masses; 0 for none."""

    toys: Annotated[int, Field(ge=0)] = 500
    seed: Seed = 1


class LimitSettings(Settings):
    """Limits on cross sections, with the efficiency measured by injecting each signal and training again.

    `signals` are samples. They are injected into the data, or into a sample of as much luminosity that holds
    none of them, `injected_into`. At most `largest_grid` cross sections of each are injected; where a limit
    rests on one, a detector is trained `trainings` times, each with seeds of its own. `rule` as in
    `fits.limits.weak_supervision`.
    """

    signals: tuple[str, ...] = ()
    injected_into: str | None = None
    largest_grid: Annotated[int, Field(ge=2)] = 8
    trainings: Annotated[int, Field(ge=1)] = 3
    rule: Rule = "injections"
    seed: Seed = 1


class ClosureSettings(Settings):
    """What must behave before data are unblinded: nothing in background, injected signal found.

    Both are simulation and are looked at with so many `seeds` of detectors and injection. Unless
    `n_signal_events` says how many, as many are injected as make 2 sigma in all events. `control` asks for
    the same search of the data in a region that holds no signal, where there must be nothing either.
    """

    background: str | None = None
    signal: str | None = None
    n_signal_events: Annotated[int, Field(ge=1)] | None = None
    seeds: Annotated[int, Field(ge=1, le=100)] = 1
    control: bool = False

    @model_validator(mode="after")
    def _simulation_comes_first(self) -> "ClosureSettings":
        if self.control and self.background is None:
            raise ValueError("control comes after simulation has behaved; name a background as well")
        return self


class CommonSettings(Settings):
    """What the settings of every search have, of whatever kind: its samples, and which are the data."""

    search: str
    data: str | None = None
    samples: dict[Name, SampleSettings] = {}


class SearchSettings(CommonSettings):
    """Base of the settings of searches for resonances; `data` names the sample that is searched.

    `background_only` searches simulation once more without its injections, with the same seeds, and shows
    what that finds beside. A `signal_shape` as `fit --signal` takes it replaces the samples of signals.
    """

    data: str
    injections: dict[Name, InjectionSettings] = {}
    background_only: bool = False
    selection: OwnSelection = OwnSelection()
    signal_shape: Annotated[dict[str, Any], AfterValidator(_known_shape)] | None = None
    fit: FitSettings = FitSettings()
    global_significance: GlobalSettings = GlobalSettings()
    limits: LimitSettings = LimitSettings()
    closure: ClosureSettings = ClosureSettings()

    def injected(self) -> tuple[Injection, ...]:
        """The injections that add something."""
        pairs = self.injections.items()
        return tuple(
            Injection(sample, one.n_events, one.cross_section, one.seed, one.shift)
            for sample, one in pairs
            if one.n_events or one.cross_section
        )

    def table(self, *more: tuple[str, str]) -> dict[str, Sample]:
        """All samples that these settings name, and `more` pairs of a name and the key that names it."""
        wanted = {name: key for name, key in more}
        wanted |= {name: "limits.signals" for name in self.limits.signals}
        if self.limits.injected_into:
            wanted[self.limits.injected_into] = "limits.injected_into"
        closure = {"background": self.closure.background, "signal": self.closure.signal}
        wanted |= {name: f"closure.{key}" for key, name in closure.items() if name}
        wanted |= {name: "injections" for name in self.injections} | {self.data: "data"}
        return sample_table(self.samples, wanted)
