"""Stage `classes`: from the files of a sample to histograms of all classes of events, in one event loop."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.engine.job import Job, Tools
from analysis.engine.json_file import write_json
from analysis.stages.data_set import CUTFLOW, EVENTS
from analysis.stages.select import booked_regions, common_cutflow, opened_samples, refuse_repeated
from errors import MaplessError
from selections.event_classes import BookedHistograms, ClassHistograms
from selections.nodes import WEIGHT
from selections.repeated_events import repeated_events
from selections.root import show_progress, use_threads
from selections.selected import Selected
from selections.snapshot import write_many
from selections.weight_variations import WeightSet

HISTOGRAMS = "classes.npz"
CLASSES, MOCK = "classes", "mock"
"""Regions: events with their weights, and as often as mock data hold them."""
DRAWN = "times_drawn"
_PARTS = ("entries", "weighted", "squared")


def fill_classes(jobs: Sequence[Job], tools: Tools) -> None:
    """Write `classes.npz` and `cutflow.json` of every region and shift of a sample into its folder.

    Of data also `events.root`, run, luminosity block and number of all events.

    Arguments of every job as those of the stage `select`, and the `edges` of the bins in GeV. The region
    `mock` holds how often events are drawn. Nominal events are filled with every varied weight, too.
    Raises MaplessError as `select`, and for sets of weights.
    """
    use_threads(tools.threads)
    first = jobs[0].arguments
    opened, sources = opened_samples(jobs)
    for part in opened:
        for events in part.events:
            show_progress(events.frame)
    if sets := [source.name for source in sources if isinstance(source, WeightSet)]:
        raise MaplessError(
            f"{first['sample']}: classes know no sets of weights such as {sets[0]}; leave it out"
        )
    booked = booked_regions(jobs, opened, sources)
    places = {(job.arguments["region"], job.arguments["shift"]): job for job in jobs}
    filled = {
        place: [_booked(one[place].frame, job.arguments) for some in booked for one in some]
        for place, job in places.items()
    }
    if first["role"] == "data":
        _check_names(jobs, {place: [one[place] for some in booked for one in some] for place in places})
    for place, job in places.items():
        cutflow = common_cutflow(first["sample"], opened, [[one[place] for one in some] for some in booked])
        parts = filled[place]
        sums = {name: ClassHistograms.sum([one[name].filled() for one in parts]) for name in parts[0]}
        _save(job.folder / HISTOGRAMS, sums)
        content = {"sample": first["sample"], "region": place[0], "shift": place[1]}
        write_json(job.folder / CUTFLOW, content | {"cutflow": cutflow.to_dict()})


def _check_names(jobs: Sequence[Job], selected: Mapping[tuple[str, str], Sequence[Selected]]) -> None:
    """Write which data are selected, in the one event loop; MaplessError for an event that is there twice."""
    files = {place: job.folder / EVENTS for place, job in zip(selected, jobs, strict=True)}
    write_many(selected, files, dict.fromkeys(selected, ()))
    for place, file in files.items():
        refuse_repeated(jobs[0].arguments["sample"], place[0], repeated_events(file))


def read_classes(folder: Path) -> dict[str, ClassHistograms]:
    """Histograms of a region, and by name of each varied weight."""
    with np.load(folder / HISTOGRAMS) as stored:
        names = dict.fromkeys(name.partition("/")[0] for name in stored.files)
        return {
            name: ClassHistograms(stored[f"{name}/keys"], *(stored[f"{name}/{part}"] for part in _PARTS))
            for name in names
        }


def _booked(frame: Any, arguments: Mapping[str, Any]) -> dict[str, BookedHistograms]:
    """With the weight, and with each varied one."""
    weights = {CLASSES: DRAWN if arguments["region"] == MOCK else WEIGHT}
    weights |= {name: name for name in arguments["weights"]}
    found = {}
    for name, weight in weights.items():
        column = weight
        if name != CLASSES:
            column = f"class_{weight}"
            frame = frame.Define(column, f"static_cast<double>({weight})")
        found[name] = BookedHistograms(frame, arguments["edges"], column)
    return found


def _save(file: Path, sums: Mapping[str, ClassHistograms]) -> None:
    arrays: dict[str, Any] = {f"{name}/keys": one.keys for name, one in sums.items()}
    for name, one in sums.items():
        arrays |= {f"{name}/{part}": getattr(one, part) for part in _PARTS}
    np.savez_compressed(file, **arrays)
