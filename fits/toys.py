"""Toy spectra: counts that fluctuate about an expectation, and what a number of toys says."""

import numpy as np
import numpy.typing as npt
from scipy import stats

from fits.spectrum import FloatArray

LARGEST_FAILED_FRACTION = 0.01  # of toys whose fits may fail before their results are not used


def poisson_toys(expected: npt.ArrayLike, n_toys: int, rng: np.random.Generator) -> FloatArray:
    """Counts (n_toys, n_bins) that fluctuate about the expected ones (n_bins,)."""
    mu = np.asarray(expected, dtype=float)
    return rng.poisson(mu, size=(n_toys, len(mu))).astype(float)


def probability_interval(n_above: int, n_toys: int, coverage: float = 0.6827) -> tuple[float, float]:
    """Interval of a probability that `n_above` of `n_toys` toys measure: Clopper and Pearson, Biometrika 26.

    >>> [round(end, 4) for end in probability_interval(0, 100)]
    [0.0, 0.0182]
    """
    tail = (1 - coverage) / 2
    low = float(stats.beta.ppf(tail, n_above, n_toys - n_above + 1)) if n_above > 0 else 0.0
    high = float(stats.beta.isf(tail, n_above + 1, n_toys - n_above)) if n_above < n_toys else 1.0
    return low, high
