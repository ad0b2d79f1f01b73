"""BumpHunter: the most significant window of a spectrum, without assuming a signal shape.

The local p-value of a window is the Poisson probability of its count or a more extreme one; the smallest of
all windows of all spectra is compared with that of toys, whose background is fitted again: one trial factor
for everything that was looked at. Source: Choudalakis, arXiv:1101.0390, without sidebands.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from errors import MaplessError
from fits.fit import SpectrumFit
from fits.many_fits import fit_many
from fits.significance.global_significance import GlobalStatus, global_status
from fits.spectrum import FloatArray, nearest_indices
from fits.toys import poisson_toys, probability_interval


@dataclass(frozen=True)
class Bump:
    """The most significant window of one spectrum: its ends in GeV, events, and Poisson p-value."""

    low: float
    high: float
    observed: float
    expected: float
    local_p_value: float

    @property
    def local_significance(self) -> float:
        """One-sided, in standard deviations."""
        return float(stats.norm.isf(self.local_p_value))


@dataclass(frozen=True, eq=False)
class BumpHunt:
    """The most significant window of each spectrum and the global p-value of the best of them.

    `p_value` is the fraction of toys whose best window in any spectrum is at least as significant, with its
    68 % interval; all are None unless the status is good.
    """

    status: GlobalStatus
    n_toys: int
    n_failed: int
    bumps: tuple[Bump, ...] | None = None
    p_value: float | None = None
    interval: tuple[float, float] | None = None
    toy_p_values: FloatArray | None = field(default=None, repr=False)

    @property
    def best(self) -> Bump | None:
        """The most significant window of all spectra."""
        return min(self.bumps, key=lambda bump: bump.local_p_value) if self.bumps else None

    @property
    def significance(self) -> float | None:
        """Global significance; None where it is not finite and only `interval` says something."""
        return float(stats.norm.isf(self.p_value)) if self.p_value and self.p_value < 1 else None

    def to_json(self) -> dict[str, Any]:
        """Plain types, for JSON."""
        return {
            "status": str(self.status),
            "n_toys": self.n_toys,
            "n_failed": self.n_failed,
            "bumps": None if self.bumps is None else [asdict(bump) for bump in self.bumps],
            "p_value": self.p_value,
            "interval": None if self.interval is None else list(self.interval),
            "significance": self.significance,
        }


def hunt_bumps(
    fits: Sequence[SpectrumFit],
    n_toys: int,
    rng: np.random.Generator,
    *,
    edges: npt.ArrayLike | None = None,
    widths: Sequence[int] | None = None,
    deficits: bool = False,
    toys: Sequence[npt.ArrayLike] | None = None,
) -> BumpHunt:
    """Search the spectra of background-only fits for the window with the most significant excess.

    Windows begin and end at `edges` (GeV, moved to the nearest of the spectrum; by default those of the
    spectrum: give `dijet_edges()` for fine bins) and are `widths` bins wide (by default two to half of them).
    `deficits` looks for too few events instead. `toys` are as in
    `fits.significance.global_significance`. Raises MaplessError if no window fits.
    """
    hunters = [_Hunter(fit, edges, widths, deficits) for fit in fits]
    if toys is None:
        toys = [poisson_toys(fit.expected_background(), n_toys, rng) for fit in fits]
    observed = [hunter.local_p_values(hunter.fit.spectrum.counts[None])[0] for hunter in hunters]
    tried = [hunter.smallest(counts) for hunter, counts in zip(hunters, toys, strict=True)]
    smallest = np.min(tried, axis=0)  # NaN where a fit failed
    good = np.isfinite(smallest)
    n_failed = int(np.count_nonzero(~good))
    status = global_status(bool(np.all(np.isfinite(np.concatenate(observed)))), n_failed, len(good))
    if status != GlobalStatus.GOOD:
        return BumpHunt(status, len(good), n_failed)
    bumps = tuple(hunter.bump(local) for hunter, local in zip(hunters, observed, strict=True))
    # Equal windows are as significant whatever the rounding of their sums.
    limit = min(bump.local_p_value for bump in bumps) * (1 + 1e-9)
    n_below = int(np.count_nonzero(smallest[good] <= limit))
    n_good = len(good) - n_failed
    interval = probability_interval(n_below, n_good)
    return BumpHunt(status, len(good), n_failed, bumps, n_below / n_good, interval, smallest[good])


def poisson_tail(observed: FloatArray, expected: FloatArray, *, deficits: bool = False) -> FloatArray:
    """Probability of this count or more (with `deficits` or less); 1 on the other side of the expectation.

    >>> poisson_tail(np.array([0.0, 3.0]), np.array([1.0, 1.0])).round(4).tolist()
    [1.0, 0.0803]
    """
    p_values = np.ones(np.broadcast_shapes(observed.shape, expected.shape))
    if deficits:
        few = observed < expected
        p_values[few] = special.gammaincc(observed[few] + 1, expected[few])
    else:
        many = observed > expected
        p_values[many] = special.gammainc(observed[many], expected[many])
    return p_values


class _Hunter:
    """All windows of one spectrum."""

    def __init__(
        self, fit: SpectrumFit, edges: npt.ArrayLike | None, widths: Sequence[int] | None, deficits: bool
    ) -> None:
        self.fit, self._deficits = fit, deficits
        wanted = fit.spectrum.edges if edges is None else np.asarray(edges, dtype=float)
        inside = wanted[(wanted >= fit.spectrum.low) & (wanted <= fit.spectrum.high)]
        self._ends = np.unique(nearest_indices(fit.spectrum.edges, inside))
        n_bins = len(self._ends) - 1
        widths = range(2, max(n_bins // 2, 2) + 1) if widths is None else widths
        pairs = [(first, first + width) for width in widths for first in range(n_bins - width + 1)]
        if not pairs or min(widths) < 1:
            raise MaplessError(
                f"no window of {list(widths)} bins fits into {n_bins}; choose other widths or edges"
            )
        self._first, self._last = np.array(pairs).T

    def smallest(self, counts: npt.ArrayLike) -> FloatArray:
        """Smallest local p-value (n_spectra,) of counts (n_spectra, n_bins), NaN for a failed fit."""
        rows = np.asarray(counts, dtype=float)
        size = max(1_000_000 // len(self._first), 1)
        return np.concatenate(
            [self.local_p_values(rows[i : i + size]).min(axis=1) for i in range(0, len(rows), size)]
        )

    def local_p_values(self, counts: FloatArray) -> FloatArray:
        """Of all windows, (n_spectra, n_windows)."""
        many = fit_many(self.fit, counts)
        p_values = poisson_tail(self._sums(counts), self._sums(many.expected()), deficits=self._deficits)
        return np.where(many.converged[:, None], p_values, np.nan)

    def bump(self, local_p_values: FloatArray) -> Bump:
        """The window of the smallest p-value in the data."""
        best = int(np.argmin(local_p_values))
        first, last = self._ends[[self._first[best], self._last[best]]]
        spectrum = self.fit.spectrum
        expected = fit_many(self.fit, spectrum.counts[None]).expected()[0, first:last]
        low, high = spectrum.edges[[first, last]].tolist()
        observed = float(spectrum.counts[first:last].sum())
        return Bump(low, high, observed, float(expected.sum()), float(local_p_values[best]))

    def _sums(self, per_bin: FloatArray) -> FloatArray:
        """Events of all windows, (n_spectra, n_windows)."""
        below = np.cumsum(per_bin, axis=1)
        below = np.concatenate([np.zeros((len(below), 1)), below], axis=1)[:, self._ends]
        return below[:, self._last] - below[:, self._first]
