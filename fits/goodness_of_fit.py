"""How well an expectation describes a spectrum, in bins as wide as the mass resolution."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from errors import MaplessError
from fits.fit import SpectrumFit
from fits.spectrum import FloatArray, Spectrum, coarse, nearest_indices, sums_between


class GoodnessStatus(StrEnum):
    """Whether the p-value of a test may be used."""

    GOOD = "good"
    TOO_FEW_BINS = "too_few_bins"
    FIT_FAILED = "fit_failed"


@dataclass(frozen=True)
class GoodnessOfFit:
    """A test statistic with its degrees of freedom and p-value; both are None unless the status is good."""

    status: GoodnessStatus
    statistic: float | None = None
    n_degrees_of_freedom: int | None = None
    p_value: float | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "status": str(self.status),
            "statistic": self.statistic,
            "n_degrees_of_freedom": self.n_degrees_of_freedom,
            "p_value": self.p_value,
        }


def chi_square(spectrum: Spectrum, expected: npt.ArrayLike, n_parameters: int) -> GoodnessOfFit:
    """Pearson's chi-square, sum of (observed - expected)^2 / expected.

    `spectrum` in coarse bins of at least about 5 events (see `fits.spectrum.coarse`), `expected` (n_bins,)
    events, `n_parameters` fitted ones including the normalisation. Raises MaplessError if an expectation is
    not positive.

    >>> chi_square(Spectrum([0, 1, 2, 3], [90, 110, 50]), [100, 100, 50], n_parameters=1).statistic
    2.0
    """
    mu = _checked(spectrum, expected)
    return _test(float(np.sum((spectrum.counts - mu) ** 2 / mu)), spectrum.n_bins - n_parameters)


def saturated(spectrum: Spectrum, expected: npt.ArrayLike, n_parameters: int) -> GoodnessOfFit:
    """Twice the log-likelihood ratio to a model that describes every bin exactly.

    Source: Baker and Cousins, NIM 221 (1984) 437. Arguments and errors as for `chi_square`.
    """
    mu = _checked(spectrum, expected)
    logs = spectrum.counts * np.log(np.maximum(spectrum.counts, 1e-300) / mu)
    deviance = 2 * float(np.sum(mu - spectrum.counts + np.where(spectrum.counts > 0, logs, 0)))
    return _test(deviance, spectrum.n_bins - n_parameters)


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
    indices = nearest_indices(fit.spectrum.edges, coarse(fit.spectrum).edges)
    return sums_between(fit.expected_background() + fit.expected_signal(), indices)


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
