"""Local p-values of regions: exact, and from tables where a thousand pseudo-experiments ask for them.

A region has the same background in every pseudo-experiment, so its p-value is a function of the count alone.
"""

import numpy as np

from fits.region_scan.averaged_tail import Prior, averaged_tail
from fits.region_scan.regions import Regions, Statistic
from fits.significance.bump_hunter import poisson_tail
from fits.spectrum import FloatArray

FLOOR = 1e-8
"""p-values below are set to it: the shape of the prior so far away is not known (arXiv:2010.02984)."""
SAME = 1e-4
"""Relative difference below which two p-values are the same."""
_NODES = 40


def local_p_values(
    counts: FloatArray, mean: FloatArray, error: FloatArray, statistic: Statistic, prior: Prior
) -> FloatArray:
    """Of counts in regions with such a background; all broadcast.

    Sleuth and BumpHunter know excesses alone, and BumpHunter no errors of the background.
    """
    if statistic == "bump-hunter":
        p_values = poisson_tail(*np.broadcast_arrays(counts, mean))
    else:
        p_values = averaged_tail(counts, mean, error, prior)
    if statistic == "sleuth":
        p_values = np.where(counts > mean, p_values, 1.0)
    return np.maximum(p_values, FLOOR)


class LocalPValues:
    """Tables of the p-values of all regions of a distribution.

    Counts of more and of fewer events than expected have a table of their own. Where a table has a node for
    every count it is exact, and else interpolated by cubics of the logarithm (to 1e-4).
    """

    def __init__(self, regions: Regions, statistic: Statistic, prior: Prior) -> None:
        self.regions, self.statistic, self.prior = regions, statistic, prior
        self._start = np.ceil(regions.mean)
        self._many = self._table(self._start, self._largest())
        self._few = self._table(self._start - 1, self._smallest()) if self._has_deficits else None

    def exact(self, counts: FloatArray) -> FloatArray:
        """Of counts (n_histograms, n_regions)."""
        return local_p_values(counts, self.regions.mean, self.regions.error, self.statistic, self.prior)

    def smallest(self, per_bin: FloatArray) -> FloatArray:
        """Of all regions the smallest p-value, (n_histograms,), of histograms (n_histograms, n_bins)."""
        counts = self.regions.counts(per_bin)
        found = np.zeros(counts.shape)
        more = counts - self._start
        for table, distance in ((self._many, more), (self._few, -1 - more)):
            if table is None:
                continue
            chosen = distance >= 0
            place = np.nonzero(chosen)[1]
            found[chosen] = _interpolated(table, place, distance[chosen])
        return np.maximum(np.exp(found.min(axis=1, initial=0.0)), FLOOR)

    @property
    def _has_deficits(self) -> bool:
        return self.statistic == "region-of-interest"

    def _largest(self) -> FloatArray:
        """Counts so large that their p-values are below the floor."""
        mean, spread = self.regions.mean, np.hypot(np.sqrt(self.regions.mean), self.regions.error)
        largest = np.ceil(mean + 7 * spread + 10)
        for _ in range(12):
            above = self.exact(largest[None])[0] > FLOOR
            if not above.any():
                break
            largest[above] = np.ceil(1.6 * largest[above])
        return largest

    def _smallest(self) -> FloatArray:
        """Counts so small that their p-values are below the floor, or 0."""
        mean = self.regions.mean
        return np.maximum(np.floor(mean - 7 * np.hypot(np.sqrt(mean), self.regions.error)), 0)

    def _table(self, start: FloatArray, end: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Steps (n_regions,) between nodes from a count to another, and the logarithms at the nodes.

        Between integers the p-value is a smooth function, so that steps need not be integers.
        """
        reach = np.abs(end - start)
        step = np.maximum(reach / (_NODES - 1), 1)
        distance = step[:, None] * np.arange(_NODES)
        row, node = np.nonzero(distance <= reach[:, None] + 1e-6)
        counts = start[row] + np.sign(end - start)[row] * distance[row, node]
        logs = np.full(distance.shape, np.log(FLOOR))
        mean, error = self.regions.mean[row], self.regions.error[row]
        logs[row, node] = np.log(
            local_p_values(np.maximum(counts, 0), mean, error, self.statistic, self.prior)
        )
        return step, logs


def _interpolated(table: tuple[FloatArray, FloatArray], row: np.ndarray, distance: FloatArray) -> FloatArray:
    """Logarithms at distances from the start of the tables of rows, (n,) each, by cubics of Lagrange."""
    step, logs = table
    place = distance / step[row]
    below = np.clip(place.astype(np.intp), 1, _NODES - 3)
    x = np.minimum(place, _NODES - 1) - below
    flat, start = logs.ravel(), row * _NODES + below
    return (
        -flat[start - 1] * x * (x - 1) * (x - 2) / 6
        + flat[start] * (x + 1) * (x - 1) * (x - 2) / 2
        - flat[start + 1] * (x + 1) * x * (x - 2) / 2
        + flat[start + 2] * (x + 1) * x * (x - 1) / 6
    )
