"""Ways to make one score of the quantiles of several input sets."""

from collections.abc import Callable
from math import factorial

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def _fisher(quantiles: Array) -> Array:
    """Combine p-values 1 - quantile by Fisher's method; the result is again uniform for background."""
    product = np.prod(1 - quantiles, axis=0)
    tail = [(-np.log(product)) ** power / factorial(power) for power in range(len(quantiles))]
    return 1 - product * np.sum(tail, axis=0)


COMBINATIONS: dict[str, Callable[[Array], Array]] = {
    "max": lambda quantiles: np.max(quantiles, axis=0),
    "product": lambda quantiles: np.prod(quantiles, axis=0),
    "fisher": _fisher,
}
