"""Conditional densities with the interface of skCATHODE: fit, sample, transform and log-probabilities."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from errors import MaplessError
from models.flows.autoregressive import AutoregressiveFlows
from models.flows.elementwise import AffineMap, RationalQuadraticSpline
from models.flows.flow_ensemble import FlowEnsemble, Flows
from models.flows.flow_matching import FlowMatching
from models.scikit.validation import training_and_validation
from models.stacked_training import Schedule, Share

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


class ConditionalDensity(TransformerMixin, BaseEstimator):
    """Density of X (n_events, num_inputs) given m (n_events, num_cond_inputs) or (n_events,).

    Probabilities and Jacobians have shape (n_events, 1). `transform` maps X to a normal distribution.
    """

    def fit(
        self,
        X: ArrayLike,
        m: ArrayLike,
        X_val: ArrayLike | None = None,
        m_val: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Train; without X_val a share `val_split` of X, drawn by the seed, is for validation.

        Raises MaplessError for shapes that do not fit and for values that are not finite.
        """
        features, conditions = self._checked(X, m)
        weight = np.ones(len(features)) if sample_weight is None else np.asarray(sample_weight, np.float64)
        if weight.shape != (len(features),):
            raise MaplessError(f"sample_weight has shape {weight.shape}, not ({len(features)},)")
        more = None if X_val is None else self._checked(X_val, m_val)
        training, validation = training_and_validation(
            len(features), self.val_split, self.random_state, None if more is None else len(more[0])
        )
        if more is not None:
            features, conditions = (
                np.concatenate(pair) for pair in zip((features, conditions), more, strict=True)
            )
            weight = np.concatenate([weight, np.ones(len(validation))])
        single = weight.astype(np.float32)
        share = Share(training, single[training], validation, single[validation])
        schedule = Schedule(
            self.epochs,
            min(self.batch_size, len(training)),
            self.lr,
            self.patience if self.early_stopping else self.epochs,
            self.n_best_epochs,
        )
        self.ensemble_ = FlowEnsemble(self._flows(), self.random_state)
        self.val_loss_ = self.ensemble_.fit(features, conditions, [share], schedule, progress)[:, 0]
        self.n_features_in_ = self.num_inputs
        return self

    @abstractmethod
    def _flows(self) -> Flows:
        """One flow that is not yet trained."""

    def transform(self, X: ArrayLike, m: ArrayLike) -> Array:
        """Map X to the normal distribution, (n_events, num_inputs)."""
        return self._mapped("transform", X, m)[:, :-1]

    def inverse_transform(self, Xt: ArrayLike, m: ArrayLike) -> Array:
        """Undo `transform`."""
        return self._mapped("inverse_transform", Xt, m)[:, :-1]

    def fit_transform(self, X: ArrayLike, m: ArrayLike, **more: Any) -> Array:
        """Train, and map what was trained on."""
        return self.fit(X, m, **more).transform(X, m)

    def log_jacobian_determinant(self, X: ArrayLike, m: ArrayLike) -> Array:
        """Logarithm of |d transform / dX|, (n_events, 1)."""
        return self._mapped("transform", X, m)[:, -1:]

    def jacobian_determinant(self, X: ArrayLike, m: ArrayLike) -> Array:
        """|d transform / dX|, (n_events, 1)."""
        return np.exp(self.log_jacobian_determinant(X, m))

    def inverse_log_jacobian_determinant(self, Xt: ArrayLike, m: ArrayLike) -> Array:
        """Logarithm of |d inverse_transform / dXt|, (n_events, 1)."""
        return self._mapped("inverse_transform", Xt, m)[:, -1:]

    def inverse_jacobian_determinant(self, Xt: ArrayLike, m: ArrayLike) -> Array:
        """|d inverse_transform / dXt|, (n_events, 1)."""
        return np.exp(self.inverse_log_jacobian_determinant(Xt, m))

    def sample(self, n_samples: int = 1, m: ArrayLike | None = None, random_state: int = 0) -> Array:
        """Draw `n_samples` at each m, (n_samples * n_events, num_inputs), those of one m in a row."""
        if m is None:
            raise MaplessError("the density depends on m; say at which m to sample")
        conditions = np.repeat(self._conditions(m), n_samples, axis=0)
        random = np.random.default_rng(random_state)
        return self._trained().sample(conditions, [np.arange(len(conditions))], random)[0]

    def predict_log_proba(self, X: ArrayLike, m: ArrayLike) -> Array:
        """Logarithm of the density, (n_events, 1)."""
        features, conditions = self._checked(X, m)
        return self._trained().log_density(features, conditions, [np.arange(len(features))])[0][:, None]

    def predict_proba(self, X: ArrayLike, m: ArrayLike) -> Array:
        """The density, (n_events, 1)."""
        return np.exp(self.predict_log_proba(X, m))

    def score_samples(self, X: ArrayLike, m: ArrayLike) -> Array:
        """Logarithm of the density, (n_events, 1), as scikit-learn's densities call it."""
        return self.predict_log_proba(X, m)

    def score(self, X: ArrayLike, m: ArrayLike) -> float:
        """Mean logarithm of the density."""
        return float(self.predict_log_proba(X, m).mean())

    def load_val_loss(self) -> Array:
        """Loss of the validation events after each epoch."""
        self._trained()
        return self.val_loss_

    def _mapped(self, how: str, X: ArrayLike, m: ArrayLike) -> Array:
        features, conditions = self._checked(X, m)
        return getattr(self._trained(), how)(features, conditions, [np.arange(len(features))])[0]

    def _trained(self) -> FlowEnsemble:
        if not hasattr(self, "ensemble_"):
            raise MaplessError(f"this {type(self).__name__} is not trained; call fit first")
        return self.ensemble_

    def _conditions(self, m: ArrayLike | None) -> Array:
        values = np.asarray(m, dtype=np.float64)
        conditions = values[:, None] if values.ndim == 1 else values
        if conditions.ndim != 2 or conditions.shape[1] != self.num_cond_inputs:  # noqa: PLR2004
            raise MaplessError(f"m has shape {values.shape}, not (n_events, {self.num_cond_inputs})")
        return conditions

    def _checked(self, X: ArrayLike, m: ArrayLike | None) -> tuple[Array, Array]:
        features, conditions = np.asarray(X, dtype=np.float64), self._conditions(m)
        if features.shape != (len(conditions), self.num_inputs):
            raise MaplessError(f"X has shape {features.shape}, not ({len(conditions)}, {self.num_inputs})")
        if not (np.isfinite(features).all() and np.isfinite(conditions).all()):
            raise MaplessError("X or m hold values that are not finite numbers; drop these events first")
        return features, conditions


