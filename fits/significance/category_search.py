"""Significances of many toys of categories with a common signal, each with a background of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from errors import MaplessError
from fits.backgrounds.families import bin_quadrature
from fits.fit import SpectrumFit, lowest_yield, signal_term
from fits.likelihood.background_descent import BackgroundDescent
from fits.likelihood.kernel import BackgroundTerm
from fits.likelihood.signal_term import SignalTerm
from fits.many_fits import fit_many
from fits.signals import SignalShape
from fits.spectrum import FloatArray

_CHUNK = 30_000  # expected counts of so many spectra at once


@dataclass(frozen=True, eq=False)
class CategorySearch:
    """Background-only fits of several categories and the signals looked for in all of them together.

    `signals` in order of mass; of each, `shares[i]` lies in category i. Counts of all categories follow each
    other along the last axis. Nuisance parameters take no part. Raises MaplessError for unequal numbers of
    fits and shares.
    """

    nulls: tuple[SpectrumFit, ...]
    shares: tuple[float, ...]
    signals: tuple[SignalShape, ...]

    def __post_init__(self) -> None:
        if not self.nulls or len(self.nulls) != len(self.shares):
            raise MaplessError(
                f"{len(self.shares)} shares for {len(self.nulls)} categories; give one for each"
            )

    @property
    def counts(self) -> FloatArray:
        """Observed counts of all categories (n_bins,)."""
        return np.concatenate([null.spectrum.counts for null in self.nulls])

    @property
    def hypotheses(self) -> tuple[float, ...]:
        """Where each signal peaks in GeV."""
        return tuple(shape.mean for shape in self.signals)

    def expected(self) -> FloatArray:
        """Background-only expectation (n_bins,), which toys fluctuate about."""
        return np.concatenate([null.expected_background() for null in self.nulls])

    def significances(self, counts: npt.ArrayLike) -> FloatArray:
        """Signed local significances (n_spectra, n_signals) of counts (n_spectra, n_bins), NaN if failed."""
        rows = np.asarray(counts, dtype=float)
        size = max(_CHUNK // len(self._background.design), 1)
        return np.concatenate([self._some(rows[i : i + size]) for i in range(0, len(rows), size)])

    def _some(self, counts: FloatArray) -> FloatArray:
        ends = np.cumsum([null.spectrum.n_bins for null in self.nulls])[:-1]
        alone = [fit_many(*pair) for pair in zip(self.nulls, np.split(counts, ends, axis=1), strict=True)]
        good = np.all([many.converged for many in alone], axis=0)
        values = np.concatenate([many.values for many in alone], axis=1)[good]
        starts = values @ np.linalg.inv(self._background.transform).T
        without = sum(many.nll[good] for many in alone)
        found = np.full((len(counts), len(self.signals)), np.nan)
        expected = self._background.expected(starts)
        for place, shape in enumerate(self.signals):
            terms = self._signals(shape)
            peak = np.concatenate([term.expected(np.ones(1)) for term in terms])
            parts = zip(np.split(expected, ends, axis=1), terms, strict=True)
            low = np.max([lowest_yield(*part) for part in parts], axis=0)
            fits = BackgroundDescent(self._background, counts[good], starts, peak=peak, lowest=low).run()
            gain = np.sqrt(np.maximum(2 * (without - fits.values), 0))
            found[good, place] = np.where(fits.converged, np.copysign(gain, fits.points[:, -1]), np.nan)
        found[~np.all(np.isfinite(found), axis=1)] = np.nan
        return found

    def _signals(self, shape: SignalShape) -> list[SignalTerm]:
        """Its share in each category."""
        pairs = zip(self.nulls, self.shares, strict=True)
        return [
            SignalTerm(signal_term(null.spectrum, shape).shape, null.spectrum.edges, events=share)
            for null, share in pairs
        ]

    @cached_property
    def _background(self) -> "_JoinedBackground":
        return _JoinedBackground(self.nulls)


class _JoinedBackground(BackgroundTerm):
    """Backgrounds side by side: their bins follow each other, and so do their parameters."""

    def __init__(self, fits: Sequence[SpectrumFit]) -> None:
        n_nodes = max(len(bin_quadrature(fit.spectrum.edges)[0]) for fit in fits)
        terms = [
            BackgroundTerm(fit.background, fit.spectrum.edges, fit.expected_background(), n_nodes)
            for fit in fits
        ]
        self.parameters = tuple(f"{place}_{name}" for place, t in enumerate(terms) for name in t.parameters)
        self._shape = n_nodes, sum(fit.spectrum.n_bins for fit in fits)
        self._widths = np.concatenate([t._widths.reshape(n_nodes, -1) for t in terms], axis=1).ravel()
        self.transform = block_diag(*(term.transform for term in terms))
        of_nodes = [np.split(term.design, n_nodes) for term in terms]
        self.design = np.concatenate([block_diag(*blocks) for blocks in zip(*of_nodes, strict=True)])
