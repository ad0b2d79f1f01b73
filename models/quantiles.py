"""Weighted quantiles, and the map from scores to their quantile among background-like events."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def weighted_quantile(values: ArrayLike, weights: ArrayLike, quantile: float) -> float:
    """Find the value below which a fraction `quantile` of the total weight lies; inputs of shape (n,).

    >>> weighted_quantile([1.0, 2.0, 3.0], [1.0, 1.0, 2.0], 0.5)
    2.0
    """
    values, cumulative = _cumulative(values, weights)
    return float(values[np.searchsorted(cumulative, quantile, side="left")])


class QuantileMap:
    """Maps a score to the fraction of a weighted reference sample that lies below it (uniform in [0, 1]).

    Equal scores share the middle of their range, so that 0 and 1 are never reached; scores beyond the
    reference map to its largest (smallest) quantile.

    Args:
        pins: scores and their quantiles, shape (2, n_pins), both increasing.
    """

    def __init__(self, pins: Array) -> None:
        self.pins = pins

    @classmethod
    def learn(cls, reference: ArrayLike, weights: ArrayLike) -> "QuantileMap":
        """Learn the map from reference scores and their weights, both of shape (n,)."""
        values, cumulative = _cumulative(reference, weights)
        knots, first = np.unique(values, return_index=True)
        last = np.append(first[1:], len(values)) - 1
        before = np.concatenate([[0.0], cumulative])[first]
        return cls(np.stack([knots, 0.5 * (before + cumulative[last])]))

    def __call__(self, scores: ArrayLike) -> Array:
        """Map scores of any shape to [0, 1]."""
        return np.interp(np.asarray(scores), *self.pins)


def _cumulative(values: ArrayLike, weights: ArrayLike) -> tuple[Array, Array]:
    values = np.asarray(values, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    cumulative = np.cumsum(np.asarray(weights, dtype=np.float64)[order])
    return values[order], cumulative / cumulative[-1]
