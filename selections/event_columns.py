"""What all events by column have in common, be they in memory or in snapshots."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.arrays import Arrays
from selections.folds import event_hash
from selections.snapshot import EVENT_NAME, check_columns

Array = NDArray[Any]
Mask = NDArray[np.bool_]
ALWAYS = ("key", "weight", "injected")
"""Columns of all events: hash of the event's name, 1 and 0 where the source has nothing else."""


class EventColumns(ABC):
    """Events of which a column is read, or made, when it is first asked for, and then kept."""

    def __init__(self, columns: Iterable[str]) -> None:
        own = frozenset(columns)
        lacking = [name for name in EVENT_NAME if name not in own]
        if lacking and "key" not in own:
            raise MaplessError(f"events without {lacking[0]} have no name; keep {', '.join(EVENT_NAME)}")
        self.columns = own | frozenset(ALWAYS)
        self._arrays: dict[str, Array] = {}

    @abstractmethod
    def __len__(self) -> int:
        """Number of events."""

    def __getitem__(self, column: str) -> Array:
        """A column of all events: (n,) or (n, *shape); raises MaplessError if there is none."""
        check_columns([column], self.columns, "the columns of these events")
        if column not in self._arrays:
            self._arrays[column] = self._read(column)
        return self._arrays[column]

    @abstractmethod
    def where(self, mask: Mask) -> Self:
        """The events of a mask (n,), in their order."""

    @abstractmethod
    def batches(
        self, columns: Sequence[str], size: int, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Arrays]:
        """All events in batches of `size`, the last one smaller: in order, or shuffled by seed and epoch."""

    @abstractmethod
    def _read(self, column: str) -> Array:
        """A column that is asked for the first time."""

    def _made(self, column: str) -> Array:
        """One of the columns that are always there, for a source that does not have it."""
        if column == "key":
            return event_hash(*(self[name] for name in EVENT_NAME))
        return np.ones(len(self), np.float32) if column == "weight" else np.zeros(len(self), np.int32)

    def _like(self) -> Self:
        """The same source of events, of which nothing is kept yet."""
        other = copy.copy(self)
        other._arrays = {}
        return other
