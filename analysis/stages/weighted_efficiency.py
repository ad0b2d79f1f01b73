"""How much of weighted events is chosen, with its error."""

import numpy as np

from models.events import Mask


def weighted_efficiency(weight: np.ndarray, chosen: Mask) -> tuple[float, float]:
    """Part of the sum of weights (n,) that is chosen, and its error, that of a weighted binomial.

    Both are zero of nothing.

    >>> weighted_efficiency(np.ones(4), np.array([True, False, False, False]))
    (0.25, 0.21650635094610965)
    """
    total = float(weight.sum())
    if total == 0:
        return 0.0, 0.0
    efficiency = float(weight[chosen].sum()) / total
    passed, failed = float((weight[chosen] ** 2).sum()), float((weight[~chosen] ** 2).sum())
    return efficiency, float(np.sqrt((1 - efficiency) ** 2 * passed + efficiency**2 * failed)) / total
