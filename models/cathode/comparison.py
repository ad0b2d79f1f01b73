"""The table that classifiers of events against artificial ones learn from, and which of it each may see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.folds import Rotation
from models.stacked_training import Floats, Share

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Features (n_rows, n_features), labels (n_rows,): 1 for events, 0 for artificial ones; and shares."""

    table: Floats
    labels: Floats
    shares: list[Share]


def comparison(
    real: Sequence[Array],
    artificial: Sequence[Array],
    weight: Array,
    fold: NDArray[np.integer],
    turns: Sequence[Rotation],
    random: np.random.Generator,
) -> Comparison:
    """Set events of a window against artificial ones, which together weigh as much, fold by fold.

    Args:
        real: features of the events as each fold sees them, (n_events, n_features) for each.
        artificial: for each fold (n, n_features); they are dealt out to the other folds by lot.
        weight, fold: of the events, (n_events,).
        turns: which folds each classifier learns from and stops on, those of one held-out fold together.
        random: deals out.
    """
    tables, labels, shares, first = [], [], [], 0
    for held_out, (events, drawn) in enumerate(zip(real, artificial, strict=True)):
        lot = random.permutation(len(drawn)) % (len(real) - 1)
        folds = np.concatenate([fold, lot + (lot >= held_out)])
        share = weight[fold != held_out].sum() / max(1, len(drawn))
        weights = np.concatenate([weight, np.full(len(drawn), share)]).astype(np.float32)
        for turn in (turn for turn in turns if turn.held_out == held_out):
            training = np.flatnonzero(np.isin(folds, turn.training))
            validation = np.flatnonzero(folds == turn.validation)
            shares.append(Share(first + training, weights[training], first + validation, weights[validation]))
        tables += [events, drawn]
        labels += [np.ones(len(events)), np.zeros(len(drawn))]
        first += len(folds)
    return Comparison(
        np.concatenate(tables).astype(np.float32), np.concatenate(labels).astype(np.float32), shares
    )
