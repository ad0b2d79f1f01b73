"""Unbinned fits: every event in a bin of its own, so narrow that its width does not matter.

An extended unbinned likelihood, integral of the density minus sum of ln(density) over events, is what the
binned one becomes when bins shrink: bins with one event give the sum, they and the empty bins between them
give the integral. So an unbinned data set is a `Spectrum` like any other: fits with exact derivatives,
signals with nuisance parameters, categories, limits and discrete profiles take it as they take a histogram.
Over an event bin, 1e-4 GeV wide, the density of a resonance of 50 GeV width is constant within 1e-5, and what
is left cancels between its two halves.
"""

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.spectrum import FloatArray, Spectrum

_WIDTH = 1e-4  # of event bins, GeV; events closer than this share a bin
_LARGEST_RATIO = 1.004  # of the edges of empty bins, so that two quadrature nodes are plenty


def unbinned_spectrum(values: npt.ArrayLike, low: float, high: float) -> Spectrum:
    """Spectrum of single events with masses `values` (n_events,) in GeV, those from `low` to `high` GeV.

    A fit with signal takes about 0.2 s for 1e4 events and 2 s for 1e5; for more use a histogram.
    Raises MaplessError for values that are not finite and for a range without events.

    >>> spectrum = unbinned_spectrum([1500.0, 2000.0, 9000.0], 1400, 3000)
    >>> spectrum.total, float(spectrum.widths[spectrum.counts > 0].max().round(6))
    (2.0, 0.0001)
    """
    masses = np.sort(np.ravel(np.asarray(values, dtype=float)))
    if not (np.all(np.isfinite(masses)) and 0 < low < high < np.inf):
        raise MaplessError("an unbinned fit needs finite masses and a range from above zero upwards, in GeV")
    masses = masses[(masses >= low) & (masses <= high)]
    if not masses.size:
        raise MaplessError(f"no event has a mass from {low:g} to {high:g} GeV; check selection and range")
    first = np.flatnonzero(np.diff(masses, prepend=-np.inf) > _WIDTH)
    last = np.append(first[1:], len(masses)) - 1
    starts, ends = masses[first] - 0.5 * _WIDTH, masses[last] + 0.5 * _WIDTH
    grid = _grid(low, high)
    # Edges of the grid that would cut an event bin in two are left out.
    outside = np.searchsorted(starts, grid, side="right") == np.searchsorted(ends, grid, side="left")
    edges = np.unique(np.clip(np.concatenate([starts, ends, grid[outside], [low, high]]), low, high))
    counts = np.histogram(masses, edges)[0]
    return Spectrum(edges, counts)


def _grid(low: float, high: float) -> FloatArray:
    n_steps = int(np.ceil(np.log(high / low) / np.log(_LARGEST_RATIO)))
    return np.geomspace(low, high, n_steps + 1)
