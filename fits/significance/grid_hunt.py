"""BumpHunter on a grid: windows in one mass, each with a spectrum in another, above a background from events.

Windows in the first mass may overlap. The background of every cell comes from weighted events, not from a
function: `replicas` are the same background made again, of events drawn again, and hold all that is uncertain
about it. Their spread tells how many events each estimate is worth, so that the local p-value is that of two
Poisson counts (Cousins, Linnemann and Tucker, arXiv:physics/0702156). The smallest p-value of a spectrum is
compared with that of toys (Choudalakis, arXiv:1101.0390), and the smallest of all spectra too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special, stats

from errors import MaplessError
from fits.spectrum import FloatArray
from fits.toys import probability_interval

_AT_ONCE = 2_000_000  # windows of toys
_LEAST_EVENTS = 1.0  # that a background is worth, for a window to be tested
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class GridCounts:
    """Events in bins of two masses and the background expected in them.

    Args:
        windows: in the first mass (GeV), (low, high) each; they may overlap.
        edges: of the bins in the second mass (GeV).
        counts, expected: (n_parts, n_bins), where parts are what the ends of all windows divide the first
            mass into (`parts`).
        replicas: of the background, (n_replicas, n_parts, n_bins).

    Raises:
        MaplessError: no window, bins or replicas, shapes that do not fit, and numbers that cannot be.
    """

    windows: tuple[tuple[float, float], ...]
    edges: tuple[float, ...]
    counts: FloatArray
    expected: FloatArray
    replicas: FloatArray

    def __post_init__(self) -> None:
        shape = (len(parts(self.windows)) - 1, len(self.edges) - 1)
        if self.counts.shape != shape or self.expected.shape != shape or self.replicas.shape[1:] != shape:
            raise MaplessError(f"counts, background and replicas of a grid have {shape} parts and bins")
        if len(self.replicas) < 2 or np.any(self.replicas < 0) or np.any(self.expected < 0):  # noqa: PLR2004
            raise MaplessError("the background of a grid is not negative, and has two replicas or more")


@dataclass(frozen=True)
class GridSpectrum:
    """What one spectrum of a grid holds: its most significant window.

    `low` and `high` are ends in the first mass, `first` and `last` those in the second (GeV); `error` is that
    of the expectation. `p_value` is how often background alone has a window as significant in this spectrum.
    """

    low: float
    high: float
    first: float
    last: float
    observed: float
    expected: float
    error: float
    local_p_value: float
    p_value: float

    @property
    def local_significance(self) -> float:
        """One-sided, in standard deviations; 0 where there is no excess."""
        return max(float(stats.norm.isf(self.local_p_value)), 0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {**vars(self), "local_significance": self.local_significance}


@dataclass(frozen=True, eq=False)
class GridHunt:
    """The most significant window of every spectrum, and the global p-value of the best of them.

    `p_value` is the fraction of the toys that have a window as significant anywhere in the grid, with its
    68 % interval; a p-value of 0 says that none has.
    """

    spectra: tuple[GridSpectrum, ...]
    n_toys: int
    p_value: float
    interval: tuple[float, float]
    toy_p_values: FloatArray = field(repr=False)

    @property
    def best(self) -> GridSpectrum:
        """The spectrum with the most significant window."""
        return min(self.spectra, key=lambda one: one.local_p_value)

    @property
    def significance(self) -> float | None:
        """Global significance; None where no toy, or every one, is as significant."""
        return float(stats.norm.isf(self.p_value)) if 0 < self.p_value < 1 else None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "spectra": [one.to_json() for one in self.spectra],
            "best": self.best.to_json(),
            "n_toys": self.n_toys,
            "p_value": self.p_value,
            "interval": list(self.interval),
            "significance": self.significance,
        }


def parts(windows: Sequence[tuple[float, float]]) -> FloatArray:
    """What the ends of windows divide a mass into, in GeV.

    >>> parts([(60, 80), (70, 90)]).tolist()
    [60.0, 70.0, 80.0, 90.0]
    """
    if not windows or any(low >= high for low, high in windows):
        raise MaplessError("a grid needs windows that have a width")
    return np.unique(np.array(windows, dtype=float))


def hunt_grid(
    grid: GridCounts, n_toys: int, rng: np.random.Generator, *, widths: Sequence[int] | None = None
) -> GridHunt:
    """The window of every spectrum with the most significant excess, and what background alone would give.

    Windows are `widths` bins of the second mass wide, by default two to half of them. One is tested where its
    background is worth at least one event. In a toy the counts fluctuate about the expectation, those of
    overlapping windows together, and the background is one of the replicas. Raises MaplessError for no toys,
    and if no window can be tested.
    """
    if n_toys < 1:
        raise MaplessError(f"{n_toys} toys cannot give a global p-value; ask for 500 or more")
    hunter = _Hunter(grid, widths)
    local = hunter.local_p_values(grid.counts[None], grid.expected[None])[0]
    smallest = local.min(axis=1) * (1 + _ROUNDING)
    size = max(_AT_ONCE // local.size, 1)
    tried = []
    for start in range(0, n_toys, size):
        n = min(size, n_toys - start)
        background = grid.replicas[rng.integers(len(grid.replicas), size=n)]
        counts = rng.poisson(grid.expected, (n, *grid.expected.shape)).astype(float)
        tried.append(hunter.local_p_values(counts, background).min(axis=2))
    toys = np.concatenate(tried)
    spectra = tuple(
        hunter.spectrum(place, local[place], float(np.mean(toys[:, place] <= smallest[place])))
        for place in range(len(grid.windows))
    )
    n_below = int(np.count_nonzero(toys.min(axis=1) <= smallest.min()))
    return GridHunt(
        spectra, n_toys, n_below / n_toys, probability_interval(n_below, n_toys), toys.min(axis=1)
    )


def two_count_p_value(observed: FloatArray, expected: FloatArray, factor: FloatArray) -> FloatArray:
    """Probability of so many events or more above a background that is worth `factor` * expected events.

    1 below the expectation. Equation 14 of arXiv:physics/0702156.

    >>> two_count_p_value(np.array([3.0]), np.array([1.0]), np.array([1e6])).round(4).tolist()
    [0.0803]
    >>> two_count_p_value(np.array([3.0]), np.array([1.0]), np.array([1.0])).round(4).tolist()
    [0.3125]
    """
    observed, expected, factor = np.broadcast_arrays(observed, expected, factor)
    p_values = np.ones(observed.shape)
    many = observed > expected
    n, worth, tau = observed[many], (factor * expected)[many], factor[many]
    p_values[many] = special.betainc(n, worth + 1, 1 / (1 + tau))
    return p_values


class _Hunter:
    """All windows of a grid: (n_spectra, n_windows)."""

    def __init__(self, grid: GridCounts, widths: Sequence[int] | None) -> None:
        self._grid, n_bins = grid, len(grid.edges) - 1
        chosen = range(2, max(n_bins // 2, 2) + 1) if widths is None else widths
        pairs = [(first, first + width) for width in chosen for first in range(n_bins - width + 1)]
        if not pairs or min(chosen) < 1:
            raise MaplessError(f"no window of {list(chosen)} bins fits into {n_bins}; choose other widths")
        self._first, self._last = np.array(pairs).T
        ends = parts(grid.windows)
        self._inside = np.array(
            [(ends[:-1] >= low) & (ends[1:] <= high) for low, high in grid.windows], dtype=float
        )
        self._tested = self._expected * self._factor >= _LEAST_EVENTS
        if not np.any(self._tested):
            raise MaplessError("no background of any window of the grid is worth an event; use wider ones")

    @cached_property
    def _expected(self) -> FloatArray:
        return self._sums(self._grid.expected[None])[0]

    @cached_property
    def _variance(self) -> FloatArray:
        return np.var(self._sums(self._grid.replicas), axis=0, ddof=1)

    @cached_property
    def _factor(self) -> FloatArray:
        """Events that a background is worth over the events expected of it."""
        return np.where(self._variance > 0, self._expected / np.maximum(self._variance, 1e-300), 0.0)

    def local_p_values(self, counts: FloatArray, background: FloatArray) -> FloatArray:
        """Of all windows, (n, n_spectra, n_windows), of counts and background (n, n_parts, n_bins)."""
        found = two_count_p_value(self._sums(counts), self._sums(background), self._factor)
        return np.where(self._tested, found, 1.0)

    def spectrum(self, place: int, local_p_values: FloatArray, p_value: float) -> GridSpectrum:
        """The window of the smallest p-value in a spectrum."""
        best = int(np.argmin(local_p_values))
        first, last = (self._grid.edges[ends[best]] for ends in (self._first, self._last))
        observed = self._sums(self._grid.counts[None])[0, place, best]
        return GridSpectrum(
            *self._grid.windows[place],
            first,
            last,
            float(observed),
            float(self._expected[place, best]),
            float(np.sqrt(self._variance[place, best])),
            float(local_p_values[best]),
            p_value,
        )

    def _sums(self, of_parts: FloatArray) -> FloatArray:
        """Events of all windows, (n, n_spectra, n_windows)."""
        below = np.cumsum(np.einsum("wp,npb->nwb", self._inside, of_parts), axis=2)
        below = np.concatenate([np.zeros((*below.shape[:2], 1)), below], axis=2)
        return below[..., self._last] - below[..., self._first]
