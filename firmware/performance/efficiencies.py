"""How many signal events an anomaly trigger keeps at a rate, and whether pile-up alone moves its score."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from errors import MaplessError
from firmware.performance.rates import ZeroBiasRates


@dataclass(frozen=True)
class Efficiency:
    """Fraction of signal events that pass, with its 68 % interval (Clopper-Pearson)."""

    value: float
    low: float
    high: float
    n_events: int


def efficiency(scores: ArrayLike, threshold: float, weights: ArrayLike | None = None) -> Efficiency:
    """Fraction of events at or above a threshold; arrays of shape (n_events,).

    With weights the interval is that of the effective number of events, (sum w)^2 / sum w^2.

    Raises:
        MaplessError: there are no events.

    >>> result = efficiency([1.0, 2.0, 3.0, 4.0], 3.0)
    >>> result.value, round(result.low, 3), round(result.high, 3)
    (0.5, 0.186, 0.814)
    """
    scores = np.asarray(scores, dtype=np.float64)
    weights = np.ones(scores.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    if not len(scores):
        raise MaplessError("an efficiency needs at least one signal event; give a sample with events")
    value = float(weights[scores >= threshold].sum() / weights.sum())
    effective = float(weights.sum() ** 2 / np.sum(weights**2))
    passed, failed = value * effective, (1 - value) * effective
    low = stats.beta.ppf(0.16, passed, failed + 1) if passed > 0 else 0.0
    high = stats.beta.ppf(0.84, passed + 1, failed) if failed > 0 else 1.0
    return Efficiency(value, float(low), float(high), len(scores))


def efficiencies_at_rate(
    rates: ZeroBiasRates, signals: Mapping[str, ArrayLike], rate: float = 1.0
) -> dict[str, Efficiency]:
    """Efficiency of each signal (scores of shape (n_events,) by name) at a total rate in kHz."""
    threshold = rates.threshold(rate).threshold
    return {name: efficiency(scores, threshold) for name, scores in signals.items()}


def roc(rates: ZeroBiasRates, scores: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rate (kHz) and signal efficiency at every threshold that occurs, from loose to tight.

    Args:
        rates: of zero-bias events.
        scores: of signal events, shape (n_events,).
    """
    scores = np.sort(np.asarray(scores, dtype=np.float64))
    thresholds = np.unique(np.concatenate([scores, rates.scores]))
    kept = 1 - np.searchsorted(scores, thresholds, side="left") / len(scores)
    return rates.rates(thresholds), kept


@dataclass(frozen=True)
class PileupProfile:
    """Mean score and fraction above a threshold in bins of pile-up; arrays of shape (n_bins,).

    Errors are statistical; bins without events hold NaN.
    """

    edges: NDArray[np.float64]
    mean: NDArray[np.float64]
    mean_error: NDArray[np.float64]
    fraction: NDArray[np.float64]
    fraction_error: NDArray[np.float64]


def pileup_profile(
    scores: ArrayLike, n_pileup: ArrayLike, threshold: float, edges: ArrayLike | None = None
) -> PileupProfile:
    """Profile the score against the number of interactions; `edges` default to eight equally filled bins."""
    scores, n_pileup = np.asarray(scores, dtype=np.float64), np.asarray(n_pileup, dtype=np.float64)
    if edges is None:
        edges = np.unique(np.quantile(n_pileup, np.linspace(0, 1, 9)))
    edges = np.asarray(edges, dtype=np.float64)
    position = np.clip(np.searchsorted(edges, n_pileup, side="right") - 1, 0, len(edges) - 2)
    inside = (n_pileup >= edges[0]) & (n_pileup <= edges[-1])

    def averages(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        sums = [np.bincount(position[inside], values[inside] ** k, len(edges) - 1) for k in (0, 1, 2)]
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = sums[1] / sums[0]
            return mean, np.sqrt(np.maximum(sums[2] / sums[0] - mean**2, 0) / sums[0])

    return PileupProfile(edges, *averages(scores), *averages((scores >= threshold).astype(np.float64)))
