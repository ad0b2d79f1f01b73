"""Events that a stage reads: a region of a sample, and signal that is added to the data."""

from dataclasses import dataclass

NOMINAL = "nominal"


@dataclass(frozen=True)
class Source:
    """Events of a region: of the data of the search if no sample is named, under a systematic shift.

    `share` takes that fraction of them, chosen by a hash of the event.
    """

    region: str
    sample: str = ""
    shift: str = NOMINAL
    share: float = 1.0


@dataclass(frozen=True)
class Injection:
    """Signal events that are added to the data: a number after the selection, those of a cross section in fb.

    Both together where limits are measured by adding to what is there. Or as many as have an expected
    `significance` among all events, which the stage `injection` finds out. Under a systematic shift it is the
    same produced signal, of which other events pass the selection: a number is that of the nominal one. With
    a varied `weight`, a column, events are drawn in proportion to it; a detector does not see that.
    """

    sample: str
    n_events: int | None = None
    cross_section: float | None = None
    seed: int = 1
    shift: str = NOMINAL
    weight: str = ""
    significance: float | None = None
