"""Masses at which a resonance is looked for."""

import math

import numpy as np

from errors import MaplessError

MOST = 10_000
_ROUNDING = 1e-9


def mass_points(low: float, high: float, step: float) -> tuple[float, ...]:
    """Masses (GeV) from `low` to `high` in steps, both ends included.

    Raises MaplessError unless they rise from above zero, are finite, and are at most 10,000.

    >>> mass_points(1800, 2000, 100), mass_points(3000, 3000, 1)
    ((1800.0, 1900.0, 2000.0), (3000.0,))
    """
    if not (0 < low <= high and step > 0 and math.isfinite(high + step)):
        raise MaplessError(f"no masses rise from {low:g} to {high:g} GeV in steps of {step:g} GeV")
    steps = (high - low) / step + _ROUNDING
    if steps >= MOST:
        raise MaplessError(f"steps of {step:g} GeV make more than {MOST:,} masses; take larger ones")
    return tuple((low + step * np.arange(int(steps) + 1.0)).tolist())
