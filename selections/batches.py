"""Batches for Keras: `model.fit(Batches(...))` on events that need not fit into memory.

Keras is imported with this module. `events.batches` gives the same arrays without Keras.
"""

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.arrays import Arrays
from selections.event_columns import EventColumns

Values = str | Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]
"""A column, or a function of the arrays of a batch (features, shaped and further columns) giving (n,)."""


class Batches(keras.utils.PyDataset):
    """Inputs, targets and weights of events, for `fit`, `evaluate` and `predict` of Keras.

    The inputs are the `features` (n, n_features), or with `shaped` columns, such as images or
    "jet1_constituent", a dictionary of "features" and one array (n, *shape) for each. `target` and `weight`
    are columns or functions of the arrays of a batch, which may use further `columns` such as mjj. The target
    "features" asks for the inputs back, as autoencoders want. The last batch of an epoch may be smaller;
    nothing is padded or dropped.

    With a seed events are shuffled anew in every epoch. Keras may ask for the batches of an epoch in any
    order: the seed decides which events come first, so each index that is new in the epoch gets the next
    batch. Without a seed the index decides.
    """

    def __init__(
        self,
        events: EventColumns,
        features: Sequence[str],
        *,
        target: Values | None = None,
        weight: Values | None = None,
        columns: Sequence[str] = (),
        shaped: Sequence[str] = (),
        size: int = 4096,
        seed: int | None = None,
        **workers: Any,
    ) -> None:
        super().__init__(**workers)
        if weight is not None and target is None:
            raise MaplessError('Keras takes weights with a target only; name one, such as target="features"')
        named = [value for value in (target, weight) if isinstance(value, str) and value != "features"]
        self.events, self.size, self.seed = events, size, seed
        self.features, self.shaped = tuple(features), tuple(shaped)
        self.columns = tuple(dict.fromkeys((*features, *shaped, *columns, *named)))
        self.target, self.weight = target, weight
        self._epoch = 0
        self._lock = threading.Lock()
        self._restart()

    def __len__(self) -> int:
        return math.ceil(len(self.events) / self.size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Inputs, and targets and weights if there are any, of one batch of the current epoch."""
        with self._lock:  # Keras may call from several threads
            position = index if self.seed is None else self._positions.setdefault(index, len(self._positions))
            arrays = self._batch(position)
        features = np.stack([arrays[name] for name in self.features], axis=1).astype(np.float32)
        inputs = {"features": features} | {name: arrays[name] for name in self.shaped}
        taken = inputs if self.shaped else features
        wanted = [value for value in (self.target, self.weight) if value is not None]
        return (taken, *(taken if value == "features" else _values(value, arrays) for value in wanted))

    def on_epoch_end(self) -> None:
        """Go on to the next epoch, with another order of events."""
        with self._lock:
            self._epoch += 1
            self._restart()

    def _restart(self) -> None:
        self._positions: dict[int, int] = {}
        self._rewind()

    def _rewind(self) -> None:
        self._stream: Iterator[Arrays] = iter(
            self.events.batches(self.columns, self.size, seed=self.seed, epoch=self._epoch)
        )
        self._waiting: dict[int, Arrays] = {}
        self._read = 0

    def _batch(self, position: int) -> Arrays:
        """The batch at a position of the stream, which starts again for one that has been given away."""
        if position < self._read and position not in self._waiting:
            self._rewind()
        while position >= self._read:
            self._waiting[self._read] = next(self._stream)
            self._read += 1
        return self._waiting.pop(position)


def _values(value: Values, arrays: Arrays) -> NDArray[Any]:
    return arrays[value] if isinstance(value, str) else np.asarray(value(arrays))
