"""Whether two scores of background events are independent, as Tag N' Train assumes of its two jets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from models.window import Window

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Independence:
    """Ranks of two scores of the same events, each uniform between 0 and 1 within each sideband.

    Attributes:
        first, second: ranks, (n_events,).
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @property
    def correlation(self) -> float:
        """Rank correlation: 0 for independent scores."""
        return float(np.corrcoef(self.first, self.second)[0, 1])

    @property
    def uncertainty(self) -> float:
        """Standard deviation of the correlation of independent scores of so many events."""
        return float(1 / np.sqrt(len(self.first) - 1))

    def both_above(self, quantile: float) -> float:
        """How many times as often as independent scores both are above a quantile."""
        above = (self.first > quantile, self.second > quantile)
        return float(np.mean(above[0] & above[1]) / (above[0].mean() * above[1].mean()))


def independence(window: Window, mass: Array, first: Array, second: Array) -> Independence:
    """Compare two scores in the sidebands of a window, where there is next to no signal; arrays (n_events,).

    Each sideband is ranked by itself, so that scores which both follow the mass do not look alike for that.
    """
    sides = (window.in_low_sideband(mass), window.in_high_sideband(mass))
    ranks = [[(rankdata(score[side]) - 0.5) / side.sum() for side in sides] for score in (first, second)]
    return Independence(*(np.concatenate(of_score) for of_score in ranks))
