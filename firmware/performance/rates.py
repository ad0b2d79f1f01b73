"""Trigger rates: from score thresholds to kHz and back, with ties, errors, and what other triggers take."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from errors import MaplessError

REVOLUTION_FREQUENCY = 11.2456  # kHz, of protons in the LHC
NOMINAL_BUNCHES = 2544
THIN_TAIL = 100
"""Events above a threshold below which its rate is uncertain by more than 10 %."""


def crossing_rate(bunches: int = NOMINAL_BUNCHES) -> float:
    """Rate in kHz at which colliding bunches cross: every bunch once per turn.

    >>> round(crossing_rate(), 1)
    28608.8
    """
    return bunches * REVOLUTION_FREQUENCY


def require_possible(rate: float, bunches: int = NOMINAL_BUNCHES) -> None:
    """Make sure that a trigger can have a rate (kHz).

    Raises:
        MaplessError: it is not between 0 and the rate of crossings.
    """
    if not 0 < rate <= crossing_rate(bunches):
        raise MaplessError(
            f"a rate of {rate:g} kHz is impossible; choose one above 0 and "
            f"up to {crossing_rate(bunches):.0f} kHz"
        )


@dataclass(frozen=True)
class Rate:
    """Rate of events at or above a threshold, in kHz, with its statistical error.

    Args:
        threshold: events of this score or above pass.
        rate, error: kHz; the error is that of the weighted count of events that pass.
        n_events: events that pass.
        warning: what makes the number unreliable; empty if nothing does.
    """

    threshold: float
    rate: float
    error: float
    n_events: int
    warning: str = ""


class ZeroBiasRates:
    """Rates of a trigger score, from the scores of zero-bias events.

    Args:
        scores: shape (n_events,); of a quantised model, so that ties are those of the hardware.
        weights: shape (n_events,); None counts every event once.
        bunches: colliding bunches in the machine.

    Raises:
        MaplessError: no events, or not finite scores, or weights of another shape or without a positive sum.
    """

    def __init__(
        self, scores: ArrayLike, weights: ArrayLike | None = None, *, bunches: int = NOMINAL_BUNCHES
    ) -> None:
        self.scores = np.asarray(scores, dtype=np.float64)
        self.weights = (
            np.ones(self.scores.shape) if weights is None else np.asarray(weights, dtype=np.float64)
        )
        self.bunches, self.base_rate = bunches, crossing_rate(bunches)
        if self.scores.ndim != 1 or not len(self.scores) or not np.all(np.isfinite(self.scores)):
            raise MaplessError("rates need the finite scores of at least one zero-bias event")
        if self.weights.shape != self.scores.shape or not self.weights.sum() > 0:
            raise MaplessError("weights of zero-bias events must be one per score, with a positive sum")
        self._values, first = np.unique(self.scores, return_inverse=True)
        per_value = np.bincount(first, self.weights)
        self._kept = np.cumsum(per_value[::-1])[::-1] / self.weights.sum()

    def at(self, threshold: float, *, others: ArrayLike | None = None) -> Rate:
        """Rate of events at or above a threshold.

        Args:
            threshold: lowest score that passes.
            others: decisions of the rest of the menu, shape (n_events,); then only events that no other
                trigger takes count (the pure rate).
        """
        passed = self.scores >= threshold
        if others is not None:
            passed &= ~self._decisions(others)
        weights, scale = self.weights[passed], self.base_rate / self.weights.sum()
        rate, error = scale * weights.sum(), scale * np.sqrt(np.sum(weights**2))
        return Rate(threshold, float(rate), float(error), len(weights), _warning(len(weights)))

    def threshold(self, rate: float) -> Rate:
        """Lowest threshold whose rate does not exceed `rate` (kHz), with the rate that it achieves.

        Scores of a quantised model are tied: the achieved rate is that of whole groups of equal scores and
        may be clearly lower than what was asked for.

        Raises:
            MaplessError: the rate is not between 0 and the crossing rate.
        """
        require_possible(rate, self.bunches)
        allowed = np.flatnonzero(self._kept <= rate / self.base_rate * (1 + 1e-12))
        if len(allowed):
            return self.at(float(self._values[allowed[0]]))
        return self.at(float(np.nextafter(self._values[-1], np.inf)))

    def rates(self, thresholds: ArrayLike) -> NDArray[np.float64]:
        """Rates in kHz at many thresholds; same shape."""
        kept = np.append(self._kept, 0.0)
        return self.base_rate * kept[np.searchsorted(self._values, np.asarray(thresholds), side="left")]

    def _decisions(self, others: ArrayLike) -> NDArray[np.bool_]:
        decisions = np.asarray(others, dtype=bool)
        if decisions.shape != self.scores.shape:
            raise MaplessError(
                f"decisions of other triggers have shape {decisions.shape}, scores {self.scores.shape}; "
                "give one per event"
            )
        return decisions


def any_of(bits: Mapping[str, ArrayLike]) -> NDArray[np.bool_]:
    """Decision of a whole menu: events that at least one of its triggers takes; arrays of shape (n_events,).

    >>> any_of({"jet": [True, False, False], "muon": [False, False, True]}).tolist()
    [True, False, True]
    """
    return np.logical_or.reduce([np.asarray(bit, dtype=bool) for bit in bits.values()])


def _warning(n_events: int) -> str:
    if n_events >= THIN_TAIL:
        return ""
    return f"only {n_events} events pass, the rate is uncertain by more than 10 %; use more zero-bias events"
