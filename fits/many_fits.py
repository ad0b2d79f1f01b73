"""Fits of many spectra at once, with and without a signal: what toys are fitted with.

All spectra take Newton steps side by side, so that thousands of fits are a few matrix products. Every fit
ends with its own distance to the minimum, and one that fails is marked and carries no number.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from errors import MaplessError
from fits.fit import SpectrumFit, lowest_yield, signal_term
from fits.likelihood.background_descent import BackgroundDescent
from fits.likelihood.descent import ManyEnds
from fits.likelihood.kernel import BackgroundTerm
from fits.signals import SignalShape
from fits.spectrum import FloatArray

_CHUNK = 100_000  # expected counts of so many spectra stay in the cache of a core


@dataclass(frozen=True, eq=False)
class ManyFits:
    """Ends of many background fits: `values` (n_spectra, n_parameters) physical, the others (n_spectra,).

    `nll` is defined as in FitResult. Numbers are NaN where `converged` is false.
    """

    names: tuple[str, ...]
    values: FloatArray
    nll: FloatArray
    edm: FloatArray
    converged: npt.NDArray[np.bool_]
    term: BackgroundTerm = field(repr=False)

    def expected(self) -> FloatArray:
        """Fitted background events (n_spectra, n_bins)."""
        return self.term.expected(self.values @ np.linalg.inv(self.term.transform).T)

    @property
    def n_failed(self) -> int:
        """Number of spectra without a minimum."""
        return int(np.count_nonzero(~self.converged))


@dataclass(frozen=True, eq=False)
class ManySignalFits:
    """Ends of fits of every spectrum with every signal, each field (n_spectra, n_signals).

    Numbers are NaN where `converged` is false; `errors` also where the yield is at its lower bound
    (`at_bound`). `null` are the background-only fits, and `values` (n_spectra, n_signals, n_parameters) the
    background parameters.
    """

    null: ManyFits
    signal_yields: FloatArray
    errors: FloatArray
    values: FloatArray
    nll: FloatArray
    converged: npt.NDArray[np.bool_]
    at_bound: npt.NDArray[np.bool_]

    def expected_background(self, place: int) -> FloatArray:
        """Fitted background events (n_spectra, n_bins) beside the signal at this place."""
        return replace(self.null, values=self.values[:, place]).expected()

    @property
    def signed_significances(self) -> FloatArray:
        """Square root of twice the gain in log-likelihood over background only, negative for deficits."""
        gain = np.sqrt(np.maximum(2 * (self.null.nll[:, None] - self.nll), 0))
        return np.copysign(gain, self.signal_yields)

    @property
    def significances(self) -> FloatArray:
        """Local significances of excesses, zero for deficits (`fits.significance.mass_scan`)."""
        return np.where(self.signed_significances < 0, 0.0, self.signed_significances)

    @property
    def spectra_converged(self) -> npt.NDArray[np.bool_]:
        """Spectra (n_spectra,) of which every fit may be used."""
        return self.null.converged & self.converged.all(axis=1)


def fit_many(like: SpectrumFit, counts: npt.ArrayLike, *, signal: npt.ArrayLike = 0.0) -> ManyFits:
    """Background-only fits of counts (n_spectra, n_bins) in the bins of a converged fit, which is the start.

    `signal` are known events that are added to the expectation, for fits with a signal of fixed yield:
    a number, (n_bins,) or (n_spectra, n_bins). Raises MaplessError if the counts do not fit the bins.
    """
    counts = _checked(like, counts)
    term = like.background_term
    known = np.broadcast_to(np.asarray(signal, dtype=float), counts.shape)
    # Same shape, each with its own number of events.
    starts = np.tile(like.background_values, (len(counts), 1))
    events = np.maximum(counts.sum(axis=1) - known.sum(axis=1), 1)
    starts[:, 0] += np.log(events / like.expected_background().sum())
    starts = starts @ np.linalg.inv(term.transform).T
    ends = ManyEnds.joined(
        [
            BackgroundDescent(term, counts[rows], starts[rows], known=known[rows]).run()
            for rows in _chunks(like, len(counts))
        ]
    )
    # With no more filled bins than parameters the minimum is at infinity.
    determined = np.count_nonzero(counts, axis=1) > len(like.background.parameters)
    converged = ends.converged & determined
    values = np.where(converged[:, None], ends.points @ term.transform.T, np.nan)
    nll = np.where(converged, ends.values, np.nan)
    return ManyFits(term.parameters, values, nll, ends.edm, converged, term)


def fit_many_signals(
    like: SpectrumFit, counts: npt.ArrayLike, signals: Sequence[SignalShape], *, null: ManyFits | None = None
) -> ManySignalFits:
    """Fits with each signal (free yield, no nuisances) of counts (n_spectra, n_bins).

    Background-only fits come first (or give them as `null`). The yields have the same lower bound as in
    `fits.fit.fit_signal`. Raises MaplessError if the counts do not fit the bins or a signal is outside.
    """
    counts = _checked(like, counts)
    terms = [signal_term(like.spectrum, shape) for shape in signals]
    null = fit_many(like, counts) if null is None else null
    shape, n = (len(counts), len(terms)), len(null.names)
    yields, errors, nll = (np.full(shape, np.nan) for _ in range(3))
    values = np.full((*shape, n), np.nan)
    converged, at_bound = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    for rows in _chunks(like, len(counts)):
        good = rows[null.converged[rows]]
        starts = null.values[good] @ np.linalg.inv(like.background_term.transform).T
        background = like.background_term.expected(starts)
        for place, term in enumerate(terms):
            low = lowest_yield(background, term)
            peak = term.expected(np.ones(1))
            descent = BackgroundDescent(like.background_term, counts[good], starts, peak=peak, lowest=low)
            ends = descent.run()
            fine = good[ends.converged]
            converged[fine, place] = True
            nll[fine, place] = ends.values[ends.converged]
            yields[fine, place] = ends.points[ends.converged, n]
            values[fine, place] = ends.points[ends.converged, :n] @ like.background_term.transform.T
            errors[fine, place] = np.where(ends.at_bound, np.nan, descent.peak_errors())[ends.converged]
            at_bound[fine, place] = ends.at_bound[ends.converged]
    return ManySignalFits(null, yields, errors, values, nll, converged, at_bound)


def _checked(like: SpectrumFit, counts: npt.ArrayLike) -> FloatArray:
    like.result.require_convergence("fit that many spectra start from")
    counts = np.asarray(counts, dtype=float)
    if counts.ndim != 2 or counts.shape[1] != like.spectrum.n_bins:  # noqa: PLR2004
        raise MaplessError(f"counts of shape {counts.shape}; give (n_spectra, {like.spectrum.n_bins})")
    return counts


def _chunks(like: SpectrumFit, n_spectra: int) -> list[npt.NDArray[np.intp]]:
    size = max(_CHUNK // len(like.background_term.design), 1)
    return [np.arange(first, min(first + size, n_spectra)) for first in range(0, n_spectra, size)]
