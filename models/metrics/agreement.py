"""Whether scores say the same, and whether they follow a mass that they should not follow."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2, rankdata

from errors import MaplessError

Array = NDArray[np.float64]


def rank_correlations(scores: Mapping[str, ArrayLike]) -> Array:
    """Spearman's correlation of every two scores (n_events,) of the same events; (n_scores, n_scores).

    A score that has one value only correlates with nothing: 0.

    >>> rank_correlations({"a": [1, 2, 3, 4], "b": [1, 4, 9, 16], "c": [4, 3, 2, 1]}).round(3)
    array([[ 1.,  1., -1.],
           [ 1.,  1., -1.],
           [-1., -1.,  1.]])
    """
    ranks = np.stack([rankdata(score) for score in scores.values()])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    size = np.sqrt(np.sum(centred**2, axis=1))
    norm = np.where(size > 0, size, 1.0)
    found = centred @ centred.T / np.outer(norm, norm)
    np.fill_diagonal(found, 1.0)
    return found


@dataclass(frozen=True)
class Sculpting:
    """How a selection changes the shape of a mass.

    Attributes:
        edges: of bins with about as many events each, (n_bins + 1,).
        kept: fraction of the events of each bin that is selected, (n_bins,).
        error: of it, if all bins had the same, (n_bins,).
        chi_square, n_degrees_of_freedom: of one fraction for all bins.
    """

    edges: Array
    kept: Array
    error: Array
    chi_square: float
    n_degrees_of_freedom: int

    @property
    def p_value(self) -> float:
        """Probability of such a chi-square if the selection does not depend on the mass."""
        return float(chi2.sf(self.chi_square, self.n_degrees_of_freedom))


def sculpting(mass: ArrayLike, selected: ArrayLike, bins: int = 20) -> Sculpting:
    """Compare the spectrum of selected events with that of all, as LaCATHODE does (arXiv:2210.14924).

    Args:
        mass: of all events, (n_events,).
        selected: which of them are kept, (n_events,).
        bins: number of bins, each with as many of all events; fewer where masses are equal.

    Raises:
        MaplessError: all or no events are selected, or there are fewer events than bins.
    """
    values, kept = np.asarray(mass, dtype=np.float64), np.asarray(selected, dtype=bool)
    if not 0 < kept.sum() < len(kept) or len(kept) < bins:
        raise MaplessError(f"{kept.sum()} of {len(kept)} events are selected: there is no shape to compare")
    edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    everything, _ = np.histogram(values, edges)
    chosen, _ = np.histogram(values[kept], edges)
    share = kept.mean()
    error = np.sqrt(share * (1 - share) / everything)
    fractions = chosen / everything
    return Sculpting(
        edges, fractions, error, float(np.sum(((fractions - share) / error) ** 2)), len(error) - 1
    )


def mean_in_bins(mass: ArrayLike, score: ArrayLike, edges: ArrayLike) -> tuple[Array, Array]:
    """Mean of a score and its error in bins of a mass, (n_bins,) each; nan where a bin is empty.

    >>> mean_in_bins([1.0, 1.0, 3.0, 3.0], [0.0, 2.0, 5.0, 5.0], [0, 2, 4])
    (array([1., 5.]), array([0.70710678, 0.        ]))
    """
    values, scores = np.asarray(mass, dtype=np.float64), np.asarray(score, dtype=np.float64)
    count, sums, squares = (
        np.histogram(values, edges, weights=weights)[0] for weights in (None, scores, scores**2)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / count
        return mean, np.sqrt(np.maximum(squares / count - mean**2, 0) / count)
