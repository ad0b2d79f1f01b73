"""Why events are selected: features that the selection hangs on, and features that it has changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.events import Array, Events, Mask, column

_NOTHING_TO_COMPARE = "all or no events are selected: there is nothing to compare them with"


def permutation_importance(
    is_kept: Callable[[Events], Mask], events: Events, kept: Mask, columns: Sequence[str], *, seed: int = 1
) -> dict[str, float]:
    """Share of the kept events that would not be kept with a column of other events.

    It is 0 for what the selection does not look at, and nearly 1 where nothing else matters. Columns that say
    the same share their importance.

    Args:
        is_kept: tells which events (n,) a detector and its cut keep.
        events, kept: some events, and a mask (n_events,) of those that they keep.
        columns: (n_events, ...) each, replaced one by one by values of other events, drawn at random.
        seed: of the drawing.

    Returns:
        the share by column, the largest first. Raises MaplessError for a missing column, and where all or no
        events are kept.
    """
    others = np.flatnonzero(~kept)
    if not 0 < len(others) < len(kept):
        raise MaplessError(_NOTHING_TO_COMPARE)
    random, found = np.random.default_rng(seed), {}
    n_kept = len(kept) - len(others)
    seen = kept.copy()  # others are scored, too: a detector may refuse events that are all in one fold
    seen[random.choice(others, min(len(others), n_kept), replace=False)] = True
    some, replaced = events.where(seen), kept[seen]
    for name in columns:
        values = column(some, name).copy()
        values[replaced] = values[~replaced][random.integers(np.count_nonzero(~replaced), size=n_kept)]
        found[name] = 1 - float(np.mean(is_kept(_Replaced(some, {name: values}))[replaced]))
    return _largest_first(found)


def feature_distances(features: Mapping[str, Array], selected: Mask) -> dict[str, float]:
    """Largest distance between the distributions of selected and other events (Kolmogorov-Smirnov), by name.

    Between 0, no difference, and 1, no overlap; the largest first. Features (n_events,), `selected` a mask
    (n_events,) that holds some events and not all, or MaplessError.
    """
    from scipy.stats import ks_2samp

    if not 0 < selected.sum() < len(selected):
        raise MaplessError(_NOTHING_TO_COMPARE)
    found = {
        name: float(ks_2samp(values[selected], values[~selected], method="asymp").statistic)
        for name, values in features.items()
    }
    return _largest_first(found)


def _largest_first(found: Mapping[str, float]) -> dict[str, float]:
    return dict(sorted(found.items(), key=lambda item: -item[1]))


@dataclass(frozen=True)
class _Replaced:
    """Events of which some columns have other values."""

    events: Events
    values: Mapping[str, Array]

    @property
    def columns(self) -> frozenset[str]:
        return self.events.columns

    def __len__(self) -> int:
        return len(self.events)

    def __getitem__(self, name: str) -> Array:
        return self.values[name] if name in self.values else self.events[name]

    def where(self, mask: NDArray[np.bool_]) -> Self:
        chosen = {name: values[mask] for name, values in self.values.items()}
        return type(self)(self.events.where(mask), chosen)

    def batches(
        self, columns: Sequence[str], size: int, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Mapping[str, Array]]:
        order = np.arange(len(self))
        if seed is not None:
            order = np.random.default_rng((seed, epoch)).permutation(order)
        for start in range(0, len(self), size):
            chosen = order[start : start + size]
            yield {name: self[name][chosen] for name in columns}
