"""Classifiers with the interface of skCATHODE: `predict` gives probabilities, (n_events, 1)."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier

from errors import MaplessError
from models.scikit.validation import training_and_validation

Array = NDArray[np.float64]


class ProbabilityClassifier(ClassifierMixin, BaseEstimator):
    """Classifier of y = 1 against y = 0, with X (n_events, n_inputs) and y (n_events,) or (n_events, 1)."""

    val_split: float
    use_class_weights: bool
    random_state: int

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        X_val: ArrayLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> Self:
        """Train; without X_val a share `val_split` of the events, drawn by the seed, is for validation.

        With `use_class_weights` both classes weigh the same. Raises MaplessError for shapes that do not fit,
        values that are not finite, and labels that are not 0 and 1, both of them.
        """
        features, labels, weight = _checked(X, y, sample_weight)
        more = None if X_val is None else _checked(X_val, y_val, sample_weight_val)
        training, validation = training_and_validation(
            len(labels), self.val_split, self.random_state, None if more is None else len(more[1])
        )
        if more is not None:
            features, labels, weight = (
                np.concatenate(pair) for pair in zip((features, labels, weight), more, strict=True)
            )
        if self.use_class_weights:
            sums = np.bincount(labels.astype(int), weight, 2)
            weight = weight * (sums.sum() / 2 / sums)[labels.astype(int)]
        self.classes_, self.n_features_in_ = np.array([0, 1]), features.shape[1]
        self._train(features, labels, weight, training, validation)
        return self

    @abstractmethod
    def _train(
        self,
        features: Array,
        labels: Array,
        weight: Array,
        training: NDArray[np.integer],
        validation: NDArray[np.integer],
    ) -> None:
        """Train on some rows and validate on others."""

    @abstractmethod
    def _probability(self, features: Array) -> Array:
        """Probability of y = 1, (n_events,)."""

    def predict(self, X: ArrayLike) -> Array:
        """Probability of y = 1, (n_events, 1), and no label."""
        if not hasattr(self, "n_features_in_"):
            raise MaplessError(f"this {type(self).__name__} is not trained; call fit first")
        return self._probability(_finite(X, self.n_features_in_))[:, None]

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities of y = 0 and y = 1, (n_events, 2), as scikit-learn has them."""
        one = self.predict(X)
        return np.concatenate([1 - one, one], axis=1)


class NeuralNetworkClassifier(ProbabilityClassifier):
    """A dense network.

    Args:
        n_inputs: features of X.
        layers: units of the hidden layers.
        lr, batch_size, epochs: of the training, by Adam with a rate that falls to zero.
        n_best_epochs: epochs of lowest validation loss whose outputs are averaged.
        use_class_weights: let both classes weigh the same.
        early_stopping, patience: stop after so many epochs without a better validation loss.
        val_split, random_state: share of validation events, and the seed of everything.
    """

    def __init__(
        self,
        n_inputs: int = 4,
        layers: Sequence[int] = (64, 64, 64),
        lr: float = 1e-3,
        batch_size: int = 128,
        epochs: int = 100,
        n_best_epochs: int = 1,
        use_class_weights: bool = True,
        early_stopping: bool = False,
        patience: int = 10,
        val_split: float = 0.2,
        random_state: int = 1,
    ) -> None:
        self.n_inputs, self.layers = n_inputs, layers
        self.lr, self.batch_size, self.epochs, self.n_best_epochs = lr, batch_size, epochs, n_best_epochs
        self.use_class_weights = use_class_weights
        self.early_stopping, self.patience = early_stopping, patience
        self.val_split, self.random_state = val_split, random_state

    def _train(
        self,
        features: Array,
        labels: Array,
        weight: Array,
        training: NDArray[np.integer],
        validation: NDArray[np.integer],
    ) -> None:
        from models.ensembles import NetworkEnsemble
        from models.stacked_training import Schedule, Share

        if features.shape[1] != self.n_inputs:
            raise MaplessError(f"X has {features.shape[1]} features, not n_inputs = {self.n_inputs}")
        single = weight.astype(np.float32)
        share = Share(training, single[training], validation, single[validation])
        schedule = Schedule(
            self.epochs,
            min(self.batch_size, len(training)),
            self.lr,
            self.patience if self.early_stopping else self.epochs,
            self.n_best_epochs,
        )
        self.ensemble_ = NetworkEnsemble(1, self.n_inputs, tuple(self.layers), seed=self.random_state)
        table = features.astype(np.float32)
        losses = self.ensemble_.fit(table, labels.astype(np.float32), [share], schedule)
        self.val_loss_ = losses[:, 0]

    def _probability(self, features: Array) -> Array:
        (outputs,) = self.ensemble_.predict(features.astype(np.float32), [np.arange(len(features))])
        return outputs.astype(np.float64)

    def load_val_loss(self) -> Array:
        """Loss of the validation events after each epoch."""
        if not hasattr(self, "val_loss_"):
            raise MaplessError("this NeuralNetworkClassifier is not trained; call fit first")
        return self.val_loss_


