"""Events of snapshots in shuffled batches, never more of them in memory than a budget allows.

A snapshot is a row of clusters. An epoch takes them in random order, a few at a time; each of these groups is
shuffled in memory and cut into batches. What a batch holds depends on seed, epoch and position only.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections import headers
from selections.folds import event_hash
from selections.root import import_root
from selections.snapshot import EVENT_NAME, TUPLE_NAME, check_columns, open_tuple

TYPES = {
    "bool": np.bool_,
    "float": np.float32,
    "double": np.float64,
    "std::int32_t": np.int32,
    "std::uint32_t": np.uint32,
    "std::int64_t": np.int64,
    "std::uint64_t": np.uint64,
}
"""Types of columns, as an RNTuple names them, that can be read."""
N_CONSTITUENTS = 100
CONSTITUENT_PARTS = ("pt", "eta", "phi")
MEMORY = 256 * 2**20
Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Block:
    """Neighbouring events of a file, and how many of them belong to the folds that are kept."""

    file: Path
    start: int
    stop: int
    kept: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Wanted:
    """Columns to read: numbers per event, prefixes of constituents, and the folds to keep (None: all)."""

    columns: tuple[str, ...]
    constituents: tuple[str, ...] = ()
    folds: tuple[int, ...] | None = None

    @property
    def bytes_per_event(self) -> int:
        """Memory that an event takes once it is read."""
        return 8 * len(self.columns) + 4 * N_CONSTITUENTS * len(self.jagged) + 8

    @property
    def jagged(self) -> list[str]:
        """Columns with many values per event."""
        return [f"{prefix}_{part}" for prefix in self.constituents for part in CONSTITUENT_PARTS]


class EventBlocks:
    """Columns of the events of snapshots, batch by batch.

    `columns` are numbers per event; `constituents` are prefixes such as "jet1_constituent", each an array
    (n, 100, 3) of pt (GeV), eta and phi, hardest first, zero where there are no more. `folds` keeps the
    events of these folds only. `memory` is the budget in bytes. Raises MaplessError for columns that are not
    there.
    """

    def __init__(
        self,
        files: str | Path | Sequence[str | Path],
        columns: Sequence[str],
        *,
        constituents: Sequence[str] = (),
        folds: Sequence[int] | None = None,
        size: int = 4096,
        seed: int = 1,
        shuffle: bool = True,
        memory: int = MEMORY,
    ) -> None:
        if size < 1:
            raise MaplessError(f"batches of {size} events are impossible; ask for one or more")
        self.files = [Path(file) for file in ([files] if isinstance(files, str | Path) else files)]
        self.wanted = Wanted(
            tuple(dict.fromkeys(columns)), tuple(constituents), None if folds is None else tuple(folds)
        )
        self.size, self.seed, self.shuffle = size, seed, shuffle
        # two groups are kept while the next one is read and copied into its order
        self._group_events = max(1, memory // (4 * self.wanted.bytes_per_event))
        self._reader = lru_cache(maxsize=4)(_reader)
        self._types: dict[str, str] = {}
        self.blocks = [block for file in self.files for block in self._blocks_of(file)]
        self.n_events = sum(block.kept for block in self.blocks)
        if self.n_events == 0:
            raise MaplessError(f"no events of folds {folds} in {', '.join(map(str, self.files))}")
        self._load = lru_cache(maxsize=2)(self._load_group)
        self._groups = lru_cache(maxsize=1)(self._groups_of_epoch)

    def __len__(self) -> int:
        return math.ceil(self.n_events / self.size)

    def batch(self, position: int, epoch: int = 0) -> Arrays:
        """The batch at a position, 0 to len - 1, of an epoch: arrays by column or prefix of constituents."""
        if not 0 <= position < len(self):
            raise IndexError(f"batch {position} of {len(self)}")
        first, last = position * self.size, min((position + 1) * self.size, self.n_events)
        groups = self._groups(epoch)
        edges = np.cumsum([0, *(sum(block.kept for block in group) for group in groups)])
        touched = [i for i in range(len(groups)) if edges[i] < last and edges[i + 1] > first]
        parts = [
            _rows(self._load(epoch, i), max(first - edges[i], 0), min(last, edges[i + 1]) - edges[i])
            for i in touched
        ]
        return _joined(parts)

    def epoch(self, number: int = 0) -> Iterator[Arrays]:
        """All batches of one epoch in order; the last one may be smaller."""
        return (self.batch(position, number) for position in range(len(self)))

    def event_hashes(self) -> NDArray[np.uint64]:
        """A number (n_events,) for every event that is kept, from its run, luminosity block and number."""
        kept = EventBlocks(self.files, EVENT_NAME, folds=self.wanted.folds, size=2**18, shuffle=False)
        return np.concatenate([event_hash(*(part[name] for name in EVENT_NAME)) for part in kept.epoch()])

    def _blocks_of(self, file: Path) -> Iterator[Block]:
        events = open_tuple(file)
        single = [*self.wanted.columns, *([] if self.wanted.folds is None else ["fold"])]
        check_columns([*single, *self.wanted.jagged], events.keys(), f"the columns of {file}")
        self._types |= {name: events[name].typename for name in single}
        for name in single:
            if self._types[name] not in TYPES:
                raise MaplessError(f"{name} of {file} is a {self._types[name]}, not a number per event")
        for cluster in events.cluster_summaries:
            end = cluster.num_first_entry + cluster.num_entries
            for start in range(cluster.num_first_entry, end, self._group_events):
                block = Block(file, start, min(start + self._group_events, end), 0)
                yield replace(block, kept=int(self._kept([block]).sum()))

    def _groups_of_epoch(self, epoch: int) -> list[list[Block]]:
        """Blocks in the order of an epoch, as many together as the memory allows."""
        order = np.arange(len(self.blocks))
        if self.shuffle:
            order = np.random.default_rng((self.seed, epoch)).permutation(order)
        groups: list[list[Block]] = []
        room = 0
        for block in (self.blocks[i] for i in order):
            events = len(block)
            if events > room:
                groups.append([])
                room = max(self._group_events, events)
            groups[-1].append(block)
            room -= events
        return groups

    def _load_group(self, epoch: int, number: int) -> Arrays:
        blocks = self._groups(epoch)[number]
        order = np.flatnonzero(self._kept(blocks))
        if self.shuffle:
            order = np.random.default_rng((self.seed, epoch, number + 1)).permutation(order)
        arrays = {name: self._numbers(name, blocks)[order] for name in self.wanted.columns}
        return arrays | {name: self._constituents(name, blocks)[order] for name in self.wanted.constituents}

    def _kept(self, blocks: Sequence[Block]) -> NDArray[np.bool_]:
        if self.wanted.folds is None:
            return np.ones(sum(len(block) for block in blocks), bool)
        return np.isin(self._numbers("fold", blocks), self.wanted.folds)

    def _numbers(self, column: str, blocks: Sequence[Block]) -> NDArray[Any]:
        kind = self._types[column]
        array: NDArray[Any] = np.empty(sum(len(block) for block in blocks), TYPES[kind])
        for block, part in _parts(blocks, array):
            self._reader(block.file).numbers(column, kind, block.start, block.stop, part.ctypes.data)
        return array

    def _constituents(self, prefix: str, blocks: Sequence[Block]) -> NDArray[np.float32]:
        shape = (sum(len(block) for block in blocks), N_CONSTITUENTS, len(CONSTITUENT_PARTS))
        array = np.zeros(shape, np.float32)
        for block, part in _parts(blocks, array):
            for i, name in enumerate(CONSTITUENT_PARTS):
                address = part.ctypes.data + i * array.itemsize
                self._reader(block.file).padded(
                    f"{prefix}_{name}", block.start, block.stop, *shape[1:], address
                )
        return array


def check_disjoint(training: EventBlocks, validation: EventBlocks) -> None:
    """Raise MaplessError if an event, by run, luminosity block and event number, is in both."""
    shared = np.intersect1d(training.event_hashes(), validation.event_hashes())
    if len(shared):
        raise MaplessError(f"{len(shared):,} events are in training and validation alike; split by folds")


def _reader(file: Path) -> Any:
    root = import_root()
    root.gSystem.Load("libROOTNTuple")
    headers.load("mapless/event_tuple.h")
    return root.mapless.EventTuple(TUPLE_NAME, str(file))


def _parts(blocks: Sequence[Block], array: NDArray[Any]) -> Iterator[tuple[Block, NDArray[Any]]]:
    """Every block with the rows of the array that belong to it."""
    ends = np.cumsum([len(block) for block in blocks])
    return ((block, array[end - len(block) : end]) for block, end in zip(blocks, ends, strict=True))


def _rows(arrays: Arrays, first: int, last: int) -> Arrays:
    return {name: values[first:last] for name, values in arrays.items()}


def _joined(parts: list[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
