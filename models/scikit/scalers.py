"""Reversible maps of features, with the logarithm of their Jacobian, as transformers of scikit-learn."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtr, ndtri
from sklearn.base import BaseEstimator, TransformerMixin

from errors import MaplessError

Array = NDArray[np.float64]


class FeatureScaler(TransformerMixin, BaseEstimator):
    """A map of each feature on its own; X and what it maps to have shape (n_events, n_features).

    `fit` learns it from X and ignores everything else, so that it fits any pipeline.
    """

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the map; raises MaplessError for values that are not finite and for constant features."""
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2:  # noqa: PLR2004
            raise MaplessError(f"{type(self).__name__} wants X of shape (n_events, n_features)")
        if not np.isfinite(values).all():
            raise MaplessError("some features are not finite numbers; drop these events first")
        constant = np.flatnonzero(np.ptp(values, axis=0) == 0)
        if constant.size:
            raise MaplessError(f"feature {constant[0]} has one value only; leave it out")
        self.n_features_in_ = values.shape[1]
        self._learn(values)
        return self

    @abstractmethod
    def _learn(self, values: Array) -> None:
        """Learn from finite values that are not constant."""

    @abstractmethod
    def transform(self, X: ArrayLike) -> Array:
        """Map X."""

    @abstractmethod
    def inverse_transform(self, X: ArrayLike) -> Array:
        """Undo `transform`."""

    @abstractmethod
    def log_jacobian_determinant(self, X: ArrayLike) -> Array:
        """Logarithm of |d transform / dX| at X, shape (n_events, 1)."""

    def jacobian_determinant(self, X: ArrayLike) -> Array:
        """|d transform / dX| at X, shape (n_events, 1)."""
        return np.exp(self.log_jacobian_determinant(X))

    def inverse_log_jacobian_determinant(self, X: ArrayLike) -> Array:
        """Logarithm of |d inverse_transform / dX| at X, shape (n_events, 1)."""
        return -self.log_jacobian_determinant(self.inverse_transform(X))

    def inverse_jacobian_determinant(self, X: ArrayLike) -> Array:
        """|d inverse_transform / dX| at X, shape (n_events, 1)."""
        return np.exp(self.inverse_log_jacobian_determinant(X))


class ExtStandardScaler(FeatureScaler):
    """Mean 0 and standard deviation 1.

    >>> ExtStandardScaler().fit_transform([[1.0], [3.0]])
    array([[-1.],
           [ 1.]])
    """

    def _learn(self, values: Array) -> None:
        self.mean_, self.scale_ = values.mean(axis=0), values.std(axis=0)

    def transform(self, X: ArrayLike) -> Array:
        """Map X."""
        return (np.asarray(X, dtype=np.float64) - self.mean_) / self.scale_

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Undo `transform`."""
        return np.asarray(X, dtype=np.float64) * self.scale_ + self.mean_

    def log_jacobian_determinant(self, X: ArrayLike) -> Array:
        """Logarithm of |d transform / dX| at X, shape (n_events, 1)."""
        return np.full((len(np.asarray(X)), 1), -np.log(self.scale_).sum())


class LogitScaler(FeatureScaler):
    """The range seen in `fit`, taken to (epsilon, 1 - epsilon), and its logit.

    Args:
        epsilon: how far the ends of the range stay from 0 and 1.
        clip: take values outside of the range to its ends; otherwise they are refused.

    >>> LogitScaler(epsilon=0.1).fit([[0.0], [10.0]]).transform([[5.0], [10.0]]).round(3)
    array([[0.   ],
           [2.197]])
    """

    def __init__(self, epsilon: float = 1e-6, clip: bool = False) -> None:
        self.epsilon = epsilon
        self.clip = clip

    def _learn(self, values: Array) -> None:
        if not 0 < self.epsilon < 0.5:  # noqa: PLR2004
            raise MaplessError("epsilon is between 0 and 0.5: at the ends of the range the logit is infinite")
        self.low_, self.high_ = values.min(axis=0), values.max(axis=0)

    def transform(self, X: ArrayLike) -> Array:
        """Map X; raises MaplessError for values out of range unless they are clipped."""
        return logit(self._share(X))

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Undo `transform`; values beyond the images of the ends come back a little beyond them."""
        share = (expit(np.asarray(X, dtype=np.float64)) - self.epsilon) / (1 - 2 * self.epsilon)
        return self.low_ + share * (self.high_ - self.low_)

    def log_jacobian_determinant(self, X: ArrayLike) -> Array:
        """Logarithm of |d transform / dX| at X, shape (n_events, 1)."""
        share = self._share(X)
        slope = (1 - 2 * self.epsilon) / (share * (1 - share) * (self.high_ - self.low_))
        return np.log(slope).sum(axis=1, keepdims=True)

    def _share(self, X: ArrayLike) -> Array:
        values = np.asarray(X, dtype=np.float64)
        clipped = np.clip(values, self.low_, self.high_)
        outside = int((values != clipped).any(axis=1).sum())
        if outside and not self.clip:
            raise MaplessError(
                f"{outside} of {len(values)} events lie outside of the range that LogitScaler was fitted to; "
                "drop them, or set clip=True to take them to its ends"
            )
        return self.epsilon + (1 - 2 * self.epsilon) * (clipped - self.low_) / (self.high_ - self.low_)


