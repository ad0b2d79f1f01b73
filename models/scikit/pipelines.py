"""Scalers, a conditional density and a classifier in a row, with the Jacobians of all."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from errors import MaplessError
from models.scikit.classifiers import EnsembleModel, ProbabilityClassifier
from models.scikit.flows import ConditionalDensity
from models.scikit.scalers import FeatureScaler

Array = NDArray[np.float64]
Step = FeatureScaler | ConditionalDensity | ProbabilityClassifier | EnsembleModel


class ExtPipeline(BaseEstimator):
    """Steps in a row, of which a density gets m (n_events,) or (n_events, n).

    Scalers come first, then a density if there is one, scalers behind it, and a classifier if there is one.

    Args:
        steps: pairs of a name and a step of `models.scikit`; those that are trained may be put together as
            they are.
    """

    def __init__(self, steps: Sequence[tuple[str, Step]]) -> None:
        self.steps = steps

    def fit(self, X: ArrayLike, m: ArrayLike | None = None) -> Self:
        """Train scalers and density, one after the other.

        Raises MaplessError if there is a classifier, which learns from other events.
        """
        if self._classifier is not None:
            raise MaplessError("train the classifier by itself, and put it behind what is trained")
        values = X
        for step in self._maps:
            values = step.fit(values, m).transform(values, *_condition(step, m))  # type: ignore[arg-type]
        return self

    def transform(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """Map X by all steps but a classifier, (n_events, n_features)."""
        values = np.asarray(X, dtype=np.float64)
        for step in self._maps:
            values = step.transform(values, *_condition(step, m))
        return values

    def fit_transform(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """Train, and map what was trained on."""
        return self.fit(X, m).transform(X, m)

    def inverse_transform(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """Undo `transform`."""
        values = np.asarray(X, dtype=np.float64)
        for step in reversed(self._maps):
            values = step.inverse_transform(values, *_condition(step, m))
        return values

    def log_jacobian_determinant(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """Logarithm of |d transform / dX| at X, (n_events, 1)."""
        values, total = np.asarray(X, dtype=np.float64), np.zeros((len(np.asarray(X)), 1))
        for step in self._maps:
            total = total + step.log_jacobian_determinant(values, *_condition(step, m))
            values = step.transform(values, *_condition(step, m))
        return total

    def jacobian_determinant(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """|d transform / dX| at X, (n_events, 1)."""
        return np.exp(self.log_jacobian_determinant(X, m))

    def inverse_log_jacobian_determinant(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """Logarithm of |d inverse_transform / dX| at X, (n_events, 1)."""
        return -self.log_jacobian_determinant(self.inverse_transform(X, m), m)

    def inverse_jacobian_determinant(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """|d inverse_transform / dX| at X, (n_events, 1)."""
        return np.exp(self.inverse_log_jacobian_determinant(X, m))

    def sample(self, n_samples: int = 1, m: ArrayLike | None = None, random_state: int = 0) -> Array:
        """Draw `n_samples` at each m from the density, in the units of X."""
        scalers, density = self._before_density()
        values = density.sample(n_samples, m, random_state)
        for scaler in reversed(scalers):
            values = scaler.inverse_transform(values)
        return values

    def predict_log_proba(self, X: ArrayLike, m: ArrayLike) -> Array:
        """Logarithm of the density of X, in the units of X, (n_events, 1)."""
        scalers, density = self._before_density()
        before = ExtPipeline([("", scaler) for scaler in scalers])
        return before.log_jacobian_determinant(X) + density.predict_log_proba(before.transform(X), m)

    def predict_proba(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """The density of X (n_events, 1), or of a classifier the probabilities of both classes."""
        if self._classifier is not None:
            return self._classifier.predict_proba(self.transform(X, m))
        if m is None:
            raise MaplessError("the density depends on m; say at which m")
        return np.exp(self.predict_log_proba(X, m))

    def predict(self, X: ArrayLike, m: ArrayLike | None = None) -> Array:
        """Probability of the classifier at the end, (n_events, 1)."""
        if self._classifier is None:
            raise MaplessError("this pipeline ends in no classifier")
        return self._classifier.predict(self.transform(X, m))

    @property
    def _classifier(self) -> ProbabilityClassifier | EnsembleModel | None:
        last = self.steps[-1][1]
        return last if isinstance(last, ProbabilityClassifier | EnsembleModel) else None

    @property
    def _maps(self) -> list[FeatureScaler | ConditionalDensity]:
        return [step for _, step in self.steps if isinstance(step, FeatureScaler | ConditionalDensity)]

    def _before_density(self) -> tuple[list[FeatureScaler], ConditionalDensity]:
        scalers: list[FeatureScaler] = []
        for step in self._maps:
            if isinstance(step, ConditionalDensity):
                return scalers, step
            scalers.append(step)
        raise MaplessError("this pipeline has no density; put a flow behind the scalers")


def make_ext_pipeline(*steps: Step) -> ExtPipeline:
    """Put steps in a row, named after their classes."""
    return ExtPipeline([(f"{type(step).__name__.lower()}-{place}", step) for place, step in enumerate(steps)])


def _condition(step: Any, m: ArrayLike | None) -> tuple[ArrayLike, ...]:
    if not isinstance(step, ConditionalDensity):
        return ()
    if m is None:
        raise MaplessError("the density depends on m; say at which m")
    return (m,)
