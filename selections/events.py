"""Events by column, in memory or in snapshots; what detectors and cuts see of a selection.

All of them have the columns, lengths, masks and batches that `models.events.Events` asks for.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError
from selections.arrays import Arrays, interleaved, rebatched
from selections.blocks import MEMORY, EventBlocks
from selections.event_columns import Array, EventColumns, Mask
from selections.folds import mix_bits, unsigned
from selections.snapshot import EVENT_NAME, check_columns


class EventTable(EventColumns):
    """Events in memory, from arrays (n,) or (n, *shape) by name.

    With a `source`, other columns are those of the rows (n,) of these events, copied when they are asked for.

    >>> events = EventTable({"run": [1, 1], "luminosity_block": [7, 7], "event": [1, 2], "mjj": [2e3, 3e3]})
    >>> events.where(events["mjj"] > 2500)["event"].tolist()
    [2]
    """

    def __init__(
        self,
        columns: Mapping[str, ArrayLike],
        *,
        source: EventColumns | None = None,
        rows: NDArray[np.intp] | None = None,
    ) -> None:
        super().__init__(columns if source is None else source.columns | columns.keys())
        # numpy would join int64 and uint64 to float64, which does not hold all event numbers
        self._arrays = {
            name: unsigned(values) if name in EVENT_NAME else np.asarray(values)
            for name, values in columns.items()
        }
        self._source, self._rows = source, rows
        self._n_events = len(next(iter(self._arrays.values()))) if rows is None else len(rows)
        for name, values in self._arrays.items():
            if len(values) != self._n_events:
                raise MaplessError(f"column {name} has {len(values)} events instead of {self._n_events}")

    def __len__(self) -> int:
        return self._n_events

    def where(self, mask: Mask) -> Self:
        """The events of a mask (n,), in their order; nothing is copied until a column is asked for."""
        view = self._like()
        view._source, view._rows = self, np.flatnonzero(mask)
        view._n_events = len(view._rows)
        return view

    def batches(
        self, columns: Sequence[str], size: int, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Arrays]:
        """All events in batches of `size`, the last one smaller: in order, or shuffled by seed and epoch."""
        check_columns(columns, self.columns, "the columns of these events")
        order = np.arange(len(self))
        if seed is not None:
            order = np.random.default_rng((seed, epoch)).permutation(order)
        rows = (order[start : start + size] for start in range(0, len(self), size))
        return ({name: self[name][chosen] for name in columns} for chosen in rows)

    def _read(self, column: str) -> Array:
        return self._made(column) if self._source is None else self._source[column][self._rows]


class StoredEvents(EventColumns):
    """Events of snapshots, one file or several, of which a column is read when it is first asked for.

    Numbers per event are read for all events of the files and shared by all masks; columns with a shape, such
    as images or "jet1_constituent" (n, 100, 3), for the events of a mask only. `batches` keep to
    `memory` (bytes) however many events there are. Raises MaplessError for files that are no snapshots.
    """

    def __init__(self, files: str | Path | Sequence[str | Path], *, memory: int = MEMORY) -> None:
        self._blocks = EventBlocks(files)
        super().__init__(self._blocks.columns)
        self._memory = memory
        self._whole, self._mask = self, np.ones(self._blocks.n_events, np.bool_)

    def __len__(self) -> int:
        return int(np.count_nonzero(self._mask))

    def where(self, mask: Mask) -> Self:
        """The events of a mask (n,), in their order; nothing is read."""
        view = self._like()
        view._mask = np.zeros_like(self._mask)
        view._mask[np.flatnonzero(self._mask)[mask]] = True
        return view

    def batches(
        self, columns: Sequence[str], size: int, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Arrays]:
        """All events in batches of `size`, the last one smaller: in order, or shuffled by seed and epoch."""
        check_columns(columns, self.columns, "the columns of these events")
        stored = [name for name in columns if name in self._blocks.columns]
        needed = list(dict.fromkeys((*stored, *EVENT_NAME)))
        parts = self._blocks.batches(
            stored if len(stored) == len(columns) else needed,
            size,
            seed=seed,
            epoch=epoch,
            kept=self._mask,
            memory=self._memory,
        )
        if len(stored) == len(columns):
            return parts
        tables = (EventTable(part) for part in parts)  # they make what is always there
        return ({name: table[name] for name in columns} for table in tables)

    def _read(self, column: str) -> Array:
        stored = self._blocks.columns.get(column)
        if stored is not None and stored.shape:
            return self._blocks.read(column, self._mask)
        if self._whole is not self:
            return self._whole[column][self._mask]
        if stored is None:
            return self._made(column)
        return self._blocks.numbers(column)


class JoinedEvents(EventColumns):
    """Events one after the other, with the columns that all of them have."""

    def __init__(self, parts: Sequence[EventColumns]) -> None:
        super().__init__(frozenset.intersection(*(part.columns for part in parts)))
        self._parts = tuple(parts)

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def where(self, mask: Mask) -> Self:
        """The events of a mask (n,), in their order; nothing is read or copied."""
        view = self._like()
        ends = np.cumsum([len(part) for part in self._parts])[:-1]
        view._parts = tuple(
            part.where(own) for part, own in zip(self._parts, np.split(mask, ends), strict=True)
        )
        return view

    def batches(
        self, columns: Sequence[str], size: int, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Arrays]:
        """All events in batches of `size`, the last one smaller: in order, or shuffled by seed and epoch.

        Shuffled, every part gives its own shuffled events, and chance decides which part is next.
        """
        check_columns(columns, self.columns, "the columns of these events")
        if seed is None:
            return rebatched(chain(*(part.batches(columns, size) for part in self._parts)), size)
        seeds = np.random.SeedSequence((seed, epoch)).generate_state(len(self._parts) + 1)
        turns = np.repeat(np.arange(len(self._parts)), [len(part) for part in self._parts])
        turns = np.random.default_rng(seeds[-1]).permutation(turns)
        streams = [
            part.batches(columns, size, seed=int(own), epoch=epoch)
            for part, own in zip(self._parts, seeds, strict=False)
        ]
        return interleaved(streams, turns, size)

    def _read(self, column: str) -> Array:
        return np.concatenate([part[column] for part in self._parts])


def concatenate(*events: EventColumns) -> EventColumns:
    """Events one after the other, with the columns that all of them have; nothing is read or copied."""
    return JoinedEvents(events)


def draw(signal: EventColumns, n_events: int, seed: int, weight_column: str = "") -> NDArray[np.intp]:
    """Rows (n_events,) of different signal events, drawn at random with chances in proportion to a weight.

    Without a weight all are alike. Raises MaplessError when the signal sample is too small.
    """
    weights = np.maximum(signal[weight_column], 0.0).astype(float) if weight_column else np.ones(len(signal))
    if n_events > np.count_nonzero(weights):
        raise MaplessError(
            f"{n_events:,} signal events cannot be injected, only {np.count_nonzero(weights):,} pass the "
            "selection"
        )
    chances = weights / weights.sum() if weight_column else None
    return np.random.default_rng(seed).choice(len(signal), n_events, replace=False, p=chances)


def inject(
    events: EventColumns,
    signal: EventColumns,
    n_events: int,
    seed: int,
    number: int = 1,
    weight_column: str = "",
) -> EventColumns:
    """The events, then `n_events` different signal events that `draw` takes, whose `injected` is `number`.

    Raises MaplessError when the signal sample is too small, or an event would be there twice.
    """
    drawn = draw(signal, n_events, seed, weight_column)
    injected = {"injected": np.full(n_events, number, np.int32)}
    added = EventTable(injected, source=signal, rows=drawn)
    keys = added["key"]
    twice = int(np.isin(keys, events["key"]).sum()) + len(keys) - len(np.unique(keys))
    if twice:
        raise MaplessError(
            f"{twice:,} events of injection {number} are there twice (run, luminosity block, number); "
            "give the signal sample a run of its own"
        )
    return concatenate(events, added)


E = TypeVar("E", bound=EventColumns)


def share(events: E, fraction: float) -> E:
    """About this fraction of the events, always the same ones, evenly from all folds."""
    if not 0 < fraction <= 1:
        raise MaplessError(
            f"a share of {fraction:g} of the events is impossible; ask for one between 0 and 1"
        )
    # mixed again: the remainder of the key is the fold
    return events.where(mix_bits(events["key"]) / 2.0**64 < fraction)
