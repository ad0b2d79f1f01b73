"""Batches for Keras: `model.fit(Batches(...))` on samples larger than memory.

Keras is imported with this module. `selections.blocks` gives the same batches as arrays, without Keras.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from selections.blocks import MEMORY, Arrays, EventBlocks

Values = str | Callable[[Mapping[str, NDArray[Any]]], NDArray[Any]]
"""A column, or a function of the arrays of a batch (features, further columns, constituents) giving (n,)."""


class Batches(keras.utils.PyDataset):
    """Inputs, targets and weights of the events of snapshots, for `fit`, `evaluate` and `predict` of Keras.

    The inputs are the `features` (n, n_features), or with `constituents` a dictionary of "features" and one
    array (n, 100, 3) per prefix; see `EventBlocks`, also for the other arguments. `target` and `weight` are
    columns or functions of the arrays of a batch, which may use further `columns` such as mjj. The target
    "features" asks for the inputs back, as autoencoders want. The last batch of an epoch may be smaller;
    nothing is padded or dropped.

    Keras may ask for the batches of an epoch in any order: the seed decides which events come first, so each
    index that is new in the epoch gets the next batch.
    """

    def __init__(
        self,
        files: str | Path | Sequence[str | Path],
        features: Sequence[str],
        *,
        target: Values | None = None,
        weight: Values | None = None,
        columns: Sequence[str] = (),
        constituents: Sequence[str] = (),
        folds: Sequence[int] | None = None,
        size: int = 4096,
        seed: int = 1,
        shuffle: bool = True,
        memory: int = MEMORY,
        **workers: Any,
    ) -> None:
        super().__init__(**workers)
        if weight is not None and target is None:
            raise MaplessError('Keras takes weights with a target only; name one, such as target="features"')
        named = [value for value in (target, weight) if isinstance(value, str) and value != "features"]
        self.events = EventBlocks(
            files,
            (*features, *columns, *named),
            constituents=constituents,
            folds=folds,
            size=size,
            seed=seed,
            shuffle=shuffle,
            memory=memory,
        )
        self.features, self.target, self.weight = tuple(features), target, weight
        self._epoch = 0
        self._positions: dict[int, int] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Inputs, and targets and weights if there are any, of one batch of the current epoch."""
        with self._lock:  # Keras may call from several threads
            position = (
                self._positions.setdefault(index, len(self._positions)) if self.events.shuffle else index
            )
            arrays = self.events.batch(position, self._epoch)
        inputs = self._inputs(arrays)
        wanted = [value for value in (self.target, self.weight) if value is not None]
        return (inputs, *(inputs if value == "features" else _values(value, arrays) for value in wanted))

    def on_epoch_end(self) -> None:
        """Go on to the next epoch, with another order of events."""
        with self._lock:
            self._epoch += 1
            self._positions.clear()

    def _inputs(self, arrays: Arrays) -> Any:
        features = np.stack([arrays[name] for name in self.features], axis=1).astype(np.float32)
        if not self.events.wanted.constituents:
            return features
        return {"features": features} | {name: arrays[name] for name in self.events.wanted.constituents}


def _values(value: Values, arrays: Arrays) -> NDArray[Any]:
    return arrays[value] if isinstance(value, str) else np.asarray(value(arrays))
