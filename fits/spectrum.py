"""Binned mass spectra and the binnings of dijet resonance searches."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from errors import MaplessError

FloatArray = npt.NDArray[np.float64]

# About one mass resolution per bin, used in CMS EXO-22-026 (arXiv:2412.03747) for goodness of fit.
# fmt: off
_DIJET_EDGES = (
    1460, 1530, 1607, 1687, 1770, 1856, 1945, 2037, 2132, 2231, 2332, 2438, 2546, 2659, 2775,
    2895, 3019, 3147, 3279, 3416, 3558, 3704, 3854, 4010, 4171, 4337, 4509, 4700, 4900, 5100,
    5300, 5500, 5800, 6100, 6400, 6800,
)
# fmt: on
_EQUAL_WEIGHTS = 1e-6  # relative difference of weights that single precision makes
_FINE = 0.015  # bin width over mass; dijet bins have 0.03 and more
_FEWEST_BINS, _MOST_BINS = 20, 200  # as wide as the resolution, in a range; the most from zero to TeV


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Event counts in contiguous mass bins.

    `edges` (n_bins + 1,) in GeV, increasing; `counts` (n_bins,), finite and not negative. Counts need not be
    whole numbers: Asimov and weighted spectra are welcome. Raises MaplessError if the two do not fit
    together.

    >>> Spectrum([1000, 1100, 1200], [3, 1]).total
    4.0
    """

    edges: FloatArray
    counts: FloatArray

    def __post_init__(self) -> None:
        for name in ("edges", "counts"):
            values = np.array(getattr(self, name), dtype=float)
            values.setflags(write=False)
            object.__setattr__(self, name, values)
        _check_edges(self.edges)
        _check_counts(self.counts, n_bins=len(self.edges) - 1)

    @classmethod
    def from_values(
        cls, values: npt.ArrayLike, edges: npt.ArrayLike, weights: npt.ArrayLike | None = None
    ) -> "Spectrum":
        """Histogram of masses (n_events,) in GeV; values outside the edges are dropped."""
        edges = np.asarray(edges, dtype=float)
        _check_edges(edges)
        masses = np.asarray(values, dtype=float)
        if not np.all(np.isfinite(masses)):
            raise MaplessError("masses for a spectrum contain NaN or infinity; remove those events first")
        counts, _ = np.histogram(
            masses, bins=edges, weights=None if weights is None else np.asarray(weights, float)
        )
        return cls(edges, counts)

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return len(self.counts)

    @property
    def low(self) -> float:
        """Lower end of the range in GeV."""
        return float(self.edges[0])

    @property
    def high(self) -> float:
        """Upper end of the range in GeV."""
        return float(self.edges[-1])

    @property
    def centres(self) -> FloatArray:
        """Bin centres (n_bins,) in GeV."""
        return 0.5 * (self.edges[1:] + self.edges[:-1])

    @property
    def widths(self) -> FloatArray:
        """Bin widths (n_bins,) in GeV."""
        return np.diff(self.edges)

    @property
    def total(self) -> float:
        """Number of events in all bins."""
        return float(self.counts.sum())

    def rebin(self, edges: npt.ArrayLike) -> "Spectrum":
        """Sum bins into coarser ones between some of the present edges; a narrower range is fine."""
        new = np.asarray(edges, dtype=float)
        _check_edges(new)
        nearest = nearest_indices(self.edges, new)
        if not np.allclose(self.edges[nearest], new, rtol=0, atol=1e-6):
            strange = new[~np.isclose(self.edges[nearest], new, rtol=0, atol=1e-6)][0]
            raise MaplessError(
                f"cannot rebin at {strange:g} GeV: it is not an edge of the spectrum; use its edges"
            )
        return Spectrum(new, sums_between(self.counts, nearest))

    def merged(self, minimum: float = 5) -> "Spectrum":
        """Neighbouring bins summed from the left until each holds at least `minimum` events.

        What is left over at the right end joins the last bin.

        >>> Spectrum([0, 1, 2, 3, 4], [9, 2, 4, 1]).merged(5).counts.tolist()
        [9.0, 7.0]
        """
        kept, events = [0], 0.0
        for right, count in enumerate(self.counts.tolist(), start=1):
            events += count
            if events >= minimum:
                kept.append(right)
                events = 0.0
        ends = [*kept[:-1], self.n_bins] if len(kept) > 1 else [0, self.n_bins]
        return self.rebin(self.edges[ends])

    def to_json(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return {"edges": self.edges.tolist(), "counts": self.counts.tolist()}


def unweighted_spectrum(values: npt.ArrayLike, edges: npt.ArrayLike, weights: npt.ArrayLike) -> Spectrum:
    """Events, not weights, in bins: the counts of masses (n_events,) in GeV whose `weights` are all equal.

    Raises MaplessError for unequal weights, and for another number of them than of masses.

    >>> unweighted_spectrum([1010, 1020, 1150], [1000, 1100, 1200], weights=[0.1, 0.1, 0.1]).counts.tolist()
    [2.0, 1.0]
    """
    sizes = np.asarray(weights, dtype=float)
    if sizes.shape != np.shape(values):
        raise MaplessError(f"{sizes.size} weights for {np.size(values)} masses; give one for each event")
    if sizes.size and not np.allclose(sizes, sizes.flat[0], rtol=_EQUAL_WEIGHTS, atol=0):
        raise MaplessError(
            "a spectrum of unequally weighted events has no Poisson likelihood; draw unweighted events in "
            "proportion to the weights, or use templates with statistical errors"
        )
    return Spectrum.from_values(values, edges)


def four_gev_edges(low: float, high: float) -> FloatArray:
    """Edges of 4 GeV bins between the multiples of 4 nearest to `low` and `high`; halves go up, as in CMS.

    >>> four_gev_edges(1461, 1470).tolist()
    [1460.0, 1464.0, 1468.0, 1472.0]
    """
    first, last = 4 * np.floor((np.array([low, high]) + 2) / 4)
    if not last > first:
        raise MaplessError(f"no 4 GeV bin fits between {low:g} and {high:g} GeV; give a wider range")
    return np.arange(first, last + 2, 4.0)


def relative_edges(low: float, high: float, width: float) -> FloatArray:
    """Edges of bins from `low` to `high` (GeV) that are all as wide over their mass, nearly `width`.

    >>> relative_edges(1000, 1210, 0.1).round().tolist()
    [1000.0, 1100.0, 1210.0]
    """
    return np.geomspace(low, high, round(float(np.log(high / low)) / width) + 1)


def dijet_edges(low: float | None = None, high: float | None = None) -> FloatArray:
    """Dijet binning of CMS EXO-22-026 (arXiv:2412.03747), 1460 to 6800 GeV, or the part inside a range."""
    edges = np.array(_DIJET_EDGES, dtype=float)
    return edges[(edges >= (low or -np.inf)) & (edges <= (high or np.inf))]


def resolution_edges(low: float, high: float) -> FloatArray:
    """Edges inside a range (GeV) that are about one mass resolution apart.

    Those of `dijet_edges`, and beyond them bins as wide, relative to the mass, as their first and last one.
    Where these are few, as in a narrow range, there are 20 bins of equal relative width.

    >>> resolution_edges(500, 1600).round().astype(int).tolist()[-4:]
    [1393, 1460, 1530, 1600]
    """
    edges = dijet_edges()
    first, last = edges[1] / edges[0], edges[-1] / edges[-2]
    start = low if low > 0 else edges[0] * first**-_MOST_BINS
    n_below = max(int(np.ceil(np.log(edges[0] / start) / np.log(first))), 0)
    n_above = max(int(np.ceil(np.log(high / edges[-1]) / np.log(last))), 0)
    below, above = first ** -np.arange(n_below, 0.0, -1), last ** np.arange(1.0, n_above + 1)
    every = np.concatenate([edges[0] * below, edges, edges[-1] * above])
    inside = every[(every > low) & (every < high)]
    if len(inside) + 1 < _FEWEST_BINS and low > 0:
        return np.geomspace(low, high, _FEWEST_BINS + 1)
    return np.concatenate([[low], inside, [high]])


def coarse(spectrum: Spectrum, minimum: float = 5) -> Spectrum:
    """A spectrum in resolution-wide bins of at least `minimum` events, over its whole range.

    Those of `resolution_edges`, each edge moved to the nearest one of the spectrum; one whose bins are wide
    already keeps them.
    """
    if np.median(spectrum.widths / spectrum.centres) >= _FINE:
        return spectrum.merged(minimum)
    wanted = resolution_edges(spectrum.low, spectrum.high)
    return spectrum.rebin(spectrum.edges[np.unique(nearest_indices(spectrum.edges, wanted))]).merged(minimum)


def nearest_indices(edges: FloatArray, values: FloatArray) -> npt.NDArray[np.intp]:
    """Index of the edge nearest to each value."""
    right = np.clip(np.searchsorted(edges, values), 1, len(edges) - 1)
    return right - (values - edges[right - 1] < edges[right] - values)


def sums_between(counts: FloatArray, indices: npt.NDArray[np.intp]) -> FloatArray:
    """Sums of counts between successive edge indices."""
    return np.diff(np.concatenate([[0.0], np.cumsum(counts)])[indices])


def _check_edges(edges: FloatArray) -> None:
    if edges.ndim != 1 or edges.size <= 1:
        raise MaplessError(
            f"bin edges have shape {edges.shape}; a spectrum needs at least two edges in one list"
        )
    if not np.all(np.isfinite(edges)) or not np.all(np.diff(edges) > 0):
        raise MaplessError("bin edges must be finite and increasing; sort them and remove repeats")


def _check_counts(counts: FloatArray, n_bins: int) -> None:
    if counts.shape != (n_bins,):
        raise MaplessError(f"{counts.size} counts for {n_bins} bins; give one count per bin")
    if not np.all(np.isfinite(counts)):
        raise MaplessError("counts contain NaN or infinity; check how the spectrum was filled")
    if np.any(counts < 0):
        worst = int(np.argmin(counts))
        raise MaplessError(f"bin {worst} has {counts[worst]:g} events; counts cannot be negative (weights?)")
