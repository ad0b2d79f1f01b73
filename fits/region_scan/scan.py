"""The scan of many distributions: regions of interest, and how often background alone gives as much.

The region with the smallest local p-value is the region of interest, of equal ones the narrowest. The
share of pseudo-experiments that have as small a p-value anywhere in the distribution is its p-tilde
(CMS, arXiv:2010.02984).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from fits.parallel import in_parallel
from fits.region_scan.averaged_tail import Prior
from fits.region_scan.distribution import Distribution
from fits.region_scan.local_p_values import SAME, LocalPValues
from fits.region_scan.pseudo_experiments import (
    SimulationError,
    common_shifts,
    generator,
    pseudo_experiments,
)
from fits.region_scan.regions import Regions, Statistic, Vetoes, allowed_regions
from fits.spectrum import FloatArray
from fits.toys import probability_interval

_AT_ONCE = 5_000
_NO_UNCERTAINTY = ""
"""Stands for the shifts of distributions without any, so that the number of rounds is known."""


@dataclass(frozen=True)
class ScanSettings:
    """How distributions are scanned.

    Of the distributions at the top, where fewer than `enough` of `n_rounds` pseudo-experiments have as small
    a p-value, further ones are made until there are enough, but not more than `largest_n_rounds`.
    """

    statistic: Statistic = "region-of-interest"
    prior: Prior = "gaussian"
    simulation: SimulationError = "gaussian"
    vetoes: Vetoes = Vetoes()
    n_rounds: int = 1000
    largest_n_rounds: int = 100_000
    enough: int = 10
    seed: int = 1


@dataclass(frozen=True)
class RegionOfInterest:
    """The region with the smallest local p-value, from bin `first` to before bin `last`."""

    first: int
    last: int
    low: float
    high: float
    observed: float
    expected: float
    error: float
    p_value: float


@dataclass(frozen=True, eq=False)
class ScanResult:
    """What the scan of a distribution found; `region` and `p_tilde` are None where every region is vetoed.

    `smallest` are the smallest p-values of the first rounds, (n_rounds,); `n_below` of `n_rounds` in all are
    as small as that of the data.
    """

    name: str
    n_regions: int
    vetoed: Mapping[str, int]
    region: RegionOfInterest | None = None
    n_rounds: int = 0
    n_below: int = 0
    smallest: FloatArray = field(default_factory=lambda: np.empty(0), repr=False)

    @property
    def p_tilde(self) -> float | None:
        """Share of the pseudo-experiments with as small a p-value; 0 where there are none."""
        return self.n_below / self.n_rounds if self.n_rounds else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """68 % interval of p-tilde."""
        return probability_interval(self.n_below, self.n_rounds) if self.n_rounds else None

    def of_rounds(self) -> FloatArray:
        """p-tilde of every one of the first rounds among all of them, (n_rounds,)."""
        ordered = np.sort(self.smallest)
        return np.searchsorted(ordered, self.smallest * (1 + SAME), "right") / len(ordered)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "name": self.name,
            "n_regions": self.n_regions,
            "vetoed": dict(self.vetoed),
            "region": vars(self.region) if self.region else None,
            "n_rounds": self.n_rounds,
            "n_below": self.n_below,
            "p_tilde": self.p_tilde,
            "interval": list(self.interval) if self.interval else None,
        }


def scan(
    distributions: Sequence[Distribution],
    settings: ScanSettings = ScanSettings(),  # noqa: B008  (frozen)
    workers: int = 1,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> list[ScanResult]:
    """The results of all distributions, in their order, from so many processes.

    Rounds are the same for all: a systematic uncertainty moves all distributions together.
    """
    names = {_NO_UNCERTAINTY, *(name for one in distributions for name in one.shifts)}
    shifts = common_shifts(sorted(names), settings.n_rounds, settings.seed)
    function = partial(scan_one, settings=settings, shifts=shifts)
    return in_parallel(function, distributions, workers, report)


def scan_one(
    distribution: Distribution, *, settings: ScanSettings, shifts: Mapping[str, FloatArray]
) -> ScanResult:
    """The result of one distribution with the shifts of all first rounds."""
    regions = allowed_regions(distribution, settings.vetoes, settings.statistic)
    result = ScanResult(distribution.name, len(regions), regions.vetoed)
    if not len(regions):
        return result
    tables = LocalPValues(regions, settings.statistic, settings.prior)
    found = _region_of_interest(distribution, regions, tables)
    rng = generator(distribution.name, settings.seed)
    drawn = partial(pseudo_experiments, rng=rng, prior=settings.prior, simulation=settings.simulation)
    smallest = tables.smallest(drawn(distribution, shifts))
    n_below = _as_small(smallest, found)
    result = replace(result, region=found, n_rounds=len(smallest), n_below=n_below, smallest=smallest)
    while result.n_below < settings.enough and result.n_rounds < settings.largest_n_rounds:
        number = min(_AT_ONCE, settings.largest_n_rounds - result.n_rounds)
        more = {name: rng.standard_normal(number) for name in (*distribution.shifts, _NO_UNCERTAINTY)}
        further = tables.smallest(drawn(distribution, more))
        result = replace(
            result,
            n_rounds=result.n_rounds + number,
            n_below=result.n_below + _as_small(further, found),
        )
    return result


def _as_small(smallest: FloatArray, found: RegionOfInterest) -> int:
    return int(np.count_nonzero(smallest <= found.p_value * (1 + SAME)))


def _region_of_interest(
    distribution: Distribution, regions: Regions, tables: LocalPValues
) -> RegionOfInterest:
    counts = regions.counts(distribution.observed[None])
    p_values = tables.exact(counts)[0]
    widths = distribution.edges[regions.last] - distribution.edges[regions.first]
    equal = p_values <= p_values.min() * (1 + SAME)
    best = int(np.argmin(np.where(equal, widths, np.inf)))
    first, last = int(regions.first[best]), int(regions.last[best])
    return RegionOfInterest(
        first,
        last,
        float(distribution.edges[first]),
        float(distribution.edges[last]),
        float(counts[0, best]),
        float(regions.mean[best]),
        float(regions.error[best]),
        float(p_values[best]),
    )
