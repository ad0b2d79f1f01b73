"""A histogram of data beside its simulated background: yields of processes, errors, systematic shifts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from errors import MaplessError
from fits.spectrum import FloatArray


@dataclass(frozen=True, eq=False)
class Distribution:
    """Data and background in bins.

    Args:
        name: of the class and of what is histogrammed.
        edges: of the bins, (n_bins + 1,).
        observed: counts, (n_bins,).
        expected: of each group of processes, (n_groups, n_bins).
        statistical: error of the sum of all groups by the number of simulated events, (n_bins,).
        shifts: by systematic uncertainty the change of the sum by one standard deviation up, (n_bins,).

    Raises MaplessError for shapes that do not fit and numbers that are not finite.
    """

    name: str
    edges: FloatArray
    observed: FloatArray
    expected: FloatArray
    statistical: FloatArray
    shifts: Mapping[str, FloatArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n_bins = len(self.edges) - 1
        parts = {"observed": self.observed, "statistical": self.statistical, **self.shifts}
        for name, values in parts.items():
            if values.shape != (n_bins,) or not np.all(np.isfinite(values)):
                raise MaplessError(f"{self.name}: {name} must be {n_bins} finite numbers, one for each bin")
        if self.expected.ndim != 2 or self.expected.shape[1] != n_bins:  # noqa: PLR2004 - groups and bins
            raise MaplessError(f"{self.name}: expected must be groups of {n_bins} bins")

    @property
    def total(self) -> FloatArray:
        """Expected counts of all groups together, (n_bins,)."""
        return np.asarray(self.expected.sum(axis=0))

    @property
    def systematic(self) -> FloatArray:
        """Quadratic sum of all shifts in each bin, (n_bins,)."""
        return np.sqrt(sum((shift**2 for shift in self.shifts.values()), np.zeros_like(self.statistical)))

    @property
    def error(self) -> FloatArray:
        """Total error of the expected counts, (n_bins,)."""
        return np.hypot(self.statistical, self.systematic)
