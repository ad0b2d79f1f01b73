"""Search in hundreds of classes of events for any difference from simulation (CMS MUSiC, arXiv:2010.02984).

Every event belongs to a class by its electrons, muons, photons, jets, b jets and missing momentum. Each class
is scanned for the region in which data and simulation differ the most, and classes are ranked by how often
background alone gives as much anywhere in them.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from analysis.class_search import ClassSearch, MockData, Openness, ProcessGroup
from analysis.engine.settings import Name, Seed
from analysis.engine.settings import Settings as BaseSettings
from analysis.sample import Sample
from analysis.sample_table import ObjectValues, Variable, sample_table
from analysis.sample_variations import VariationSettings
from analysis.search_settings import CommonSettings, RangeSettings
from errors import MaplessError
from fits.region_scan.averaged_tail import Prior
from fits.region_scan.pseudo_experiments import SimulationError
from fits.region_scan.regions import Statistic, Vetoes
from fits.region_scan.scan import ScanSettings
from fits.spectrum import relative_edges
from selections.event_classes import event_classes

Positive = Annotated[float, Field(ge=0)]
Relative = Annotated[float, Field(ge=0, lt=1)]


class BackgroundSample(BaseSettings):
    """A sample of the background: the group of processes that figures call it, and its relative error."""

    group: Annotated[str, Field(min_length=1)]
    error: Relative = 0.0


class MockSettings(BaseSettings):
    """Data that are drawn from simulation, by default from all backgrounds; `planted` are signals in fb."""

    samples: tuple[str, ...] | None = None
    planted: dict[Name, Positive] = {}
    seed: Seed = 1


class ClassSettings(BaseSettings):
    """Which objects count (GeV), which classes are scanned, and in what.

    Further thresholds are those of `objects`.
    """

    lepton_pt_min: Positive = 25.0
    b_tag_min: float = 0.4
    missing_min: Positive = 100.0
    largest_number_of_objects: Annotated[int, Field(ge=1, le=15)] = 6
    kinds: Annotated[tuple[Openness, ...], Field(min_length=1)] = ("exclusive", "inclusive", "jet-inclusive")
    quantities: Annotated[tuple[Literal["sum_pt", "mass", "missing_pt"], ...], Field(min_length=1)] = (
        "sum_pt",
        "mass",
        "missing_pt",
    )
    smallest_yield: Positive = 0.1
    largest_number: Annotated[int, Field(ge=1)] = 1500


class VetoSettings(BaseSettings):
    """When a region is not tested (`fits.region_scan.regions.Vetoes`)."""

    smallest_expectation: Annotated[float, Field(gt=0)] = 1e-6
    largest_error: tuple[Positive, Positive] = (0.5, 5.0)
    steep: Positive = 1.2
    largest_statistical_error: Positive = 0.6
    largest_negative_share: Positive = 0.02
    neighbours: Annotated[int, Field(ge=0)] = 4
    leading_share: Annotated[float, Field(ge=0, le=1)] = 0.95


class RegionSettings(BaseSettings):
    """How classes are scanned (`fits.region_scan.scan.ScanSettings`)."""

    statistic: Statistic = "region-of-interest"
    prior: Prior = "gaussian"
    simulation: SimulationError = "gaussian"
    vetoes: VetoSettings = VetoSettings()
    n_rounds: Annotated[int, Field(ge=10)] = 1000
    largest_n_rounds: Annotated[int, Field(ge=10)] = 100_000
    enough: Annotated[int, Field(ge=0)] = 10
    seed: Seed = 1

    @property
    def settings(self) -> ScanSettings:
        """As the scan takes them."""
        return ScanSettings(**(self.model_dump() | {"vetoes": Vetoes(**self.vetoes.model_dump())}))


class Settings(CommonSettings):
    """Settings of the search.

    Without `data` those are searched that `mock_data` describe, of a `luminosity` (1/fb); so are they as long
    as measured data are closed. `variations` are those of every background sample that has none of its own,
    `objects` choose those of all samples. Bins of relative `bin_width` are common to all histograms.
    """

    luminosity: Positive = 0.0
    backgrounds: Annotated[dict[Name, BackgroundSample], Field(min_length=1)]
    mock_data: MockSettings = MockSettings()
    objects: ObjectValues = {}
    classes: ClassSettings = ClassSettings()
    bins: RangeSettings
    bin_width: Annotated[float, Field(gt=0, lt=1)] = 0.2
    variations: dict[Variable, VariationSettings] = {}
    luminosity_error: Relative = 0.025
    scan: RegionSettings = RegionSettings()

    @field_validator("variations")
    @classmethod
    def _are_understood(cls, variations: dict[str, VariationSettings]) -> dict[str, VariationSettings]:
        for name, one in variations.items():
            one.made(name)
        return variations

    @model_validator(mode="after")
    def _has_data(self) -> "Settings":
        if self.data is None and not self.luminosity:
            raise ValueError("mock data need a luminosity (1/fb); or name data")
        return self


def declare(settings: Settings) -> ClassSearch:
    """The search: all classes of all events, and the background in each."""
    drawn = settings.mock_data.samples
    mock = MockData(
        tuple(settings.backgrounds) if drawn is None else drawn,
        settings.mock_data.planted,
        settings.mock_data.seed,
    )
    samples = _samples(settings, mock)
    chosen = settings.classes
    return ClassSearch(
        "event-classes",
        "Differences from simulation in classes of events",
        "CMS MUSiC, arXiv:2010.02984",
        settings.data,
        _luminosity(settings, samples),
        samples,
        {name: ProcessGroup(one.group, one.error) for name, one in settings.backgrounds.items()},
        mock,
        event_classes(
            lepton_pt_min=chosen.lepton_pt_min,
            b_tag_min=chosen.b_tag_min,
            missing_min=chosen.missing_min,
            largest_number=chosen.largest_number_of_objects,
        ),
        tuple(relative_edges(settings.bins.low, settings.bins.high, settings.bin_width).tolist()),
        chosen.quantities,
        chosen.kinds,
        chosen.smallest_yield,
        chosen.largest_number,
        settings.luminosity_error,
        settings.scan.settings,
    )


def _luminosity(settings: Settings, samples: Mapping[str, Sample]) -> float:
    if settings.data is None:
        return settings.luminosity
    luminosity = samples[settings.data].luminosity
    if not luminosity:
        raise MaplessError(f"{settings.data} needs a luminosity (1/fb); add it to its sample")
    return luminosity


def _samples(settings: Settings, mock: MockData) -> dict[str, Sample]:
    """All samples; simulation with the variations, the objects and the luminosity of the search."""
    wanted = dict.fromkeys(mock.samples, "mock_data.samples") | dict.fromkeys(
        mock.planted, "mock_data.planted"
    )
    wanted |= dict.fromkeys(settings.backgrounds, "backgrounds")
    if settings.data:
        wanted[settings.data] = "data"
    table = sample_table(settings.samples, wanted)
    luminosity = _luminosity(settings, table)
    return {
        name: _with_conditions(one, settings, None if name == settings.data else luminosity)
        for name, one in table.items()
    }


def _with_conditions(sample: Sample, settings: Settings, luminosity: float | None) -> Sample:
    """A sample with common objects; simulation scaled to a luminosity (1/fb), with common variations."""
    opening = {"objects": settings.objects} if settings.objects else {}
    parts = tuple(replace(part, opening={**part.opening, **opening}) for part in sample.parts)
    if luminosity is None:
        return replace(sample, parts=parts)
    made: tuple[Any, ...] = tuple(one.made(name) for name, one in settings.variations.items())
    total = sample.luminosity
    return replace(
        sample,
        parts=tuple(
            replace(
                part,
                luminosity=luminosity * (part.luminosity / total if total else 1 / len(parts)),
                variations=part.variations or (made if sample.name in settings.backgrounds else ()),
            )
            for part in parts
        ),
    )
