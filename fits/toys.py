"""Toy spectra: counts that fluctuate about an expectation."""

import numpy as np
import numpy.typing as npt

from fits.spectrum import FloatArray


def poisson_toys(expected: npt.ArrayLike, n_toys: int, rng: np.random.Generator) -> FloatArray:
    """Counts (n_toys, n_bins) that fluctuate about the expected ones (n_bins,)."""
    mu = np.asarray(expected, dtype=float)
    return rng.poisson(mu, size=(n_toys, len(mu))).astype(float)
