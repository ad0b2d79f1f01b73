"""What happens to inputs before a network sees them: standardisation and reweighting."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def robust_scale(features: ArrayLike) -> tuple[Array, Array]:
    """Centre and width of each feature that outliers do not move.

    The centre is the median, the width half the distance between the 16 % and the 84 % quantile; a feature
    for which that is zero (mostly one value) takes its standard deviation, a constant feature 1.

    Args:
        features: shape (n_events, n_features).

    Returns:
        centre and width, each of shape (n_features,).

    >>> robust_scale([[0.0, 7.0], [1.0, 7.0], [2.0, 7.0]])
    (array([1., 7.]), array([0.68, 1.  ]))
    """
    features = np.asarray(features, dtype=np.float64)
    low, centre, high = np.quantile(features, [0.16, 0.5, 0.84], axis=0)
    width = (high - low) / 2
    width = np.where(width > 0, width, features.std(axis=0))
    return centre, np.where(width > 0, width, 1.0)


def match_spectrum(
    values: Array,
    weights: Array,
    reference: Array,
    reference_weights: Array,
    *,
    bins: int = 20,
    clip: tuple[float, float] = (1.0, 99.0),
) -> Array:
    """Reweight a sample so that its spectrum in `values` agrees with that of a reference sample.

    As for the jet pT in CMS EXO-22-026 (arXiv:2412.03747): ratio of two normalised histograms of equal bins
    between percentiles of the combined sample, values outside counting in the first or last bin. The total
    weight stays the same.

    Args:
        values, weights: the sample, shape (n,).
        reference, reference_weights: the sample to agree with, shape (m,).
        bins: number of bins.
        clip: the two percentiles.

    Returns:
        new weights, shape (n,).
    """
    low, high = np.percentile(np.concatenate([values, reference]), clip)
    edges = np.linspace(low, max(high, np.nextafter(low, np.inf)), bins + 1)
    position = _bin(values, edges)
    found = np.bincount(position, weights, minlength=bins)
    wanted = np.bincount(_bin(reference, edges), reference_weights, minlength=bins)
    ratio = np.divide(wanted, found, out=np.zeros(bins), where=found > 0)
    matched = weights * ratio[position]
    return matched * (weights.sum() / matched.sum())


def _bin(values: Array, edges: Array) -> NDArray[np.intp]:
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
