"""The ratio of two densities of events, learnt by a classifier that tells them apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from errors import MaplessError

Array = NDArray[np.float64]
_FEWEST = 20  # events of each kind
_LARGEST = 50.0  # ratio over its median, against single events that weigh as much as all others


@dataclass
class DensityRatio:
    """Ratio of the expected numbers of two kinds of events, as a function of features.

    A logistic regression in the features and their products, each standardised: the odds that it gives are
    the ratio, and where it has learnt the weighted events of the one kind add up to those of the other.

    Args:
        penalty: inverse strength of the regularisation (scikit-learn's C), which counts the less the more
            events there are; the default lets 150 events of the rarer kind speak of little but their number.
    """

    penalty: float = 0.003
    _pipeline: Any = field(default=None, init=False, repr=False, compare=False)
    _scale: float = field(default=1.0, init=False, repr=False, compare=False)
    _largest: float = field(default=np.inf, init=False, repr=False, compare=False)

    def fit(self, below: Array, above: Array, weights: Sequence[Array] | None = None) -> Self:
        """Learn from features (n, n_features) of the denominator and the numerator, each with weights (n,).

        Raises MaplessError for fewer than 20 events of either kind.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import PolynomialFeatures, StandardScaler

        if min(len(below), len(above)) < _FEWEST:
            raise MaplessError(
                f"a ratio of {len(above)} to {len(below)} events cannot be learnt; give {_FEWEST} or more "
                "of each"
            )
        own = weights or (np.ones(len(below)), np.ones(len(above)))
        regression = LogisticRegression(C=self.penalty, max_iter=1000)
        features, weight = np.concatenate([below, above]), np.concatenate(list(own))
        self._pipeline = make_pipeline(
            StandardScaler(), PolynomialFeatures(2, include_bias=False), StandardScaler(), regression
        )
        labels = np.repeat([0, 1], [len(below), len(above)])
        self._pipeline.fit(features, labels, logisticregression__sample_weight=weight)
        self._scale, self._largest = 1.0, np.inf
        self._largest = _LARGEST * float(np.median(self(below)))
        self._scale = float(np.sum(own[1]) / np.sum(own[0] * self(below)))
        return self

    def __call__(self, features: Array) -> Array:
        """The ratio (n,) at features (n, n_features)."""
        if self._pipeline is None:
            raise MaplessError("this density ratio has not learnt; call fit first")
        odds = np.exp(self._pipeline.decision_function(features))
        return self._scale * np.minimum(odds, self._largest)
