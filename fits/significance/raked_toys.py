"""Toys of spectra that share events, such as those of several selections of the same data.

Every event belongs to some of the spectra: its membership pattern. The expected events of each pattern in
each bin are raked (iterative proportional fitting: Deming and Stephan, Ann. Math. Stat. 11 (1940) 427) until
those of all patterns of a spectrum add up to its fitted background. Toys fluctuate these independent cells,
so that an event that two spectra share is in both or in neither. Selections are held fixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.significance.tested import Tested
from fits.spectrum import FloatArray

Booleans = npt.NDArray[np.bool_]

_LARGEST_MISMATCH = 0.01  # of the events of a spectrum
_AGREEMENT = 1e-6  # relative difference in every bin, where raking ends
_FEWEST_ROUNDS, _MOST_ROUNDS = 50, 1000
_STANDSTILL = 0.999  # of the difference of the round before: raking gets no better
_CELLS = 2_000_000  # pattern times bin that are raked at a time
_EVENTS = 4_000_000  # drawn at a time


@dataclass(frozen=True, eq=False)
class Membership:
    """Which events belong to which spectra.

    `patterns` (n_patterns, n_spectra) of booleans, and `members` (n_patterns,), the events of each pattern.

    >>> Membership.of([[True, True], [True, False], [True, False]]).members.tolist()
    [2, 1]
    """

    patterns: Booleans
    members: npt.NDArray[np.intp]

    @classmethod
    def of(cls, selected: npt.ArrayLike) -> "Membership":
        """Patterns of events, of which `selected` (n_events, n_spectra) says what they belong to."""
        masks = np.asarray(selected, dtype=bool)
        packed, members = np.unique(np.packbits(masks, axis=1), axis=0, return_counts=True)
        patterns = np.unpackbits(packed, axis=1, count=masks.shape[1]).astype(bool)
        used = patterns.any(axis=1)
        return cls(patterns[used], members[used])


def raked_toys(
    patterns: npt.ArrayLike,
    members: npt.ArrayLike,
    expected: Sequence[npt.ArrayLike],
    n_toys: int,
    rng: np.random.Generator,
) -> list[FloatArray]:
    """Counts (n_toys, n_bins) of each spectrum, which fluctuate about its expectation (n_bins,).

    `patterns` (n_patterns, n_spectra) and the numbers `members` (n_patterns,) of events in each of them are
    those of `Membership.of`; all spectra have the same bins. Memory is bounded by the counts that are given
    back. Raises MaplessError for numbers that do not fit together, and if the patterns cannot give the
    expectation of a spectrum within 1 % of its events.

    >>> rng = np.random.default_rng(1)
    >>> both = Membership.of(np.repeat([[True, True], [True, False]], 500, axis=0))
    >>> first, second = raked_toys(both.patterns, both.members, [[1000.0], [500.0]], 2000, rng)
    >>> round(float(np.corrcoef(first[:, 0], second[:, 0])[0, 1]), 1)  # square root of the shared half
    0.7
    """
    belongs, events, wanted = _checked(patterns, members, expected)
    toys = [np.zeros((n_toys, wanted.shape[1])) for _ in wanted]
    mismatch = np.zeros(len(wanted))
    size = max(_CELLS // len(belongs), 1)
    shape = wanted.sum(axis=0) / wanted.sum()
    for first in range(0, wanted.shape[1], size):
        bins = slice(first, first + size)
        cells = _raked(events[:, None] * shape[bins], belongs, wanted[:, bins])
        mismatch += np.abs(belongs.T.astype(float) @ cells - wanted[:, bins]).sum(axis=1)
        _fill([toy[:, bins] for toy in toys], cells, belongs, rng)
    worst = int(np.argmax(mismatch / wanted.sum(axis=1)))
    if not mismatch[worst] <= _LARGEST_MISMATCH * wanted[worst].sum():
        raise MaplessError(
            f"events shared between spectra cannot give the background of number {worst} within "
            f"{_LARGEST_MISMATCH:.0%} (off by {mismatch[worst] / wanted[worst].sum():.1%}); fit it better or "
            "leave it out of the common toys"
        )
    return toys


def raked_toys_of(
    searches: Sequence[Tested], membership: Membership, n_toys: int, rng: np.random.Generator
) -> list[FloatArray]:
    """The same for `global_significance`: one array (n_toys, n_bins) per search.

    A search in several categories has one column of the patterns for each of them, in their order, and its
    counts follow each other. All spectra and categories have the same bins. Raises MaplessError for another
    number of columns.
    """
    expected = [search.expected() for search in searches]
    n_spectra = membership.patterns.shape[1]
    n_bins = sum(map(len, expected)) // n_spectra
    if (
        n_bins == 0
        or any(len(mu) % n_bins for mu in expected)
        or sum(map(len, expected)) != n_bins * n_spectra
    ):
        raise MaplessError(
            f"membership in {n_spectra} spectra for searches with {[len(mu) for mu in expected]} bins; give "
            "one column for each spectrum or category, all with the same bins"
        )
    parts = np.concatenate(expected).reshape(n_spectra, n_bins)
    toys = raked_toys(membership.patterns, membership.members, list(parts), n_toys, rng)
    ends = np.cumsum([len(mu) // n_bins for mu in expected])
    return [np.hstack(toys[end - len(mu) // n_bins : end]) for mu, end in zip(expected, ends, strict=True)]


def _checked(
    patterns: npt.ArrayLike, members: npt.ArrayLike, expected: Sequence[npt.ArrayLike]
) -> tuple[Booleans, FloatArray, FloatArray]:
    belongs, events = np.asarray(patterns, dtype=bool), np.asarray(members, dtype=float)
    sizes = {np.shape(one) for one in expected}
    if len(sizes) != 1:
        raise MaplessError("toys of spectra that share events need the same bins in all; rebin them")
    wanted = np.array(expected, dtype=float)
    if belongs.shape != (len(events), len(wanted)) or not events.size:
        raise MaplessError(
            f"patterns of shape {belongs.shape} for {len(events)} numbers of events and {len(wanted)} spectra"
        )
    if not (np.all(events > 0) and np.all(np.isfinite(wanted)) and np.all(wanted >= 0)):
        raise MaplessError("patterns have events, and expectations are finite and not negative")
    if not np.all(wanted.sum(axis=1) > 0) or not np.all(belongs.any(axis=1)):
        raise MaplessError("every spectrum expects events, and every pattern belongs to a spectrum")
    return belongs, events, wanted


def _raked(cells: FloatArray, belongs: Booleans, wanted: FloatArray) -> FloatArray:
    """Cells (n_patterns, n_bins) scaled until those of each spectrum add up to what is wanted, bin by bin."""
    rows = [np.flatnonzero(column) for column in belongs.T]
    before = np.inf
    for done in range(_MOST_ROUNDS):
        furthest = 0.0
        for own, mu in zip(rows, wanted, strict=True):
            sums = cells[own].sum(axis=0)
            factors = np.divide(mu, sums, out=np.ones_like(mu), where=sums > 0)
            cells[own] *= factors
            furthest = max(furthest, float(np.max(np.abs(factors - 1), initial=0.0)))
        if furthest < _AGREEMENT or (done > _FEWEST_ROUNDS and furthest > _STANDSTILL * before):
            break
        before = furthest
    return cells


def _fill(toys: Sequence[FloatArray], cells: FloatArray, belongs: Booleans, rng: np.random.Generator) -> None:
    """Add events of all cells to the toys (n_toys, n_bins) of the spectra."""
    n_toys, n_bins = toys[0].shape
    crowded = cells.sum(axis=1) > n_bins  # cheaper bin by bin than event by event
    for row, mu in zip(belongs[crowded], cells[crowded], strict=True):
        counts = rng.poisson(mu, (n_toys, n_bins))
        for place in np.flatnonzero(row).tolist():
            toys[place][:] += counts
    few, own = cells[~crowded], belongs[~crowded]
    ends = np.cumsum(few.ravel())
    if not ends.size or ends[-1] <= 0:
        return
    # Toys in chunks whose events fit into memory; a Poisson number of events, each in a random cell.
    size = n_toys if ends[-1] * n_toys <= _EVENTS else max(int(_EVENTS / ends[-1]), 1)
    for chunk in range(ceil(n_toys / size)):
        first, last = chunk * size, min((chunk + 1) * size, n_toys)
        n_events = rng.poisson(ends[-1] * (last - first))
        cell = np.searchsorted(ends, rng.random(n_events) * ends[-1], side="right")
        pattern, in_bin = np.divmod(np.minimum(cell, ends.size - 1), n_bins)
        place_in_toys = rng.integers(first, last, n_events) * n_bins + in_bin
        for spectrum, column in zip(toys, own.T, strict=True):
            inside = place_in_toys[column[pattern]] - first * n_bins
            counts = np.bincount(inside, minlength=(last - first) * n_bins)
            spectrum[first:last] += counts.reshape(last - first, n_bins)
