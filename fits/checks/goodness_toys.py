"""Goodness of fit by toys that are fitted again: right for few events and for any bins.

The only way to a p-value for the Kolmogorov-Smirnov and Anderson-Darling tests of a function with fitted
parameters, and for the saturated likelihood in narrow bins.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.checks.goodness_of_fit import (
    GoodnessOfFit,
    GoodnessStatus,
    chi_square_statistic,
)
from fits.fit import SpectrumFit
from fits.likelihood.signal_term import SignalTerm
from fits.many_fits import fit_many, fit_many_signals
from fits.spectrum import FloatArray, Spectrum, coarse, nearest_indices
from fits.toys import LARGEST_FAILED_FRACTION, poisson_toys

Statistic = Callable[[FloatArray, FloatArray], FloatArray]


def goodness_by_toys(
    fit: SpectrumFit, statistic: Statistic, n_toys: int, rng: np.random.Generator
) -> GoodnessOfFit:
    """Probability that toys of the fitted expectation, fitted again, are described as badly as the data.

    `statistic` is a function of counts and expectations (..., n_bins) in the bins of the fit:
    `saturated_statistic`, `kolmogorov_smirnov` and `anderson_darling` are those of CMS Combine,
    `merged_chi_square(fit)` is another. For fits of a background, or of a background and a signal without
    nuisances; MaplessError for others. Toys with a failed fit are left out and counted; above 1 % there is
    no p-value.
    """
    if not fit.converged:
        return GoodnessOfFit(GoodnessStatus.FIT_FAILED)
    expected = fit.expected_background() + fit.expected_signal()
    toys = poisson_toys(expected, n_toys, rng)
    refitted = _refitted(fit, toys)
    good = np.all(np.isfinite(refitted), axis=1)
    n_failed = int(np.count_nonzero(~good))
    if n_failed > LARGEST_FAILED_FRACTION * n_toys:
        return GoodnessOfFit(GoodnessStatus.TOO_MANY_FAILED_TOYS, n_toys=n_toys, n_failed=n_failed)
    observed = float(statistic(fit.spectrum.counts, expected))
    p_value = float(np.mean(statistic(toys[good], refitted[good]) >= observed))
    return GoodnessOfFit(GoodnessStatus.GOOD, observed, None, p_value, n_toys, n_failed)


def kolmogorov_smirnov(counts: npt.ArrayLike, expected: npt.ArrayLike) -> FloatArray:
    """Largest distance between the cumulative distributions of counts and expectations (..., n_bins).

    >>> float(kolmogorov_smirnov([2, 0, 2], [1, 1, 2]))
    0.25
    """
    return np.max(np.abs(_cumulative(counts) - _cumulative(expected)), axis=-1)


def anderson_darling(counts: npt.ArrayLike, expected: npt.ArrayLike) -> FloatArray:
    """Squared distance between the cumulative distributions, weighted to be as sensitive in the tails.

    n sum_bins (F_n - F)^2 / (F (1 - F)) dF of counts and expectations (..., n_bins): Anderson and Darling,
    Ann. Math. Stat. 23 (1952) 193, for binned data.
    """
    seen, model = _cumulative(counts)[..., :-1], _cumulative(expected)[..., :-1]  # both end at 1
    steps = np.diff(model, axis=-1, prepend=0.0)
    spread = model * (1 - model)
    weights = np.divide(steps, spread, out=np.zeros_like(steps), where=spread > 0)
    return np.sum(counts, axis=-1) * np.sum(weights * (seen - model) ** 2, axis=-1)


def merged_chi_square(fit: SpectrumFit, minimum: float = 5) -> Statistic:
    """Pearson's chi-square in dijet bins merged until the fit expects `minimum` events in each."""
    expected = fit.expected_background() + fit.expected_signal()
    merged = coarse(Spectrum(fit.spectrum.edges, expected), minimum=minimum)
    starts = nearest_indices(fit.spectrum.edges, merged.edges)[:-1]

    def statistic(counts: FloatArray, expected: FloatArray) -> FloatArray:
        return chi_square_statistic(*(np.add.reduceat(each, starts, axis=-1) for each in (counts, expected)))

    return statistic


def _cumulative(events: npt.ArrayLike) -> FloatArray:
    sums = np.cumsum(events, axis=-1, dtype=float)
    return sums / np.maximum(sums[..., -1:], 1e-300)


def _refitted(fit: SpectrumFit, toys: FloatArray) -> FloatArray:
    """Expectations (n_toys, n_bins) of the same model fitted to toys, NaN where that failed."""
    _, *signals = fit.likelihood.categories[0].terms
    if not signals:
        return fit_many(fit, toys).expected()
    signal = signals[0]
    if len(signals) > 1 or not isinstance(signal, SignalTerm) or len(signal.parameters) > 1:
        raise MaplessError(
            "goodness of fit by toys knows a background with at most one signal and no nuisances; "
            "give such a fit"
        )
    many = fit_many_signals(fit, toys, [signal.shape])
    peak = signal.expected(np.ones(1))
    return many.expected_background(0) + many.signal_yields * peak
