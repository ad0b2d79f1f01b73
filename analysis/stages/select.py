"""Stage `select`: from the files of a sample to the events of its regions and shifts, in one event loop."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.opened_sample import OpenedPart, open_sample
from analysis.sample import SamplePart
from analysis.stages.convert import converted_parts
from analysis.stages.data_set import CUTFLOW, EVENTS
from analysis.stages.varied_weights import book_sets, varied_weights
from errors import MaplessError
from selections.cutflow import Cutflow
from selections.graph import NOMINAL, Selection, book
from selections.nodes import column_names
from selections.repeated_events import RepeatedEvents, repeated_events
from selections.root import show_progress, use_threads
from selections.selected import Selected
from selections.snapshot import write_many
from selections.sources import OpenedEvents
from selections.variations import VariationSource
from selections.weight_variations import WeightSet

EVENT_COLUMNS = ("run", "luminosity_block", "event", "weight")


def select(jobs: Sequence[Job], tools: Tools) -> None:
    """Write `events.root` and `cutflow.json` of each region and shift into its folder.

    Arguments of every job: `sample` (its name), `role`, `parts`, `variations` of each part, `region`,
    `selection`, `columns`, `shift`, `max_events`; the parts and the number of events are common to all.
    Raises MaplessError for weights that are not finite, for data with events that are there twice (of
    simulation the cutflow warns), for data outside of the certified luminosity and for files of data that are
    called simulation.
    """
    use_threads(tools.threads)
    first = jobs[0].arguments
    opened, sources = opened_samples(jobs)
    for part in opened:
        for events in part.events:
            show_progress(events.frame)
    origins = {source.name: source.origin for source in sources}
    booked = booked_regions(jobs, opened, sources)
    places = {(job.arguments["region"], job.arguments["shift"]): job for job in jobs}
    selected = {place: [one[place] for some in booked for one in some] for place in places}
    sets = {place: book_sets(some, sources) for place, some in selected.items() if place[1] == NOMINAL}
    write_many(
        selected,
        {place: job.folder / EVENTS for place, job in places.items()},
        {place: job.arguments["columns"] for place, job in places.items()},
    )
    for place, job in places.items():
        cutflow = common_cutflow(first["sample"], opened, [[one[place] for one in some] for some in booked])
        repeated = repeated_events(job.folder / EVENTS)
        if first["role"] == "data":
            refuse_repeated(first["sample"], place[0], repeated)
        write_json(
            job.folder / CUTFLOW,
            {
                "sample": first["sample"],
                "region": place[0],
                "shift": place[1],
                "origin": origins.get(place[1].partition(":")[0], ""),
                "cutflow": cutflow.to_dict(),
                "variations": varied_weights(cutflow, selected[place], sources, sets[place])
                if place in sets
                else {},
                "warnings": _warnings(repeated, first["parts"]),
                **_known_of_files(opened),
            },
        )


def refuse_repeated(sample: str, region: str, repeated: RepeatedEvents | None) -> None:
    """Raise MaplessError for data with events that are there twice."""
    if repeated:
        raise MaplessError(f"{sample}: in region {region} {repeated}; leave out files with the same events")


def check_selection(jobs: Sequence[Job]) -> int:
    """Raise what `select` would raise before its event loop; the number of events in the files."""
    opened, sources = opened_samples(jobs)
    booked_regions(jobs, opened, sources)
    return sum(part.n_in_files for part in opened)


def opened_samples(jobs: Sequence[Job]) -> tuple[list[OpenedPart], tuple[VariationSource, ...]]:
    """The events of the sample with all that the jobs need of them, and the variations of its first part."""
    first = jobs[0].arguments
    variations = _all_variations(jobs)
    used = {
        name
        for job in jobs
        for name in (*job.arguments["selection"].required_columns(), *job.arguments["columns"])
    }
    parts = converted_parts(first["sample"], first["parts"], jobs[0].after)
    opened = open_sample(parts, first["max_events"], variations, used)
    for part in opened:
        part.check_role(first["sample"], first["role"])
        for events in part.events:
            _check_columns(jobs, events)
    return opened, variations[0]


def booked_regions(
    jobs: Sequence[Job], opened: Sequence[OpenedPart], sources: Sequence[VariationSource]
) -> list[list[dict[tuple[str, str], Selected]]]:
    """By part and frame the selected events of every region and shift; nothing is read yet."""
    selections = {job.arguments["region"]: job.arguments["selection"] for job in jobs}
    shifts = tuple(dict.fromkeys(job.arguments["shift"] for job in jobs))
    return [
        [book(events, _varied(selections, sources, events), shifts) for events in part.events]
        for part in opened
    ]


def _varied(
    selections: Mapping[str, Selection], sources: Sequence[VariationSource], events: OpenedEvents
) -> dict[str, Selection]:
    """The selections with the variations of what these events have."""
    known = column_names(events.frame)
    varied = [source.variation_of(known) for source in sources if not isinstance(source, WeightSet)]
    return {name: replace(one, variations=(*one.variations, *varied)) for name, one in selections.items()}


def common_cutflow(
    sample: str, opened: Sequence[OpenedPart], selected: Sequence[Sequence[Selected]]
) -> Cutflow:
    """The cutflow of all parts together; raises MaplessError for one with which something is wrong."""
    cutflows: list[Cutflow] = []
    for part, some in zip(opened, selected, strict=True):
        if some:
            cutflows.append(reduce(add, (one.cutflow() for one in some)))
            part.check_certified(sample, cutflows[-1])
    cutflow = reduce(add, cutflows)
    _check_weights(sample, cutflow)
    return cutflow


def _all_variations(jobs: Sequence[Job]) -> list[tuple[VariationSource, ...]]:
    """The variations of each part that any job asks for, each once."""
    asked = zip(*(job.arguments["variations"] for job in jobs), strict=True)
    return [tuple({one.name: one for some in part for one in some}.values()) for part in asked]


def _known_of_files(opened: Sequence[OpenedPart]) -> dict[str, Any]:
    """What is known about the files."""
    events = [one for part in opened for one in part.events]
    return {
        "read": {"events": sum(one.n_events for one in events), "of": sum(p.n_in_files for p in opened)},
        "notes": _joined([one.notes for one in events]),
        "lacking_columns": _joined([one.lacks for one in events]),
        "lost_files": [{"file": lost.file, "reason": lost.reason} for part in opened for lost in part.lost],
    }


def _warnings(repeated: RepeatedEvents | None, parts: Sequence[SamplePart]) -> list[str]:
    warnings = [f"{repeated}: they are not independent, or badly numbered"] if repeated else []
    if any(part.opening.get("renumber_events") for part in parts):
        warnings.append("events are numbered anew by file, copies count as independent")
    return warnings


def _check_weights(sample: str, cutflow: Cutflow) -> None:
    for title, total in zip(cutflow.titles, cutflow.weighted, strict=True):
        if not math.isfinite(total):
            raise MaplessError(
                f"{sample}: weights of events are not finite numbers, they add up to {total} in '{title}'"
            )


def _check_columns(jobs: Sequence[Job], events: OpenedEvents) -> None:
    """Raise MaplessError for a canonical column that a selection needs and the files do not have."""
    for job in jobs:
        for name, place in job.arguments["selection"].required_columns().items():
            if name in events.lacks:
                raise MaplessError(
                    f"{events.file_without(name)} lacks {name} ({events.lacks[name]}), which {place} of the "
                    f"region {job.arguments['region']} needs; leave it out of the selection (see `show`)"
                )
        made = {column.name for column in job.arguments["selection"].columns}
        for name in job.arguments["columns"]:
            if name in events.lacks and name not in made:
                raise MaplessError(
                    f"{events.file_without(name)} lacks {name} ({events.lacks[name]}), which is read"
                )


def _joined(texts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """All texts on each subject, where the parts of a sample differ."""
    subjects = dict.fromkeys(subject for some in texts for subject in some)
    return {
        subject: "; ".join(dict.fromkeys(some[subject] for some in texts if subject in some))
        for subject in subjects
    }
