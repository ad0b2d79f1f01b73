"""Chunks merged into one sample: events numbered, weights set, and the description beside the file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from analysis.simulation.chunks import COLLECTIONS
from analysis.simulation.columns import Columns, load_columns
from analysis.simulation.processes import SelectedProcess
from analysis.simulation.recipe import SampleRecipe
from selections import canonical_writer


@dataclass(frozen=True)
class SimulatedSample:
    """A finished sample; the cross section (pb) is the one after the selection, the luminosity n over it."""

    path: Path
    n_events: int
    cross_section: float
    luminosity: float


class Bookkeeping(NamedTuple):
    """Counts of a chunk, or of several; the cross section is the one after the veto, in pb."""

    n_selected: int
    n_generated: int
    n_tried: int
    cross_section: float

    @classmethod
    def read(cls, path: Path) -> "Bookkeeping":
        """The counts of one chunk file."""
        with np.load(path) as stored:
            counts = (len(stored["n_jet"]), int(stored["n_generated"]), int(stored["n_tried"]))
            return cls(*counts, float(stored["cross_section"]))

    @classmethod
    def of_all(cls, paths: list[Path]) -> "Bookkeeping":
        """The sum of the counts; the cross section is averaged with the number of tries as weight."""
        every = [cls.read(path) for path in paths]
        selected, generated, tried, measured = zip(*every, strict=True)
        return cls(sum(selected), sum(generated), sum(tried), float(np.average(measured, weights=tried)))


def merge(recipe: SampleRecipe, paths: list[Path], n_events: int, output: Path) -> SimulatedSample:
    """Write the first `n_events` events of the chunks as one file, and its description beside it."""
    counts = Bookkeeping.of_all(paths)
    cross_section = counts.cross_section * counts.n_selected / counts.n_generated
    sample = SimulatedSample(output, n_events, cross_section, n_events / cross_section)
    canonical_writer.write(output, numbered(recipe.process, paths, sample))
    description = recipe.as_dict() | {
        "n_events": n_events,
        "n_selected": counts.n_selected,
        "n_generated": counts.n_generated,
        "n_tried": counts.n_tried,
        "cross_section_pb": cross_section,
        "cross_section_relative_error": counts.n_selected**-0.5,
        "equivalent_luminosity_per_pb": sample.luminosity,
    }
    describe(output, description)
    return sample


def describe(output: Path, description: dict[str, Any]) -> None:
    """Write the description of a sample beside it."""
    beside = output.with_name(output.name + ".json")
    partial = beside.with_name(beside.name + ".partial")
    partial.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    partial.replace(beside)


def numbered(process: SelectedProcess, paths: list[Path], sample: SimulatedSample) -> Iterator[Columns]:
    """The chunks with event numbers and weights, the last one cut at the wanted number of events."""
    done = 0
    for path in paths:
        events = load_columns(path)
        size = min(len(events["n_jet"]), sample.n_events - done)
        yield event_columns(process, done, size, sample) | first_events(events, size)
        done += size


def event_columns(process: SelectedProcess, first: int, size: int, sample: SimulatedSample) -> Columns:
    """Identity, weight, label and flags of `size` events."""
    return {
        "run": np.full(size, process.run),
        "luminosity_block": np.ones(size),
        "event": np.arange(first, first + size),
        "weight": np.full(size, sample.cross_section / sample.n_events),
        "truth_label": np.full(size, process.truth_label),
        "passes_trigger": np.ones(size, bool),
        "passes_filters": np.ones(size, bool),
    }


def first_events(events: Columns, size: int) -> Columns:
    """The columns of the first `size` events of a chunk."""
    of_collections = tuple(start for name in COLLECTIONS for start in (f"n_{name}", f"{name}_"))
    kept = {
        name: values[:size]
        for name, values in events.items()
        if values.ndim and not name.startswith(of_collections)
    }
    for collection in COLLECTIONS:
        if f"n_{collection}" in events:
            counts = kept[f"n_{collection}"] = events[f"n_{collection}"][:size]
            names = [name for name in events if name.startswith(f"{collection}_")]
            kept |= {name: events[name][: counts.sum()] for name in names}
    return kept
