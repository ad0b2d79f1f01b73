"""How well an expectation describes a spectrum, in bins as wide as the mass resolution.

`fits.checks.goodness_toys` has tests for few events and narrow bins.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from errors import MaplessError
from fits.fit import SpectrumFit
from fits.spectrum import FloatArray, Spectrum, coarse, nearest_indices, sums_between


class GoodnessStatus(StrEnum):
    """Whether the p-value of a test may be used."""

    GOOD = "good"
    TOO_FEW_BINS = "too_few_bins"
    FIT_FAILED = "fit_failed"
    TOO_MANY_FAILED_TOYS = "too_many_failed_toys"


@dataclass(frozen=True)
class GoodnessOfFit:
    """A test statistic with its degrees of freedom and p-value; all are None unless the status is good.

    A p-value from toys has no degrees of freedom, but the numbers of toys and of those whose fit failed.
    """

    status: GoodnessStatus
    statistic: float | None = None
    n_degrees_of_freedom: int | None = None
    p_value: float | None = None
    n_toys: int = 0
    n_failed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return asdict(self) | {"status": str(self.status)}


def chi_square(spectrum: Spectrum, expected: npt.ArrayLike, n_parameters: int) -> GoodnessOfFit:
    """Pearson's chi-square, sum of (observed - expected)^2 / expected.

    `spectrum` in coarse bins of at least about 5 events (see `fits.spectrum.coarse`), `expected` (n_bins,)
    events, `n_parameters` fitted ones including the normalisation. Raises MaplessError if an expectation is
    not positive.

    >>> chi_square(Spectrum([0, 1, 2, 3], [90, 110, 50]), [100, 100, 50], n_parameters=1).statistic
    2.0
    """
    mu = _checked(spectrum, expected)
    return _test(float(chi_square_statistic(spectrum.counts, mu)), spectrum.n_bins - n_parameters)


def saturated(spectrum: Spectrum, expected: npt.ArrayLike, n_parameters: int) -> GoodnessOfFit:
    """Twice the log-likelihood ratio to a model that describes every bin exactly.

    Source: Baker and Cousins, NIM 221 (1984) 437. Arguments and errors as for `chi_square`.
    """
    mu = _checked(spectrum, expected)
    return _test(float(saturated_statistic(spectrum.counts, mu)), spectrum.n_bins - n_parameters)


def chi_square_statistic(counts: FloatArray, expected: FloatArray) -> FloatArray:
    """Pearson's chi-square of counts and expectations (..., n_bins)."""
    return np.sum((counts - expected) ** 2 / expected, axis=-1)


def saturated_statistic(counts: FloatArray, expected: FloatArray) -> FloatArray:
    """Twice the log-likelihood ratio to a perfect description, of counts and expectations (..., n_bins)."""
    return 2 * np.sum(expected - counts + special.xlogy(counts, counts / expected), axis=-1)


def chi_square_of_fit(fit: SpectrumFit) -> GoodnessOfFit:
    """Chi-square of a fit in dijet bins merged to at least 5 events."""
    if not fit.converged:
        return GoodnessOfFit(GoodnessStatus.FIT_FAILED)
    return chi_square(coarse(fit.spectrum), coarse_expectation(fit), fit.n_parameters)


def saturated_of_fit(fit: SpectrumFit) -> GoodnessOfFit:
    """Saturated likelihood of a fit in dijet bins merged to at least 5 events."""
    if not fit.converged:
        return GoodnessOfFit(GoodnessStatus.FIT_FAILED)
    return saturated(coarse(fit.spectrum), coarse_expectation(fit), fit.n_parameters)


def coarse_expectation(fit: SpectrumFit) -> FloatArray:
    """Fitted events, signal included, in the bins of `coarse(fit.spectrum)`."""
    return in_bins_of(coarse(fit.spectrum), fit.spectrum, fit.expected_background() + fit.expected_signal())


def in_bins_of(bins: Spectrum, spectrum: Spectrum, events: FloatArray) -> FloatArray:
    """Events (n_bins,) in the bins of a spectrum, summed in coarser ones between some of its edges."""
    return sums_between(events, nearest_indices(spectrum.edges, bins.edges))


def _checked(spectrum: Spectrum, expected: npt.ArrayLike) -> FloatArray:
    mu = np.asarray(expected, dtype=float)
    if mu.shape != spectrum.counts.shape:
        raise MaplessError(
            f"{mu.size} expectations for {spectrum.n_bins} bins; give one per bin of the spectrum"
        )
    if not (np.all(np.isfinite(mu)) and np.all(mu > 0)):
        raise MaplessError("expected events must be positive in every bin; merge bins or check the fit")
    return mu


def _test(statistic: float, n_degrees_of_freedom: int) -> GoodnessOfFit:
    if n_degrees_of_freedom < 1:
        return GoodnessOfFit(GoodnessStatus.TOO_FEW_BINS)
    p_value = float(stats.chi2.sf(statistic, n_degrees_of_freedom))
    return GoodnessOfFit(GoodnessStatus.GOOD, statistic, n_degrees_of_freedom, p_value)