class QuantileScaler(FeatureScaler):
    """Every feature becomes nearly normally distributed, by straight lines between some of its quantiles.

    Beyond the outermost pins the outermost lines go on.

    Args:
        pins: quantiles at equal steps of the normal distribution.
        reach: outermost pins, in standard deviations.
    """

    def __init__(self, pins: int = 61, reach: float = 3.0) -> None:
        self.pins = pins
        self.reach = reach

    def _learn(self, values: Array) -> None:
        levels = ndtr(np.linspace(-self.reach, self.reach, self.pins))
        quantiles = np.quantile(values, levels, axis=0).T
        self.knots_ = [_knots(number, one, levels) for number, one in enumerate(quantiles)]

    def transform(self, X: ArrayLike) -> Array:
        """Map X."""
        return self._each(X, _along)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Undo `transform`."""
        return self._each(X, lambda x, knots: _along(x, knots[::-1]))

    def log_jacobian_determinant(self, X: ArrayLike) -> Array:
        """Logarithm of |d transform / dX| at X, shape (n_events, 1)."""
        return np.log(self._each(X, lambda x, knots: _line(x, knots)[1])).sum(axis=1, keepdims=True)

    def _each(self, X: ArrayLike, of: Callable[[Array, Array], Array]) -> Array:
        columns = np.asarray(X, dtype=np.float64).T
        return np.stack([of(x, knots) for x, knots in zip(columns, self.knots_, strict=True)], axis=1)


def _knots(feature: int, quantiles: Array, levels: Array) -> Array:
    """Values and what they map to, (2, n_knots); a value that takes several levels has their middle.

    Raises MaplessError for a feature of which nearly all events share one value.
    """
    values, first, count = np.unique(quantiles, return_index=True, return_counts=True)
    if len(values) < 2:  # noqa: PLR2004
        raise MaplessError(f"nearly all events share one value of feature {feature}; leave it out")
    return np.stack([values, ndtri((levels[first] + levels[first + count - 1]) / 2)])


def _line(x: Array, knots: Array) -> tuple[NDArray[np.intp], Array]:
    """Left knot and slope of the line that each value lies on."""
    left = np.clip(np.searchsorted(knots[0], x, side="right") - 1, 0, len(knots[0]) - 2)
    return left, np.diff(knots[1])[left] / np.diff(knots[0])[left]


def _along(x: Array, knots: Array) -> Array:
    left, slope = _line(x, knots)
    return knots[1][left] + slope * (x - knots[0][left])
