"""Losses of events under densities of several samples, in every fold by densities that never saw it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError
from models.folds import Rotation
from models.quak.densities import Kind, LossEnsemble
from models.scikit.scalers import QuantileScaler
from models.stacked_training import Floats, Schedule, Share

Array = NDArray[np.float64]
Folds = NDArray[np.integer]

_FARTHEST = 6.0  # from the middle of the background, in standard deviations


@dataclass(frozen=True)
class Sample:
    """Features (n, n_features), weights and folds (n,) of what a density is learnt from."""

    name: str
    features: Array
    weight: Array
    fold: Folds


class HeldOutLosses:
    """For every fold one density of each sample, all of one architecture and trained at once.

    Args:
        scalers: of each fold, which make background nearly normal.
        kind: flows or autoencoders.
        samples: how many.
        features, hidden, depth, seed: see `models.quak.densities.LossEnsemble`.
    """

    def __init__(
        self,
        scalers: Sequence[QuantileScaler],
        kind: Kind,
        samples: int,
        features: int,
        hidden: Sequence[int],
        depth: int,
        seed: int,
    ) -> None:
        self._scalers = scalers
        self._samples = samples
        self._ensemble = LossEnsemble(kind, len(scalers) * samples, features, hidden, depth, seed)

    @property
    def weights(self) -> list[Floats]:
        """Of all densities."""
        return self._ensemble.weights

    @weights.setter
    def weights(self, weights: Sequence[Floats]) -> None:
        self._ensemble.weights = weights

    def learn(
        self,
        samples: Sequence[Sample],
        turns: Sequence[Rotation],
        schedule: Schedule,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Train on samples; `turns` say for each fold which others its densities train and stop on.

        Raises MaplessError for a sample without events of some fold.
        """
        tables, shares, first = [], [], 0
        for turn in turns:
            for sample in samples:
                tables.append(self._scaled(turn.held_out, sample.features))
                shares.append(_share(turn, sample, first))
                first += len(sample.fold)
        self._ensemble.fit(np.concatenate(tables), shares, schedule, progress)

    def __call__(self, features: Array, fold: Folds) -> Array:
        """Losses (n_events, n_samples) of features (n_events, n_features) by the densities of their fold."""
        chosen = [np.flatnonzero(fold == held_out) for held_out in range(len(self._scalers))]
        table = np.concatenate([self._scaled(place, features[rows]) for place, rows in enumerate(chosen)])
        ends = np.cumsum([len(rows) for rows in chosen])
        of_folds = np.split(np.arange(len(fold)), ends[:-1])
        losses = np.empty((len(fold), self._samples))
        of_members = self._ensemble.losses(table, [rows for rows in of_folds for _ in range(self._samples)])
        for member, loss in enumerate(of_members):
            held_out, sample = divmod(member, self._samples)
            losses[chosen[held_out], sample] = loss
        return losses

    def _scaled(self, held_out: int, features: Array) -> Floats:
        scaled = self._scalers[held_out].transform(features)
        return np.clip(scaled, -_FARTHEST, _FARTHEST).astype(np.float32)


def _share(turn: Rotation, sample: Sample, first: int) -> Share:
    """Rows of a sample in a table where it begins at `first`."""
    training = np.flatnonzero(np.isin(sample.fold, turn.training))
    validation = np.flatnonzero(sample.fold == turn.validation)
    if not sample.weight[training].sum() > 0 or not sample.weight[validation].sum() > 0:
        raise MaplessError(
            f"QUAK has no events of {sample.name} in some of its folds; give it more events or fewer folds"
        )
    weight = sample.weight.astype(np.float32)
    return Share(first + training, weight[training], first + validation, weight[validation])
