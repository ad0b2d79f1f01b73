"""What toys can be fitted with: anything that looks for signals in counts."""

from typing import Protocol

import numpy.typing as npt

from fits.spectrum import FloatArray


class Tested(Protocol):
    """Counts with their background-only expectation, and signals looked for in them, in order of mass.

    Implementations are `fits.significance.global_significance.SpectrumSearch` and
    `fits.significance.category_search.CategorySearch`.
    """

    @property
    def counts(self) -> FloatArray:
        """Observed counts (n_bins,)."""

    @property
    def hypotheses(self) -> tuple[float, ...]:
        """Where each signal peaks in GeV, (n_hypotheses,)."""

    def expected(self) -> FloatArray:
        """Background-only expectation (n_bins,), which toys fluctuate about."""

    def significances(self, counts: npt.ArrayLike) -> FloatArray:
        """Signed local significances (n, n_hypotheses) of counts (n, n_bins), NaN where a fit failed."""
