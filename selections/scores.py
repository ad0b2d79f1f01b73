"""Scores of events in a file beside theirs, found again by the name of the event, never by its row."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from selections.event_columns import EventColumns
from selections.folds import event_hash, mix_bits
from selections.snapshot import EVENT_NAME, open_file

TUPLE_NAME = "Scores"
NAME_OF_EVENT = (*EVENT_NAME, "injected")
"""What tells one event from all others: an injected one may be there without having been injected, too."""


def write_scores(path: str | Path, events: EventColumns, scores: Mapping[str, ArrayLike]) -> Path:
    """Write scores (n,) by name, with run, luminosity block, event number and `injected`; returns the path.

    The file is an RNTuple "Scores" for RDataFrame and uproot alike. It appears complete or not at all. Raises
    MaplessError for scores that are not one number per event, or are named like the columns above.
    """
    import uproot

    target = Path(path)
    arrays = {name: np.asarray(values) for name, values in scores.items()}
    for name, values in arrays.items():
        if values.shape != (len(events),):
            raise MaplessError(f"score {name} has shape {values.shape} for {len(events):,} events")
        if name in NAME_OF_EVENT:
            raise MaplessError(f"a score cannot be called {name}; rename it")
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.stem}.{os.getpid()}.partial.root")
    try:
        with uproot.recreate(beside) as file:
            content = {name: events[name] for name in NAME_OF_EVENT} | arrays
            file.mkrntuple(TUPLE_NAME, content)
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
    return target


def read_scores(path: str | Path, events: EventColumns) -> dict[str, NDArray[np.floating]]:
    """The scores (n,) of events, by name, from a file that holds them, and maybe others, in any order.

    Raises MaplessError for an event that has no score there, or more than one.
    """
    with open_file(path, TUPLE_NAME) as file:
        stored = file[TUPLE_NAME].arrays(library="np")
    known, wanted = _hashes(stored), _hashes(events)
    order = np.argsort(known)
    if np.any(twice := np.diff(known[order]) == 0):
        raise MaplessError(
            f"{path} holds {np.count_nonzero(twice):,} events more than once (run, luminosity block, "
            "number); set renumber_events of the sample if its files repeat each other's numbers"
        )
    places = np.searchsorted(known, wanted, sorter=order)
    rows = order[np.minimum(places, len(order) - 1)] if len(order) else np.zeros(len(wanted), int)
    missing = np.count_nonzero(known[rows] != wanted) if len(order) else len(wanted)
    if missing:
        raise MaplessError(
            f"{path} lacks the scores of {missing:,} of {len(wanted):,} events; score them again"
        )
    return {name: values[rows] for name, values in stored.items() if name not in NAME_OF_EVENT}


def _hashes(events: EventColumns | Mapping[str, NDArray[np.integer]]) -> NDArray[np.uint64]:
    """64 bits (n,) for the name of every event: for 10^8 events two agree by chance once in 4,000 files."""
    key = event_hash(*(events[name] for name in EVENT_NAME))
    return mix_bits(key ^ events["injected"].astype(np.uint64))