class HGBClassifier(ProbabilityClassifier):
    """Boosted trees on histograms, scikit-learn's.

    Args:
        max_bins, max_iters: bins of a feature, and trees at the most.
        early_stopping, patience: stop after so many trees without a better validation loss.
        use_class_weights: let both classes weigh the same.
        val_split, random_state: share of validation events, and the seed of everything.
    """

    def __init__(
        self,
        max_bins: int = 127,
        max_iters: int = 100,
        early_stopping: bool = True,
        patience: int = 10,
        use_class_weights: bool = True,
        val_split: float = 0.2,
        random_state: int = 1,
    ) -> None:
        self.max_bins, self.max_iters = max_bins, max_iters
        self.early_stopping, self.patience = early_stopping, patience
        self.use_class_weights = use_class_weights
        self.val_split, self.random_state = val_split, random_state

    def _train(
        self,
        features: Array,
        labels: Array,
        weight: Array,
        training: NDArray[np.integer],
        validation: NDArray[np.integer],
    ) -> None:
        self.trees_ = HistGradientBoostingClassifier(
            max_iter=self.max_iters,
            max_bins=self.max_bins,
            early_stopping=self.early_stopping,
            n_iter_no_change=self.patience,
            random_state=self.random_state,
        )
        aside: dict[str, Any] = {}
        if self.early_stopping:
            aside = {
                "X_val": features[validation],
                "y_val": labels[validation],
                "sample_weight_val": weight[validation],
            }
        self.trees_.fit(features[training], labels[training], weight[training], **aside)

    def _probability(self, features: Array) -> Array:
        return self.trees_.predict_proba(features)[:, 1]


class EnsembleModel(ClassifierMixin, BaseEstimator):
    """Several classifiers that learn from the same events, and whose probabilities are put together.

    Args:
        base_model_list: classifiers of this module, with seeds of their own.
        aggregation_func: of their probabilities (n_models, n_events, 1), along the first axis.
    """

    def __init__(
        self,
        base_model_list: Sequence[ProbabilityClassifier],
        aggregation_func: Callable[..., Array] = np.mean,
    ) -> None:
        self.base_model_list = base_model_list
        self.aggregation_func = aggregation_func

    def fit(self, X: ArrayLike, y: ArrayLike, **more: Any) -> Self:
        """Train copies of all classifiers; `more` is what their `fit` takes."""
        if not self.base_model_list:
            raise MaplessError("an ensemble needs classifiers; name them")
        self.models_ = [clone(model).fit(X, y, **more) for model in self.base_model_list]
        self.classes_ = np.array([0, 1])
        return self

    def predict(self, X: ArrayLike) -> Array:
        """Probability of y = 1, (n_events, 1)."""
        if not hasattr(self, "models_"):
            raise MaplessError("this EnsembleModel is not trained; call fit first")
        return self.aggregation_func([model.predict(X) for model in self.models_], axis=0)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Probabilities of y = 0 and y = 1, (n_events, 2)."""
        one = self.predict(X)
        return np.concatenate([1 - one, one], axis=1)


class EpochEnsembleModel(EnsembleModel):
    """One network, as the mean of its epochs of lowest validation loss.

    Args:
        base_model: the network.
        n_best_epochs: how many epochs.
    """

    def __init__(self, base_model: NeuralNetworkClassifier, n_best_epochs: int = 10) -> None:
        super().__init__([clone(base_model).set_params(n_best_epochs=n_best_epochs)])
        self.base_model = base_model
        self.n_best_epochs = n_best_epochs


def _checked(
    X: ArrayLike, y: ArrayLike | None, sample_weight: ArrayLike | None
) -> tuple[Array, Array, Array]:
    """Features, labels and weights as arrays; MaplessError for what does not fit."""
    if y is None:
        raise MaplessError("validation events need labels; give y_val")
    labels = np.asarray(y, dtype=np.float64).ravel()
    features = _finite(X, None)
    weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, np.float64).ravel()
    if not len(features) == len(labels) == len(weight):
        raise MaplessError(f"X, y and weights have {len(features)}, {len(labels)} and {len(weight)} events")
    if set(np.unique(labels)) != {0.0, 1.0}:
        raise MaplessError("labels are to be 0 and 1, and there must be events of both")
    return features, labels, weight


def _finite(X: ArrayLike, n_features: int | None) -> Array:
    features = np.asarray(X, dtype=np.float64)
    if features.ndim != 2 or n_features not in (None, features.shape[1]):  # noqa: PLR2004
        raise MaplessError(f"X has shape {features.shape}, not (n_events, {n_features or 'n_features'})")
    if not np.isfinite(features).all():
        raise MaplessError("X holds values that are not finite numbers; drop these events first")
    return features
