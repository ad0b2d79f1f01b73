"""Which jets the other jet of their event tags, where nothing tags what it has learnt from."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.events import Events, Mask
from models.events import fold as fold_of

Array = NDArray[np.float64]
Member = tuple[int, int, int]
"""Fold that a network holds out, half of the other events that it learns from, and jet."""

BOTH = -1  # halves


@dataclass(frozen=True)
class Parts:
    """Folds of events, and two halves of each, of which one is tagged by what has learnt from the other.

    Attributes:
        fold, half: of the events, (n_events,).
        folds: how many there are.
    """

    fold: NDArray[np.integer]
    half: NDArray[np.integer]
    folds: int

    @classmethod
    def of(cls, events: Events, folds: int) -> "Parts":
        """Those that the keys of events say."""
        fold = fold_of(events, folds)
        return cls(fold, ((events["key"] // np.uint64(folds)) % np.uint64(2)).astype(np.intp), folds)

    @property
    def taggers(self) -> list[Member]:
        """One of each jet for every fold and half."""
        return list(product(range(self.folds), range(2), range(2)))

    @property
    def scorers(self) -> list[Member]:
        """One of each jet for every fold, which learn from both halves."""
        return list(product(range(self.folds), (BOTH,), range(2)))

    def learnt_by(self, member: Member) -> Mask:
        """Events (n_events,) that a network learns from."""
        held_out, half, _ = member
        return (self.fold != held_out) & ((half == BOTH) | (self.half == half))

    def tagged_by(self, member: Member) -> Mask:
        """Events (n_events,) that a tagger tags for what holds out the same fold."""
        held_out, half, _ = member
        return (self.fold != held_out) & (self.half != half)

    def scored_by(self, member: Member) -> Mask:
        """Events (n_events,) of the fold that it holds out which a network scores, taggers one half each."""
        held_out, half, _ = member
        return (self.fold == held_out) & ((half == BOTH) | (self.half == half))


def rows_of(mask: Mask, jet: int) -> NDArray[np.intp]:
    """Rows of a jet of some events (n_events,), in a table of all first jets and then all second ones."""
    return np.flatnonzero(mask) + jet * len(mask)


def of_jets(members: Sequence[Member], masks: Sequence[Mask], found: Sequence[NDArray[Any]]) -> Array:
    """What networks found of both jets of the events of their masks, (folds, 2, n_events); 0 elsewhere."""
    values = np.zeros((1 + max(fold for fold, *_ in members), 2, len(masks[0])))
    for (fold, _, jet), mask, of_member in zip(members, masks, found, strict=True):
        values[fold, jet, mask] = of_member
    return values


@dataclass(frozen=True)
class Tagging:
    """Which jets are tagged, and how often.

    Attributes:
        rounds: of classifiers.
        signal_rich, background_rich: quantiles of the score of the other jet.
    """

    rounds: int
    signal_rich: float
    background_rich: float


def tagged_images(
    scores: Array, groups: NDArray[np.integer], inside: Mask, tagging: Tagging
) -> tuple[Mask, Mask]:
    """Which jets are signal-rich and which background-rich, both (2, n_events).

    A jet is signal-rich if it is inside of the window and the score of the other jet is above its quantile
    `signal_rich`, background-rich if that is below its quantile `background_rich`. Quantiles are those of
    groups of events, which are told by numbers from 0 on; events of number -1 are left out.

    Args:
        scores: of both jets, (2, n_events).
        groups: one tagger has scored all of a group, (n_events,).
        inside: of the window, (n_events,).
        tagging: the quantiles.

    Raises:
        MaplessError: no jet is signal-rich, or none background-rich.
    """
    signal, background = (np.zeros(scores.shape, bool) for _ in range(2))
    for group in range(int(groups.max(initial=-1)) + 1):
        chosen = groups == group
        for jet, of_other in enumerate(scores[::-1, chosen]):
            low, high = np.quantile(of_other, (tagging.background_rich, tagging.signal_rich))
            signal[jet, chosen] = (of_other > high) & inside[chosen]
            background[jet, chosen] = of_other < low
    for kind, mask in (("signal", signal), ("background", background)):
        if not all(mask[:, groups == group].any(axis=1).all() for group in range(int(groups.max()) + 1)):
            raise MaplessError(f"no jet is {kind}-rich; change the quantile or take more events")
    return signal, background
