"""Errors of the signal yield from profiles of the likelihood, for many spectra at once."""

import numpy as np
import numpy.typing as npt

from fits.fit import SpectrumFit, lowest_yield, signal_term
from fits.many_fits import ManySignalFits, fit_many
from fits.signals import SignalShape
from fits.spectrum import FloatArray

_PRECISION = 1e-3  # in standard deviations
_MAX_STEPS = 20


def profile_errors(
    like: SpectrumFit, counts: npt.ArrayLike, signal: SignalShape, fits: ManySignalFits, sides: npt.ArrayLike
) -> FloatArray:
    """Distances (n_spectra,) from the fitted yield to where 2 ln L has fallen by one, as MINOS gives them.

    `fits` are those of `counts` (n_spectra, n_bins) with this signal alone; `sides` (n_spectra,) is 1 for
    the upper and -1 for the lower error. NaN where a fit failed, and where the yield or the end is
    at its lowest value.
    """
    counts, sides = np.asarray(counts, dtype=float), np.asarray(sides, dtype=float)
    term = signal_term(like.spectrum, signal)
    peak, yields, best = term.expected(np.ones(1)), fits.signal_yields[:, 0], fits.nll[:, 0]
    distances = fits.errors[:, 0].copy()
    errors, moving = np.full(len(counts), np.nan), np.flatnonzero(np.isfinite(distances))
    before, roots_before = np.zeros(len(counts)), np.zeros(len(counts))
    for _ in range(_MAX_STEPS):
        if not moving.size:
            break
        trials = yields[moving] + sides[moving] * distances[moving]
        known = fit_many(like, counts[moving], signal=trials[:, None] * peak)
        roots = np.sqrt(np.maximum(2 * (known.nll - best[moving]), 0))
        possible = known.converged & (trials > lowest_yield(np.nan_to_num(known.expected()), term))
        there = np.abs(roots - 1) < _PRECISION
        errors[moving[possible & there]] = distances[moving[possible & there]]
        further = possible & ~there
        moving, roots = moving[further], roots[further]
        slopes = (roots - roots_before[moving]) / (distances[moving] - before[moving])
        before[moving], roots_before[moving] = distances[moving], roots
        distances[moving] += (1 - roots) / slopes
    return errors
