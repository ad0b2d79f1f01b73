"""Stage `select`: from the files of a sample to the events of its regions and shifts, in one event loop."""

import math
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.stages.data_set import CUTFLOW, EVENTS
from errors import MaplessError
from selections.cutflow import Cutflow
from selections.repeated_events import RepeatedEvents, repeated_events

if TYPE_CHECKING:
    from selections.graph import Selection
    from selections.sources import OpenedEvents

EVENT_COLUMNS = ("run", "luminosity_block", "event", "weight")


def select(jobs: Sequence[Job], tools: Tools) -> None:
    """Write `events.root` and `cutflow.json` of each region and shift into its folder.

    Arguments of every job: `sample` (its name), `role`, `files`, `opening`, `region`, `selection`, `columns`,
    `shift`, `max_events`; files and number of events are common to all. Raises MaplessError for weights that
    are not finite, and for data with events that are there twice; of simulation the cutflow warns.
    """
    from selections.graph import book
    from selections.root import show_progress, use_threads
    from selections.snapshot import write_many
    from selections.sources import open_apart

    use_threads(tools.threads)
    first = jobs[0].arguments
    used = {
        name
        for job in jobs
        for name in (*job.arguments["selection"].required_columns(), *job.arguments["columns"])
    }
    parts = open_apart(first["files"], max_events=first["max_events"], used=sorted(used), **first["opening"])
    for part in parts:
        _check_columns(jobs, part)
    parts = tuple(part.with_columns(used) for part in parts)
    regions = {job.arguments["region"]: job.arguments["selection"] for job in jobs}
    shifts = tuple(dict.fromkeys(job.arguments["shift"] for job in jobs))
    booked = [book(part, regions, shifts) for part in parts]
    places = {(job.arguments["region"], job.arguments["shift"]): job for job in jobs}
    for part in parts:
        show_progress(part.frame)
    write_many(
        {place: [part[place] for part in booked] for place in places},
        {place: job.folder / EVENTS for place, job in places.items()},
        {place: job.arguments["columns"] for place, job in places.items()},
    )
    for place, job in places.items():
        cutflow = reduce(add, (part[place].cutflow() for part in booked))
        _check_weights(first["sample"], cutflow)
        repeated = repeated_events(job.folder / EVENTS)
        if repeated and first["role"] == "data":
            raise MaplessError(
                f"{first['sample']}: in region {place[0]} {repeated}; leave out files with the same events"
            )
        content: dict[str, Any] = {
            "sample": first["sample"],
            "region": place[0],
            "shift": place[1],
            "cutflow": cutflow.to_dict(),
            "read": {"events": sum(p.n_events for p in parts), "of": sum(p.n_in_files for p in parts)},
            "notes": _joined([part.notes for part in parts]),
            "warnings": _warnings(repeated, renumbered=first["opening"].get("renumber_events", False)),
            "lacking_columns": _joined([part.lacks for part in parts]),
            "lost_files": [{"file": str(lost.file), "reason": lost.reason} for lost in parts[0].lost],
        }
        write_json(job.folder / CUTFLOW, content)


def _warnings(repeated: RepeatedEvents | None, *, renumbered: bool) -> list[str]:
    again = [f"{repeated}: they are not independent, or badly numbered"] if repeated else []
    return [*again, "events are numbered anew by file, copies count as independent"] if renumbered else again


def _check_weights(sample: str, cutflow: Cutflow) -> None:
    for title, total in zip(cutflow.titles, cutflow.weighted, strict=True):
        if not math.isfinite(total):
            raise MaplessError(
                f"{sample}: weights of events are not finite numbers, they add up to {total} in '{title}'"
            )


def _check_columns(jobs: Sequence[Job], events: "OpenedEvents") -> None:
    """Raise MaplessError for a canonical column that a selection needs and the files do not have."""
    for job in jobs:
        for name, place in job.arguments["selection"].required_columns().items():
            if name in events.lacks:
                raise MaplessError(
                    f"{events.file_without(name)} lacks {name} ({events.lacks[name]}), which {place} of the "
                    f"region {job.arguments['region']} needs; leave it out of the selection (see `show`)"
                )
        for name in job.arguments["columns"]:
            if name in events.lacks and name not in _made(job.arguments["selection"]):
                raise MaplessError(
                    f"{events.file_without(name)} lacks {name} ({events.lacks[name]}), which is read"
                )


def _made(selection: "Selection") -> set[str]:
    return {column.name for column in selection.columns}


def _joined(texts: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """All texts on each subject, where the parts of a sample differ."""
    subjects = dict.fromkeys(subject for some in texts for subject in some)
    return {
        subject: "; ".join(dict.fromkeys(some[subject] for some in texts if subject in some))
        for subject in subjects
    }
