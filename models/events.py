"""What detectors and cuts see of events: columns by name, whole or in batches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError

Array = NDArray[Any]
Mask = NDArray[np.bool_]
_MANY = 25  # events per fold, of which by chance none in 10^10 is empty


class Events(Protocol):
    """Columns of events, in memory or on disk; `selections.events` has both.

    Always there are `key` (uint64, a hash of run, luminosity block and event number, whose remainder by k is
    the fold of k folds), `weight`, and `injected` (0 for events of the sample itself, else the number of the
    injection that added them; for bookkeeping, no detector may use it).
    """

    @property
    def columns(self) -> frozenset[str]:
        """Names of all columns."""

    def __len__(self) -> int:
        """Number of events."""

    def __getitem__(self, column: str) -> Array:
        """A column of all events: (n,) or (n, *shape)."""

    def where(self, mask: Mask) -> Self:
        """The events of a mask (n,), in their order."""

    def batches(
        self, columns: Sequence[str], size: int, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Mapping[str, Array]]:
        """All events in batches of at most `size`: in order, or shuffled by seed and epoch."""


def column(events: Events, name: str) -> Array:
    """Take one column as a finite array (n,) or (n, *shape).

    Raises:
        MaplessError: the column is missing, or holds values that are not finite numbers.
    """
    require(events, [name])
    return finite(name, events[name])


def require(events: Events, names: Sequence[str]) -> None:
    """Make sure that columns are there; raises MaplessError that names the first missing one."""
    for name in names:
        if name not in events.columns:
            raise MaplessError(f"column '{name}' is missing; select it before training or scoring")


def finite(name: str, values: Array) -> Array:
    """Give back the values of a column; raises MaplessError if any is not a finite number."""
    bad = int(np.count_nonzero(~np.isfinite(values)))
    if bad:
        raise MaplessError(
            f"column '{name}' is not a finite number in {bad} of {values.size} values; "
            "mend its definition or cut these events"
        )
    return values


def event_weights(events: Events, name: str | None) -> NDArray[np.float64]:
    """Event weights (n,) from a column, or one for every event where none is named.

    Raises MaplessError for negative weights, of which no classifier can learn a density.
    """
    if name is None:
        return np.ones(len(events))
    weights = column(events, name).astype(np.float64)
    negative = int(np.count_nonzero(weights < 0))
    if negative:
        raise MaplessError(
            f"column '{name}' is negative in {negative:,} of {len(weights):,} events; a detector cannot "
            "learn from negative weights: leave weight_column out, or take a sample without them"
        )
    return weights


def fold(events: Events, folds: int) -> NDArray[np.intp]:
    """Fold of every event, 0 to folds - 1, shape (n,): the remainder of its key.

    Raises:
        MaplessError: there is no column `key`, or a fold is empty of so many events that their numbers cannot
            be good.
    """
    require(events, ["key"])
    found = (events["key"] % np.uint64(folds)).astype(np.intp)
    empty = int(np.count_nonzero(np.bincount(found, minlength=folds) == 0))
    if empty and len(found) > _MANY * folds:
        raise MaplessError(
            f"{empty} of {folds} folds hold none of {len(found):,} events: run, luminosity block and event "
            "number do not tell the events apart; number them in their files"
        )
    return found
