"""Adds simulated signal to events, so that a search can be asked for something that is known to be there."""

from collections.abc import Mapping

import numpy as np

from errors import MaplessError

Events = Mapping[str, np.ndarray]


def inject(events: Events, signal: Events, n_events: int, seed: int) -> dict[str, np.ndarray]:
    """Return the events followed by `n_events` different signal events drawn at random.

    Both map column names to arrays of shape (n,); the result holds the columns of `events`.
    Raises MaplessError when the signal sample is too small.
    """
    available = len(next(iter(signal.values())))
    if n_events > available:
        raise MaplessError(
            f"injection.n_events={n_events}, but only {available} signal events pass the selection"
        )
    drawn = np.random.default_rng(seed).choice(available, n_events, replace=False)
    return {name: np.concatenate([values, signal[name][drawn]]) for name, values in events.items()}
