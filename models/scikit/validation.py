"""Which events train and which validate, as skCATHODE divides them."""

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.integer]


def training_and_validation(
    n_events: int, val_split: float, seed: int, n_validation: int | None = None
) -> tuple[Rows, Rows]:
    """Rows (n,) that train, in an order drawn by the seed, and rows that validate.

    A share `val_split` of the events validates, one at least; or `n_validation` events that follow them.

    >>> [len(rows) for rows in training_and_validation(10, 0.2, seed=1)]
    [8, 2]
    """
    order = np.random.default_rng(seed).permutation(n_events)
    if n_validation is not None:
        return order, n_events + np.arange(n_validation)
    validation, training = np.split(order, [max(1, round(val_split * n_events))])
    return training, validation
