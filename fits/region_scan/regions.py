"""All connected regions of a distribution, less those whose background cannot be trusted.

The rules are those of MUSiC (CMS, arXiv:2010.02984, and github.com/CMSMUSiC/NanoMUSiC). All but the number of
observed events decide: a region is tested in the data and in every pseudo-experiment, or in none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from fits.region_scan.distribution import Distribution
from fits.spectrum import FloatArray

Indices = npt.NDArray[np.intp]
Statistic = Literal["region-of-interest", "sleuth", "bump-hunter"]
"""Which regions compete: all connected ones, what reaches the end, or windows of two bins to half of them."""


@dataclass(frozen=True)
class Vetoes:
    """When a region is not tested.

    Args:
        smallest_expectation: background below which it is empty.
        largest_error: relative total error, `steep` times the background to the power `-0.2`, but between
            these two ends.
        largest_statistical_error: relative error by the number of simulated events.
        largest_negative_share: of a group of processes with a negative yield.
        neighbours: bins on each side in which leading backgrounds are looked for; 0 for none.
        leading_share: those are leading that make up this share of the neighbours.
    """

    smallest_expectation: float = 1e-6
    largest_error: tuple[float, float] = (0.5, 5.0)
    steep: float = 1.2
    largest_statistical_error: float = 0.6
    largest_negative_share: float = 0.02
    neighbours: int = 4
    leading_share: float = 0.95


@dataclass(frozen=True, eq=False)
class Regions:
    """The tested regions of a distribution, from bin `first` to before bin `last`, (n_regions,) each.

    `mean` and `error` are background and total error; `vetoed` says how many were left out for what reason.
    """

    first: Indices
    last: Indices
    mean: FloatArray
    error: FloatArray
    vetoed: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.first)

    def counts(self, per_bin: FloatArray) -> FloatArray:
        """Sums (n_histograms, n_regions) of histograms (n_histograms, n_bins)."""
        below = np.concatenate([np.zeros((len(per_bin), 1)), np.cumsum(per_bin, axis=1)], axis=1)
        return np.asarray(below[:, self.last] - below[:, self.first])


def allowed_regions(
    distribution: Distribution, vetoes: Vetoes = Vetoes(), statistic: Statistic = "region-of-interest"
) -> Regions:
    """The regions of a statistic that no veto leaves out.

    Regions that begin or end with an empty bin are the same as narrower ones, and left out first. Systematic
    shifts add up linearly over the bins of a region, errors by the number of simulated events in squares.
    """
    first, last = _competing(len(distribution.observed), statistic)
    groups = _sums(distribution.expected, first, last)
    mean = groups.sum(axis=0)
    statistical = np.sqrt(_sums(distribution.statistical[None] ** 2, first, last)[0])
    shifts = _sums(
        np.array([*distribution.shifts.values()]).reshape(-1, len(distribution.observed)), first, last
    )
    error = np.hypot(statistical, np.sqrt((shifts**2).sum(axis=0)))
    rules = _rules(distribution, vetoes, first, last, groups, statistical, error)
    left = np.ones(len(first), bool)
    vetoed: dict[str, int] = {}
    for reason, mask in rules.items():
        vetoed[reason] = int(np.count_nonzero(left & mask))
        left &= ~mask
    return Regions(first[left], last[left], mean[left], error[left], vetoed)


def _competing(n_bins: int, statistic: Statistic) -> tuple[Indices, Indices]:
    first, width = (values.ravel() for values in np.indices((n_bins, n_bins)))
    last = first + width + 1
    inside = last <= n_bins
    if statistic == "sleuth":
        inside &= last == n_bins
    if statistic == "bump-hunter":
        inside &= (width >= 1) & (width < max(n_bins // 2, 2))
    return first[inside], last[inside]


def _sums(per_bin: FloatArray, first: Indices, last: Indices) -> FloatArray:
    below = np.concatenate([np.zeros((len(per_bin), 1)), np.cumsum(per_bin, axis=1)], axis=1)
    return np.asarray(below[:, last] - below[:, first])


def _rules(
    distribution: Distribution,
    vetoes: Vetoes,
    first: Indices,
    last: Indices,
    groups: FloatArray,
    statistical: FloatArray,
    error: FloatArray,
) -> dict[str, npt.NDArray[np.bool_]]:
    """Masks of the regions that each rule leaves out, in the order in which they are told."""
    mean = groups.sum(axis=0)
    known = np.maximum(mean, vetoes.smallest_expectation)
    empty = (distribution.total == 0) & (distribution.observed == 0)
    smallest, largest = vetoes.largest_error
    allowed = np.clip(vetoes.steep * known**-0.2, smallest, largest)
    return {
        "same as a narrower one": empty[last - 1] & (last - first > 1),
        "no simulation": mean < vetoes.smallest_expectation,
        "error too large": error > allowed * known,
        "negative background": np.any(groups < -vetoes.largest_negative_share * known, axis=0),
        "too few simulated events": statistical > vetoes.largest_statistical_error * known,
        "leading background missing": _leading_missing(distribution, vetoes, first, last, groups),
    }


def _leading_missing(
    distribution: Distribution, vetoes: Vetoes, first: Indices, last: Indices, groups: FloatArray
) -> npt.NDArray[np.bool_]:
    """Whether a group that leads in the neighbouring bins has no events, or negative ones, in a region."""
    n_bins = len(distribution.observed)
    beside = _sums(distribution.expected, np.maximum(first - vetoes.neighbours, 0), first)
    beside += _sums(distribution.expected, last, np.minimum(last + vetoes.neighbours, n_bins))
    order = np.argsort(-beside, axis=0)
    ranked = np.take_along_axis(beside, order, axis=0)
    before = np.cumsum(ranked, axis=0) - ranked
    leads = (before < vetoes.leading_share * beside.sum(axis=0)) & (ranked > 0)
    return np.any(leads & (np.take_along_axis(groups, order, axis=0) <= 0), axis=0)
