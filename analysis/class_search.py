"""What a search in classes of events is, as data: backgrounds with cross sections, classes, and the scan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from analysis.sample import Sample
from errors import MaplessError
from fits.region_scan.scan import ScanSettings
from selections.event_classes import QUANTITIES
from selections.graph import Selection

Openness = Literal["exclusive", "inclusive", "jet-inclusive"]
"""Kinds of classes: with these objects alone, with any others too, and with any number of further jets."""


@dataclass(frozen=True)
class ProcessGroup:
    """A sample of the background: what it is called in figures, and the relative error of its cross section.

    Samples of one `title` are drawn, vetoed and uncertain together.
    """

    title: str
    error: float = 0.0


@dataclass(frozen=True)
class MockData:
    """Data that are drawn from simulation: which samples, and signals with cross sections in fb."""

    samples: tuple[str, ...]
    planted: Mapping[str, float] = field(default_factory=dict)
    seed: int = 1


@dataclass(frozen=True)
class ClassSearch:
    """One search in classes of events as a whole.

    Args:
        name, title, reference: what it is called and where it is published.
        data: sample that is searched; None where only mock data are.
        luminosity: that the background is scaled to, in 1/fb.
        samples: all samples that it names.
        backgrounds: the simulated background, by sample.
        mock: what data are drawn from as long as there are none, or they are closed.
        selection: of the events, with their classes.
        edges: of the bins of all histograms in GeV.
        quantities: that are scanned, of `selections.event_classes.QUANTITIES`.
        kinds: of classes that are scanned.
        smallest_yield: expected events below which a class is scanned only if data are in it.
        largest_number: of classes of each kind, those of the largest yields.
        luminosity_error: relative, of all simulation together.
        scan: how each histogram is scanned.
    """

    name: str
    title: str
    reference: str
    data: str | None
    luminosity: float
    samples: Mapping[str, Sample]
    backgrounds: Mapping[str, ProcessGroup]
    mock: MockData
    selection: Selection
    edges: tuple[float, ...]
    quantities: tuple[str, ...] = QUANTITIES
    kinds: tuple[Openness, ...] = ("exclusive", "inclusive", "jet-inclusive")
    smallest_yield: float = 0.1
    largest_number: int = 1500
    luminosity_error: float = 0.0
    scan: ScanSettings = ScanSettings()

    def __post_init__(self) -> None:
        for name in self.backgrounds:
            if any(part.cross_section is None for part in self.samples[name].parts):
                raise MaplessError(
                    f"{name} is background, which needs a cross section; add cross_section (pb) to the sample"
                )
        errors: dict[str, float] = {}
        for name, group in self.backgrounds.items():
            if errors.setdefault(group.title, group.error) != group.error:
                raise MaplessError(f"backgrounds.{name}: {group.title} has two errors; give it another title")
        if self.data is None and self.luminosity <= 0:
            raise MaplessError("luminosity: mock data need one; say how many 1/fb they are")

    def facts(self) -> dict[str, Any]:
        """What the report tells of it beside its samples."""
        return {"name": self.name, "title": self.title, "reference": self.reference}
