"""The events of a sample, opened part by part, each under its own conditions."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from analysis.sample import SamplePart
from errors import MaplessError
from selections.certified_luminosity import CERTIFIED, read_certified
from selections.cutflow import Cutflow
from selections.normalisation import Normalisation, generated_weights
from selections.sources import LostFile, OpenedEvents, open_apart
from selections.sources.files import expand
from selections.sources.opened import GENERATOR_WEIGHTS
from selections.variations import VariationSource, prepared


@dataclass(frozen=True)
class OpenedPart:
    """The events of a part of a sample, those that do not fit into one frame apart.

    `n_in_files` events are there, of which the first are read.
    """

    part: SamplePart
    events: tuple[OpenedEvents, ...]
    n_in_files: int

    @property
    def lost(self) -> tuple[LostFile, ...]:
        """Files that cannot be read."""
        return self.events[0].lost if self.events else ()

    def check_role(self, sample: str, role: str) -> None:
        """Raise MaplessError for simulation that may be collision data, which would not stay closed."""
        for events in self.events:
            if role != "data" and events.looks_measured and not self.part.unweighted:
                raise MaplessError(
                    f"{sample}: {events.files[0]} has no {GENERATOR_WEIGHTS[events.format]}, like collision "
                    f"data, but its role is {role}; write `role: data`, or `unweighted: true` if it is "
                    "simulation"
                )

    def check_certified(self, sample: str, cutflow: Cutflow) -> None:
        """Raise MaplessError when by a cutflow no event of this part is in its certified luminosity."""
        if self.part.certified is None:
            return
        row = cutflow.titles.index(CERTIFIED.title)
        if not cutflow.events[row]:
            raise MaplessError(
                f"{sample}: none of {cutflow.events[0]:,} events, the first in {self.events[0].files[0]}, is "
                f"in the certified luminosity ({self.events[0].notes['certified']})"
            )


def open_sample(
    parts: Sequence[SamplePart],
    max_events: int | None = None,
    variations: Sequence[Sequence[VariationSource]] | None = None,
    used: Collection[str] = (),
) -> list[OpenedPart]:
    """The first `max_events` events of all parts, under their conditions.

    `variations` are those of each part whose columns are made, by default all; `used` are columns that are
    made where the events offer them.

    Raises MaplessError as `open_apart`, and for conditions that do not fit the files.
    """
    opened: list[OpenedPart] = []
    varied = variations or [part.variations for part in parts]
    for part, sources in zip(parts, varied, strict=True):
        events = open_apart(part.files, **part.opening, max_events=max_events, used=sorted(used))
        if max_events is None:
            n_in_files = sum(one.n_in_files for one in events)
        else:
            max_events -= sum(one.n_events for one in events)
            n_in_files = sum(one.n_events for one in _all_of(part, events))
        under = _under_conditions(part, events, n_in_files)
        # small jets are chosen among the corrected ones
        made = [prepared(one.with_columns(used), sources) for one in under]
        opened.append(OpenedPart(part, tuple(made), n_in_files))
    return opened


def _all_of(part: SamplePart, first: Sequence[OpenedEvents]) -> Sequence[OpenedEvents]:
    """All events of a part whose first ones are open; what is known to be damaged is not read once more."""
    if not first:
        return open_apart(part.files, **part.opening)
    lost = {one.file for one in first[0].lost}
    good = [path for path in expand(part.files) if path not in lost]
    return open_apart(good, **{**part.opening, "skip_bad_files": False})


def _under_conditions(
    part: SamplePart, opened: Sequence[OpenedEvents], n_in_files: int
) -> tuple[OpenedEvents, ...]:
    events = tuple(opened)
    if part.certified:
        certified = read_certified(part.certified)
        events = tuple(certified.certify(one) for one in events)
    if part.cross_section is not None:
        normalisation = _normalisation(part, part.cross_section, opened)
        read = sum(one.n_events for one in events) / n_in_files
        events = tuple(normalisation.normalise(one, read) for one in events)
    for corrections in part.corrections:
        events = tuple(corrections.correct(one) for one in events)
    return events


def _normalisation(part: SamplePart, cross_section: float, opened: Sequence[OpenedEvents]) -> Normalisation:
    total = part.sum_of_weights
    if total is None:
        lost = {lost.file for one in opened for lost in one.lost}
        total = generated_weights(path for path in expand(part.files) if path not in lost)
    return Normalisation(cross_section, part.luminosity, total)
