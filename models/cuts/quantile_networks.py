"""Quantiles of a score as functions of a mass, by small networks: the quantile regression of CMS VAE-QR.

arXiv:2412.03747. All networks are trained as one.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.flows.perceptron import StackedPerceptron
from models.quantiles import QuantileMap, weighted_quantile
from models.stacked_training import Schedule, Share, batched, train

Array = NDArray[np.float64]
Rows = NDArray[np.integer]

_HIDDEN = (30,) * 5  # as CMS
_BATCH_SIZE = 2048  # Adam is biased by the lopsided gradients of smaller ones
_LEARNING_RATE = 3e-3
_VALIDATED = 10  # one in so many events of a fold tells which epoch is the best


def quantile_curves(
    mass: Array,
    score: Array,
    weight: Array,
    members: Sequence[Rows],
    kept: Sequence[float],
    at: Array,
    epochs: int,
    seed: int,
) -> Array:
    """Scores that fractions of the events exceed at some masses, for every fold learnt from its events alone.

    A network for every fold and fraction is trained with the pinball loss, and its best epoch kept. It learns
    minus the logarithm of the fraction of events above a score, whatever the scale of the score is. Its
    additive constant is then set to the minimum of the loss, which is a quantile of what is left: Adam, with
    gradients that are a hundred times larger on one side than on the other, misses it by a few percent.

    Args:
        mass, score, weight: of events, (n_events,); a mass may be its logarithm.
        members: the events of each fold.
        kept: fractions.
        at: masses (n,).
        epochs: passes over the events.
        seed: fixes initial weights and the order of the events.

    Returns:
        scores, (folds, n, fractions).
    """
    maps = [QuantileMap.learn(score[rows], weight[rows]) for rows in members]
    target = np.empty(len(score), np.float32)
    for rows, quantile in zip(members, maps, strict=True):
        target[rows] = -np.log(1 - quantile(score[rows]))
    levels = 1 - np.tile(np.array(kept, np.float32), len(maps))[:, None]
    constant = -np.log(1 - levels)  # the quantile of all events, whatever their mass
    network = StackedPerceptron(len(levels), (1, *_HIDDEN, 1), seed)

    def predicted(columns: Sequence[tf.Tensor]) -> tf.Tensor:
        return constant + network(columns[0])[..., 0]

    def pinball(columns: Sequence[tf.Tensor], _: bool) -> tf.Tensor:
        missed = columns[1] - predicted(columns)
        return tf.maximum(levels * missed, (levels - 1) * missed)

    def scaled(masses: Array) -> NDArray[np.float32]:
        return ((masses - mass.mean()) / mass.std()).astype(np.float32)[:, None]

    shares = [share for share in _shares(members, weight, seed) for _ in kept]
    schedule = Schedule(epochs, _BATCH_SIZE, _LEARNING_RATE, patience=epochs)
    trained = train(network.trainable_variables, pinball, [scaled(mass), target], shares, schedule, seed)
    network.set_weights(trained.snapshots[0])
    curve = batched(predicted)
    found = curve([tf.constant(scaled(at))], [np.arange(len(at))] * len(shares))
    seen = [rows for rows in members for _ in kept]
    of_events = curve([tf.constant(scaled(mass))], seen)
    shift = [
        weighted_quantile(target[rows] - values, weight[rows], level)
        for rows, values, level in zip(seen, of_events, levels[:, 0], strict=True)
    ]
    found = np.array(found) + np.array(shift)[:, None]
    quantiles = 1 - np.exp(-np.reshape(found, (len(maps), len(kept), len(at))).astype(np.float64))
    scores = [np.interp(of_fold, *one.pins[::-1]) for of_fold, one in zip(quantiles, maps, strict=True)]
    return np.moveaxis(np.array(scores), 1, 2)


def _shares(members: Sequence[Rows], weight: Array, seed: int) -> list[Share]:
    """What the networks of each fold train on and which of its events they are validated on."""
    random, shares = np.random.default_rng(seed), []
    for rows in members:
        validated = random.permutation(len(rows)) % _VALIDATED == 0
        of_fold = (weight[rows] / weight[rows].mean()).astype(np.float32)
        shares.append(Share(rows[~validated], of_fold[~validated], rows[validated], of_fold[validated]))
    return shares
