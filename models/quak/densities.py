"""How unlike a sample events are: minus the logarithm of its density, or the error of an autoencoder."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.autoencoder.network import Autoencoders
from models.flows.autoregressive import AutoregressiveFlows
from models.flows.elementwise import RationalQuadraticSpline
from models.stacked_training import Floats, Rows, Schedule, Share, batched, train

Array = NDArray[np.float64]
Kind = Literal["flows", "autoencoders"]

_SPLINE_BINS = 8


class LossEnsemble:
    """Trains estimators of several samples as one and evaluates their losses, each at its best epoch.

    Args:
        kind: flows or autoencoders.
        members: how many.
        features: number of features.
        hidden: units of the hidden layers of a block of a flow, or of either half of an autoencoder.
        depth: number of blocks of a flow, or of latent units of an autoencoder.
        seed: fixes initial weights and the order of the events.
    """

    def __init__(
        self, kind: Kind, members: int, features: int, hidden: Sequence[int], depth: int, seed: int
    ) -> None:
        self._seed = seed
        self._estimators: AutoregressiveFlows | Autoencoders
        if kind == "flows":
            spline = RationalQuadraticSpline(_SPLINE_BINS)
            self._estimators = AutoregressiveFlows(members, features, 0, depth, hidden, spline, seed)
        else:
            self._estimators = Autoencoders(members, features, hidden, depth, seed)
        self._losses = batched(lambda columns: self._estimators.loss(columns, False))

    def fit(
        self,
        features: Floats,
        shares: Sequence[Share],
        schedule: Schedule,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        """Train every member on its share of features (n, n_features)."""
        columns = [features, _no_condition(features)]
        variables, loss = self._estimators.variables, self._estimators.loss
        self.weights = train(variables, loss, columns, shares, schedule, self._seed, progress).snapshots[0]

    @property
    def weights(self) -> list[Floats]:
        """All weights, each (members, ...)."""
        return [variable.numpy() for variable in self._estimators.variables]

    @weights.setter
    def weights(self, weights: Sequence[Floats]) -> None:
        for variable, weight in zip(self._estimators.variables, weights, strict=True):
            variable.assign(weight)

    def losses(self, features: Floats, rows: Sequence[Rows]) -> list[Floats]:
        """How unlike its sample each member finds its rows of features; one (n_rows,) per member."""
        return self._losses([tf.constant(features), tf.constant(_no_condition(features))], rows)


def _no_condition(features: Floats) -> Floats:
    return np.empty((len(features), 0), np.float32)
