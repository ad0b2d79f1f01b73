"""Events of snapshots in batches, never more of them in memory than a budget allows.

A snapshot is a row of clusters. An epoch takes them in random order, a few at a time; each of these groups is
shuffled in memory and cut into batches. Without a seed clusters and events keep their order.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections import headers
from selections.arrays import Arrays, rebatched
from selections.root import import_root
from selections.snapshot import TUPLE_NAME, check_columns, open_tuple

NUMBERS: dict[str, np.dtype[Any]] = {
    "bool": np.dtype(np.bool_),
    "float": np.dtype(np.float32),
    "double": np.dtype(np.float64),
    **{f"std::int{bits}_t": np.dtype(f"i{bits // 8}") for bits in (8, 16, 32, 64)},
    **{f"std::uint{bits}_t": np.dtype(f"u{bits // 8}") for bits in (8, 16, 32, 64)},
}
"""Types of numbers, as an RNTuple names them."""
CONSTITUENT_PARTS = ("pt", "eta", "phi")
CONSTITUENTS_SHAPE = (100, len(CONSTITUENT_PARTS))
MEMORY = 256 * 2**20


def stored_names(column: str) -> tuple[str, ...]:
    """Names under which a snapshot holds a column: constituents are lists of pt, eta and phi.

    >>> stored_names("mjj"), stored_names("jet1_constituent")[:2]
    (('mjj',), ('jet1_constituent_pt', 'jet1_constituent_eta'))
    """
    if not column.endswith("_constituent"):
        return (column,)
    return tuple(f"{column}_{part}" for part in CONSTITUENT_PARTS)


@dataclass(frozen=True)
class StoredColumn:
    """A column of a snapshot: the type of its numbers as an RNTuple names it, and the shape per event."""

    number: str
    shape: tuple[int, ...] = ()
    constituents: bool = False

    @property
    def bytes_per_event(self) -> int:
        """Memory that the values of an event take once they are read."""
        return int(NUMBERS[self.number].itemsize * np.prod(self.shape, dtype=int))


@dataclass(frozen=True)
class Block:
    """Neighbouring events of a file, from `start` to before `stop`; `offset` is the first of all files."""

    file: Path
    start: int
    stop: int
    offset: int

    def __len__(self) -> int:
        return self.stop - self.start


class EventBlocks:
    """Columns of the events of snapshots: numbers (n,), fixed shapes (n, *shape) and constituents.

    Constituents are columns such as "jet1_constituent", (n, 100, 3): pt (GeV), eta and phi, hardest first,
    zero where there are no more. Columns that not all files have alike are left out.
    """

    def __init__(self, files: str | Path | Sequence[str | Path]) -> None:
        self.files = [Path(file) for file in ([files] if isinstance(files, str | Path) else files)]
        self._tuples = [open_tuple(file) for file in self.files]  # once: what they say of pages takes seconds
        self.columns = _common([_columns(events) for events in self._tuples])
        self._clusters = [
            [cluster.num_entries for cluster in events.cluster_summaries] for events in self._tuples
        ]
        self._reader = lru_cache(maxsize=4)(_reader)

    @cached_property
    def n_events(self) -> int:
        """Number of events in all files."""
        return sum(map(sum, self._clusters))

    def batches(
        self,
        columns: Sequence[str],
        size: int,
        *,
        seed: int | None = None,
        epoch: int = 0,
        kept: NDArray[np.bool_] | None = None,
        memory: int = MEMORY,
    ) -> Iterator[Arrays]:
        """All events in batches of `size`, the last one smaller: in order, or shuffled by seed and epoch.

        `kept` is a mask (n_events,) of the events that come. `memory` (bytes) is the budget; it and
        the columns decide how many events are shuffled at once.

        Raises MaplessError for columns that are not there.
        """
        check_columns(columns, self.columns, f"the columns of {', '.join(map(str, self.files))}")
        if size < 1 or not columns:
            raise MaplessError(f"batches of {size} events and {len(columns)} columns are impossible")
        bytes_per_event = sum(self.columns[name].bytes_per_event for name in columns) + 8
        # a group is read, copied into its order, and still held by a batch when the next one is read
        groups = self._groups(max(1, memory // (4 * bytes_per_event)), seed, epoch)
        orders = (_order(group, kept, seed, epoch, i) for i, group in enumerate(groups))
        parts = (
            {name: self._read(name, group)[order] for name in columns}
            for group, order in zip(groups, orders, strict=True)
            if len(order)
        )
        return rebatched(parts, size)

    def read(self, column: str, kept: NDArray[np.bool_] | None = None) -> NDArray[Any]:
        """A column of all events, or of those of a mask (n_events,), in order."""
        parts = [batch[column] for batch in self.batches([column], 2**16, kept=kept)]
        stored = self.columns[column]
        return np.concatenate(parts) if parts else np.empty((0, *stored.shape), NUMBERS[stored.number])

    def numbers(self, column: str) -> NDArray[Any]:
        """A column (n_events,) of one number per event, of all events."""
        return np.concatenate([events.arrays([column], library="np")[column] for events in self._tuples])

    def _groups(self, most: int, seed: int | None, epoch: int) -> list[list[Block]]:
        """Blocks in the order of an epoch, as many together as have at most so many events."""
        blocks = list(self._blocks(most))
        order = np.arange(len(blocks))
        if seed is not None:
            order = np.random.default_rng((seed, epoch)).permutation(order)
        groups: list[list[Block]] = []
        room = 0
        for block in (blocks[i] for i in order):
            if len(block) > room:
                groups.append([])
                room = most
            groups[-1].append(block)
            room -= len(block)
        return groups

    def _blocks(self, most: int) -> Iterator[Block]:
        offset = 0
        for file, clusters in zip(self.files, self._clusters, strict=True):
            first = offset
            for n_events in clusters:
                for start in range(offset, offset + n_events, most):
                    stop = min(start + most, offset + n_events)
                    yield Block(file, start - first, stop - first, start)
                offset += n_events

    def _read(self, column: str, blocks: Sequence[Block]) -> NDArray[Any]:
        stored = self.columns[column]
        array = np.zeros((sum(map(len, blocks)), *stored.shape), NUMBERS[stored.number])
        read = self._read_constituents if stored.constituents else self._read_numbers
        row = 0
        for block in blocks:
            read(column, block, array[row : row + len(block)])
            row += len(block)
        return array

    def _read_numbers(self, column: str, block: Block, part: NDArray[Any]) -> None:
        stored = self.columns[column]
        per_event = int(np.prod(stored.shape, dtype=int))
        field = column + "._0" * len(stored.shape)  # the numbers within arrays of fixed length
        start, stop = per_event * block.start, per_event * block.stop
        self._reader(block.file).numbers(field, stored.number, start, stop, part.ctypes.data)

    def _read_constituents(self, column: str, block: Block, part: NDArray[Any]) -> None:
        for i, name in enumerate(CONSTITUENT_PARTS):
            address = part.ctypes.data + i * part.itemsize
            self._reader(block.file).padded(
                f"{column}_{name}", block.start, block.stop, *CONSTITUENTS_SHAPE, address
            )


def _order(
    blocks: Sequence[Block], kept: NDArray[np.bool_] | None, seed: int | None, epoch: int, number: int
) -> NDArray[np.intp]:
    """Rows of a group of blocks that are kept, in the order in which they come."""
    n_events = sum(map(len, blocks))
    if kept is None:
        order = np.arange(n_events)
    else:
        order = np.flatnonzero(np.concatenate([kept[b.offset : b.offset + len(b)] for b in blocks]))
    return order if seed is None else np.random.default_rng((seed, epoch, number + 1)).permutation(order)


def _columns(events: Any) -> dict[str, StoredColumn]:
    """Columns of an RNTuple, as uproot opens it, that are read into arrays."""
    types = {name: events[name].typename for name in events.keys() if "." not in name}  # noqa: SIM118
    numbers = {name: _fixed_shape(text) for name, text in types.items()}
    lists = [name for name, text in types.items() if re.fullmatch(r".*(vector|RVec)<float>", text)]
    prefixes = [name.removesuffix("_pt") for name in lists if name.endswith("_constituent_pt")]
    constituents = {
        prefix: StoredColumn("float", CONSTITUENTS_SHAPE, constituents=True)
        for prefix in prefixes
        if {f"{prefix}_{part}" for part in CONSTITUENT_PARTS} <= set(lists)
    }
    return {name: column for name, column in numbers.items() if column} | constituents


def _fixed_shape(text: str) -> StoredColumn | None:
    """The column of a C++ type: a number, or arrays of them such as std::array<std::array<float,3>,2>."""
    shape: tuple[int, ...] = ()
    while found := re.fullmatch(r"std::array<(.*),\s*(\d+)>", text):
        text, shape = found[1], (*shape, int(found[2]))
    return StoredColumn(text, shape) if text in NUMBERS else None


def _common(columns: Sequence[Mapping[str, StoredColumn]]) -> dict[str, StoredColumn]:
    first, *rest = columns
    return {
        name: column for name, column in first.items() if all(other.get(name) == column for other in rest)
    }


def _reader(file: Path) -> Any:
    root = import_root()
    root.gSystem.Load("libROOTNTuple")
    headers.load("mapless/event_tuple.h")
    return root.mapless.EventTuple(TUPLE_NAME, str(file))
