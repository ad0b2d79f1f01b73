"""A sample: event files of one kind, in parts that were taken or simulated under different conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from selections.certified_luminosity import CERTIFIED
from selections.conversion.inputs import JetDefinition
from selections.graph import Selection
from selections.jet_corrections import JetCorrections
from selections.variations import VariationSource


@dataclass(frozen=True)
class SamplePart:
    """Event files that were taken or simulated under the same conditions, such as those of a year.

    Args:
        files: paths of the event files; those of remote ones are text.
        opening: arguments of `selections.sources.open_events`, such as the year.
        luminosity: of data, or that to which weights of simulation are scaled, in 1/fb; 0 if unknown.
        certified: file with the certified luminosity of data.
        cross_section: of simulation in pb, to which weights are scaled; None leaves them as they are.
        sum_of_weights: of all events that were generated; None reads it from the files.
        corrections: of jets.
        jets: to make of files that hold particles alone.
        variations: systematic ones, the same by name for every part of a sample.
        unweighted: whether it is simulation although its files hold no weights of a generator.
    """

    files: tuple[Path | str, ...]
    opening: Mapping[str, Any] = field(default_factory=dict)
    luminosity: float = 0.0
    certified: Path | None = None
    cross_section: float | None = None
    sum_of_weights: float | None = None
    corrections: tuple[JetCorrections, ...] = ()
    jets: JetDefinition = JetDefinition()
    variations: tuple[VariationSource, ...] = ()
    unweighted: bool = False

    def variations_for(self, shift: str) -> tuple[VariationSource, ...]:
        """Those without which the events of a shift are not what they are.

        Weights and what corrects the nominal events belong to all of them.
        """
        return tuple(
            source
            for source in self.variations
            if source.weights or source.corrects or source.name == shift.partition(":")[0]
        )


@dataclass(frozen=True)
class Sample:
    """Event files of one kind, with what is known about them.

    Args:
        name: by which searches and settings call it.
        role: "data" stay closed until unblinded; "background" and "signal" are simulation.
        parts: the event files, in one part or several.
        mass: of the resonance in GeV, for signals.
        acceptance: fraction of all produced events that the files hold, for cross sections of signals.
        parameters: what else distinguishes it, such as masses of daughters.
        collision_energy: in GeV, None if nobody says it.
        generator: of simulation, as text; empty if nobody says it.
    """

    name: str
    role: Literal["data", "background", "signal"]
    parts: tuple[SamplePart, ...]
    mass: float | None = None
    acceptance: float = 1.0
    parameters: Mapping[str, float] = field(default_factory=dict)
    collision_energy: float | None = None
    generator: str = ""

    @property
    def luminosity(self) -> float:
        """Of all parts together, or equivalent of a background sample, in 1/fb; 0 if unknown."""
        return sum(part.luminosity for part in self.parts)

    @property
    def shifts(self) -> tuple[str, ...]:
        """Shifts of its variations that are event sets of their own, such as "jet_energy_scale:up"."""
        sources = [source for source in self.parts[0].variations if not source.weights]
        return tuple(f"{source.name}:{tag}" for source in sources for tag in source.variation.tags)

    @property
    def weights(self) -> tuple[str, ...]:
        """Columns of the nominal events with their varied weights."""
        return tuple(column.name for source in self.parts[0].variations for column in source.weights)

    def selection(self, region: Selection) -> Selection:
        """A region as the events of this sample go through it, with the cuts that are theirs alone."""
        certified = any(part.certified for part in self.parts)
        return region.preceded_by(CERTIFIED) if certified else region
