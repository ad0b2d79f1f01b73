"""Fits of many spectra with one background, and possibly a peak of free yield."""

import numpy as np

from fits.likelihood.descent import Descent, Indices, deviance, saturated, solved
from fits.likelihood.kernel import BackgroundTerm
from fits.spectrum import FloatArray


class BackgroundDescent(Descent):
    """Minima of the negative log-likelihood of counts (n, n_bins).

    Starts (n, n_parameters) of the background in internal coordinates; `known` events (n, n_bins) add to the
    expectation; `peak` (n_bins,) are the events of a signal for a yield of one, which starts at zero as the
    last coordinate and stays above `lowest` (n,).
    """

    def __init__(
        self,
        term: BackgroundTerm,
        counts: FloatArray,
        starts: FloatArray,
        *,
        known: FloatArray | None = None,
        peak: FloatArray | None = None,
        lowest: FloatArray | None = None,
    ) -> None:
        self._term, self._counts, self._peak = term, counts, peak
        self._known = known if known is not None and np.any(known) else None
        self._n = term.design.shape[1]
        self._corner = np.triu_indices(self._n)
        self._products = np.prod(term.design[:, self._corner], axis=1)
        self._saturated = saturated(counts)
        if peak is not None:
            starts = np.append(starts, np.zeros((len(starts), 1)), axis=1)
        low = np.full(starts.shape, -np.inf)
        if lowest is not None:
            low[:, -1] = lowest
        super().__init__(starts, low, np.full(starts.shape, np.inf), 1e-14 * counts.sum(axis=1))

    def evaluate(self, which: Indices, points: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """Values (n,); background at the nodes, and expected counts."""
        with np.errstate(over="ignore", invalid="ignore"):
            nodes = self._term.at_nodes(points[:, : self._n])
            expected = self._term.over_bins(nodes)
            if self._known is not None:
                expected += self._known[which]
            if self._peak is not None:
                expected += points[:, -1:] * self._peak
            value = deviance(self._counts[which], expected) + self._saturated[which]
        return np.where(np.isfinite(value), value, np.inf), [nodes, expected]

    def derivatives(self, which: Indices) -> tuple[FloatArray, FloatArray]:
        """Gradients (n, n_coordinates), and Hessians that neglect what varies inside a bin."""
        nodes, expected = (array[which] for array in self._memory)
        divisor = np.where(expected == 0, 1.0, expected)  # a steep background underflows, in empty bins
        ratio = self._counts[which] / divisor
        gradient = (nodes * self._term.to_nodes(1 - ratio)) @ self._term.design
        if self._peak is None and self._known is None:
            return gradient, self._symmetric(nodes @ self._products)
        bend = ratio / divisor
        others = 1 - bend * (expected - self._term.over_bins(nodes))
        hessian = self._symmetric((nodes * self._term.to_nodes(others)) @ self._products)
        if self._peak is None:
            return gradient, hessian
        mixed = (nodes * self._term.to_nodes(bend * self._peak)) @ self._term.design
        corner = (bend @ self._peak**2)[:, None, None]
        sides = np.concatenate([hessian, mixed[:, None]], axis=1), mixed[:, :, None]
        bordered = np.concatenate([sides[0], np.concatenate([sides[1], corner], axis=1)], axis=2)
        return np.append(gradient, ((1 - ratio) @ self._peak)[:, None], axis=1), bordered

    def _symmetric(self, corner: FloatArray) -> FloatArray:
        """Matrices (n, n_parameters, n_parameters) from their upper right halves."""
        rows, columns = self._corner
        matrix = np.empty((len(corner), self._n, self._n))
        matrix[:, rows, columns] = matrix[:, columns, rows] = corner
        return matrix

    def peak_errors(self) -> FloatArray:
        """Standard deviations (n,) of the yield where the descent is now."""
        held = self._point <= self._low
        _, hessian = self.derivatives(np.arange(len(held)))
        last = np.zeros(held.shape)
        last[:, -1] = 1
        return np.sqrt(solved(hessian, last, held)[:, -1])
