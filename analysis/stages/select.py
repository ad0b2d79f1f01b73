"""Stage `select`: from the files of a sample to the events of its regions and shifts, in one event loop."""

import math
from collections.abc import Sequence
from typing import Any

from analysis.engine.json_file import write_json
from analysis.engine.stage import Job, Tools
from analysis.stages.data_set import CUTFLOW, EVENTS
from errors import MaplessError
from selections.cutflow import Cutflow
from selections.repeated_events import RepeatedEvents, repeated_events

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
    from selections.sources import open_events

    use_threads(tools.threads)
    first = jobs[0].arguments
    opened = open_events(first["files"], max_events=first["max_events"], **first["opening"])
    _check_columns(jobs, opened.lacks)
    regions = {job.arguments["region"]: job.arguments["selection"] for job in jobs}
    booked = book(opened, regions, tuple(dict.fromkeys(job.arguments["shift"] for job in jobs)))
    places = {(job.arguments["region"], job.arguments["shift"]): job for job in jobs}
    show_progress(opened.frame)
    write_many(
        {place: booked[place] for place in places},
        {place: job.folder / EVENTS for place, job in places.items()},
        {place: job.arguments["columns"] for place, job in places.items()},
    )
    for place, job in places.items():
        cutflow = booked[place].cutflow()
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
            "read": {"events": opened.n_events, "of": opened.n_in_files},
            "notes": dict(opened.notes),
            "warnings": _warnings(repeated, renumbered=first["opening"].get("renumber_events", False)),
            "lacking_columns": dict(opened.lacks),
            "lost_files": [{"file": str(lost.file), "reason": lost.reason} for lost in opened.lost],
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


def _check_columns(jobs: Sequence[Job], lacks: Any) -> None:
    """Raise MaplessError for a canonical column that a selection needs and the files do not have."""
    for job in jobs:
        for name, place in job.arguments["selection"].required_columns().items():
            if name in lacks:
                raise MaplessError(
                    f"{job.arguments['files'][0]} lacks {name} ({lacks[name]}), which {place} of the region "
                    f"{job.arguments['region']} needs; leave it out of the selection (see `show`)"
                )
