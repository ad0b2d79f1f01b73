"""Densities of several samples at once, such as those of all folds and windows, by flows trained as one."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.flows.normal import log_normal
from models.stacked_training import Rows, Schedule, Share, batched, train

Array = NDArray[np.float64]


class Flows(Protocol):
    """Several flows of one architecture: `models.flows.autoregressive` and `models.flows.flow_matching`."""

    features: int

    @property
    def variables(self) -> list[Any]:
        """All weights, each (flows, ...)."""

    def loss(self, columns: Sequence[Any], training: bool) -> Any:
        """What training makes small, of features and conditions; (flows, batch)."""

    def forward(self, x: Any, condition: Any) -> tuple[Any, Any]:
        """Features to normal distribution: z (flows, batch, features) and log |dz/dx| (flows, batch)."""

    def inverse(self, z: Any, condition: Any) -> tuple[Any, Any]:
        """Normal distribution to features: x and log |dx/dz|."""


class FlowEnsemble:
    """Trains flows and draws from them in single precision, and evaluates densities in double precision.

    Of every flow the epochs with the lowest validation loss are kept: densities are their mean, samples are
    drawn in equal parts from them, as CATHODE does (arXiv:2109.00546).

    Args:
        flows: not yet trained.
        seed: fixes the order of the events in training.
    """

    def __init__(self, flows: Flows, seed: int) -> None:
        self.flows = flows
        self.seed = seed
        self.snapshots = [[variable.numpy() for variable in flows.variables]]
        self._forward = batched(lambda columns: _with_jacobian(flows.forward(*columns)))
        self._inverse = batched(lambda columns: _with_jacobian(flows.inverse(*columns)))
        self._drawn = batched(lambda columns: flows.inverse(*columns)[0])

    def fit(
        self,
        features: Array,
        conditions: Array,
        shares: Sequence[Share],
        schedule: Schedule,
        progress: Callable[[int, int], None] | None = None,
    ) -> Array:
        """Train every flow on its share of features (n, n_features) and conditions (n, n_conditions).

        Returns the validation loss per epoch and flow.
        """
        table = [features.astype(np.float32), conditions.astype(np.float32)]
        trained = train(self.flows.variables, self.flows.loss, table, shares, schedule, self.seed, progress)
        self.snapshots = trained.snapshots
        return trained.losses

    def log_density(self, features: Array, conditions: Array, rows: Sequence[Rows]) -> list[Array]:
        """Logarithm of each flow's density at its rows of the features; one (n_rows,) per flow."""
        of_epochs = []
        for weights in self.snapshots:
            mapped = self._mapped(self._forward, weights, features, conditions, rows)
            of_epochs.append([log_normal(tf.constant(one[:, :-1])).numpy() + one[:, -1] for one in mapped])
        return [
            np.logaddexp.reduce(of_flow, axis=0) - np.log(len(self.snapshots))
            for of_flow in zip(*of_epochs, strict=True)
        ]

    def transform(self, features: Array, conditions: Array, rows: Sequence[Rows]) -> list[Array]:
        """Map each flow's rows to the normal distribution and append log |dz/dx|: (n_rows, n_features + 1).

        Here and in `inverse_transform` the best epoch alone counts.
        """
        return self._mapped(self._forward, self.snapshots[0], features, conditions, rows)

    def inverse_transform(self, normal: Array, conditions: Array, rows: Sequence[Rows]) -> list[Array]:
        """Undo `transform`, and append log |dx/dz|: (n_rows, n_features + 1)."""
        return self._mapped(self._inverse, self.snapshots[0], normal, conditions, rows)

    def sample(self, conditions: Array, rows: Sequence[Rows], random: np.random.Generator) -> list[Array]:
        """Draw features for each flow's rows of the conditions; one (n_rows, n_features) per flow."""
        normal = random.normal(size=(len(conditions), self.flows.features))
        epoch = random.permutation(len(conditions)) % len(self.snapshots)
        drawn = [np.empty((len(of_flow), self.flows.features)) for of_flow in rows]
        for place, weights in enumerate(self.snapshots):
            chosen = [epoch[of_flow] == place for of_flow in rows]
            mine = [of_flow[one] for of_flow, one in zip(rows, chosen, strict=True)]
            mapped = self._mapped(self._drawn, weights, normal, conditions, mine, tf.float32)
            for sample, one, values in zip(drawn, chosen, mapped, strict=True):
                sample[one] = values
        return drawn

    def _mapped(
        self,
        mapping: Any,
        weights: Any,
        values: Array,
        conditions: Array,
        rows: Any,
        precision: tf.DType = tf.float64,
    ) -> list[Array]:
        for variable, value in zip(self.flows.variables, weights, strict=True):
            variable.assign(value)
        columns = [tf.constant(values, precision), tf.constant(conditions, precision)]
        return mapping(columns, rows)


def _with_jacobian(mapped: tuple[Any, Any]) -> Any:
    values, log_jacobian = mapped
    return tf.concat([values, log_jacobian[..., None]], axis=-1)
