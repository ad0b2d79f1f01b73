"""What happens to events before a network sees them: Gaussian features and matched spectra."""

from collections.abc import Callable, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from errors import MaplessError

Array = NDArray[np.float64]

_LEVELS = np.linspace(-4.0, 4.0, 161)  # where a feature's map is pinned, in standard deviations


class GaussianMap:
    """Maps each feature monotonically so that it follows a standard normal distribution.

    Long tails (jet masses) and narrow peaks (tagging scores) become equally easy to learn. Values that occur
    often share one image; values beyond the sample map to its ends, at most four standard deviations away; a
    constant feature becomes 0.

    Args:
        pins: for each feature some of its values and what they map to, shape (2, n_pins), both increasing.
    """

    def __init__(self, pins: Sequence[Array]) -> None:
        self.pins = pins

    @classmethod
    def learn(cls, features: ArrayLike) -> Self:
        """Learn the map from features of shape (n_events, n_features).

        >>> GaussianMap.learn([[3.0, 0.1], [3.0, 0.2], [3.0, 0.4]])([[3.0, 0.2]]).round(6)
        array([[0., 0.]])
        """
        quantiles = np.quantile(np.asarray(features, dtype=np.float64), ndtr(_LEVELS), axis=0)
        return cls([_pin(values) for values in quantiles.T])

    def __call__(self, features: ArrayLike) -> Array:
        """Map features of shape (n_events, n_features)."""
        columns = zip(np.asarray(features).T, self.pins, strict=True)
        return np.stack([np.interp(values, *pins) for values, pins in columns], axis=1)


def _pin(quantiles: Array) -> Array:
    """Give every different value among a feature's quantiles the middle of the levels it covers."""
    values, first, count = np.unique(quantiles, return_index=True, return_counts=True)
    low, high = ndtr(_LEVELS[first]), ndtr(_LEVELS[first + count - 1])
    return np.stack([values, ndtri((low + high) / 2)])


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

    The arguments are those of `spectrum_ratio`; returns new weights (n,), whose sum stays the same.
    """
    ratio = spectrum_ratio(values, weights, reference, reference_weights, bins=bins, clip=clip)
    return weights * ratio(values)


def spectrum_ratio(
    values: Array,
    weights: Array,
    reference: Array,
    reference_weights: Array,
    *,
    bins: int = 20,
    clip: tuple[float, float] = (1.0, 99.0),
) -> Callable[[Array], Array]:
    """Learn the factor of the weights that makes a spectrum in `values` agree with a reference sample.

    As for the jet pT in CMS EXO-22-026 (arXiv:2412.03747): ratio of two normalised histograms of equal bins
    between percentiles of the combined sample, values outside counting in the first or last bin. The total
    weight of the sample stays the same.

    Args:
        values, weights: the sample, shape (n,).
        reference, reference_weights: the sample to agree with, shape (m,).
        bins: number of bins.
        clip: the two percentiles.

    Returns:
        function from values (k,) to factors (k,).

    Raises:
        MaplessError: no bin holds values of both samples.
    """
    low, high = np.percentile(np.concatenate([values, reference]), clip)
    edges = np.linspace(low, max(high, np.nextafter(low, np.inf)), bins + 1)
    position = _bin(values, edges)
    found = np.bincount(position, weights, minlength=bins)
    wanted = np.bincount(_bin(reference, edges), reference_weights, minlength=bins)
    ratio = np.divide(wanted, found, out=np.zeros(bins), where=found > 0)
    total = (found * ratio).sum()
    if total <= 0:
        raise MaplessError(
            "two samples have no values in common, so that no weights match their spectra; take regions alike"
        )
    ratio *= found.sum() / total
    return lambda some: ratio[_bin(some, edges)]


def _bin(values: Array, edges: Array) -> NDArray[np.intp]:
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