class ConditionalNormalizingFlow(ConditionalDensity):
    """Masked autoregressive flow (arXiv:1705.07057), affine or of rational quadratic splines (1906.04032).

    Args:
        num_inputs, num_cond_inputs: dimensions of X and of m.
        num_blocks, num_hidden: blocks, and units in each of the two hidden layers of a block.
        transformation: "Affine" or "RQS".
        num_bins, tail_bound: of the splines; X beyond the bound is left as it is.
        lr, batch_size, epochs, val_split, early_stopping, patience: of the training.
        n_best_epochs: epochs of lowest validation loss that densities and samples are averaged over.
        random_state: seed of weights, order and validation events.
    """

    def __init__(
        self,
        num_inputs: int = 4,
        num_cond_inputs: int = 1,
        num_blocks: int = 15,
        num_hidden: int = 128,
        transformation: str = "Affine",
        num_bins: int = 8,
        tail_bound: float = 5.0,
        lr: float = 1e-4,
        batch_size: int = 256,
        epochs: int = 100,
        val_split: float = 0.2,
        early_stopping: bool = False,
        patience: int = 10,
        n_best_epochs: int = 1,
        random_state: int = 1,
    ) -> None:
        self.num_inputs, self.num_cond_inputs = num_inputs, num_cond_inputs
        self.num_blocks, self.num_hidden = num_blocks, num_hidden
        self.transformation, self.num_bins, self.tail_bound = transformation, num_bins, tail_bound
        self.lr, self.batch_size, self.epochs = lr, batch_size, epochs
        self.val_split, self.early_stopping, self.patience = val_split, early_stopping, patience
        self.n_best_epochs, self.random_state = n_best_epochs, random_state

    def _flows(self) -> Flows:
        kinds = {"Affine": AffineMap(), "RQS": RationalQuadraticSpline(self.num_bins, self.tail_bound)}
        if self.transformation not in kinds:
            raise MaplessError(f"there is no transformation {self.transformation}; choose {', '.join(kinds)}")
        return AutoregressiveFlows(
            1,
            self.num_inputs,
            self.num_cond_inputs,
            self.num_blocks,
            (self.num_hidden, self.num_hidden),
            kinds[self.transformation],
            self.random_state,
        )


class ConditionalFlowMatching(ConditionalDensity):
    """Continuous flow trained by conditional flow matching (arXiv:2210.02747).

    Args:
        num_inputs, num_cond_inputs: dimensions of X and of m.
        layers: units of the hidden layers of the velocity field.
        steps: of its solution.
        lr, batch_size, epochs, val_split, early_stopping, patience, n_best_epochs, random_state: as in
            `ConditionalNormalizingFlow`.
    """

    def __init__(
        self,
        num_inputs: int = 4,
        num_cond_inputs: int = 1,
        layers: Sequence[int] = (128, 128, 128),
        steps: int = 50,
        lr: float = 1e-3,
        batch_size: int = 256,
        epochs: int = 100,
        val_split: float = 0.2,
        early_stopping: bool = False,
        patience: int = 10,
        n_best_epochs: int = 1,
        random_state: int = 1,
    ) -> None:
        self.num_inputs, self.num_cond_inputs = num_inputs, num_cond_inputs
        self.layers, self.steps = layers, steps
        self.lr, self.batch_size, self.epochs = lr, batch_size, epochs
        self.val_split, self.early_stopping, self.patience = val_split, early_stopping, patience
        self.n_best_epochs, self.random_state = n_best_epochs, random_state

    def _flows(self) -> Flows:
        return FlowMatching(
            1, self.num_inputs, self.num_cond_inputs, tuple(self.layers), self.steps, self.random_state
        )
