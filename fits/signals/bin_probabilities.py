"""Probabilities of bins for a signal shape whose position and width shift, with derivatives."""

from collections.abc import Callable

import numpy as np

from fits.signals import SignalShape
from fits.spectrum import FloatArray

Contraction = Callable[[FloatArray], FloatArray]
_Derivatives = tuple[FloatArray, FloatArray, Contraction]

_POINT = 1e-3  # a bin centre is a bin this part as wide


class BinProbabilities:
    """Probabilities (n_bins,) for events inside the edges, after relative shifts (2,) of mean and width.

    `n_nodes=1` takes the density at bin centres instead of the integral over each bin. The last answers are
    remembered: categories that share a shape ask the same questions.
    """

    def __init__(self, shape: SignalShape, edges: FloatArray, n_nodes: int | None = None) -> None:
        self._shape, self._edges, self._at_centres = shape, np.asarray(edges, dtype=float), n_nodes == 1
        centres, halves = 0.5 * (self._edges[1:] + self._edges[:-1]), 0.5 * _POINT * np.diff(self._edges)
        # Edges of tiny bins about the bin centres, and of what lies between them.
        self._points = np.stack([centres - halves, centres + halves], axis=1).ravel()
        self._last: tuple[bytes, FloatArray] | None = None
        self._last_derivatives: tuple[bytes, _Derivatives] | None = None
        self.nominal = self.at(np.zeros(2))

    def at(self, shift: FloatArray) -> FloatArray:
        """Probabilities; NaN where mean or width are not above zero, which no minimum can be."""
        if self._last is None or self._last[0] != shift.tobytes():
            self._last = shift.tobytes(), self._evaluated(shift)
        return self._last[1]

    def with_derivatives(self, shift: FloatArray) -> _Derivatives:
        """Probabilities, their first derivatives (n_bins, 2) in the shifts, and the second ones.

        Those (2, 2) come as a function of weights (n_bins,), summed over bins.
        """
        if self._last_derivatives is None or self._last_derivatives[0] != shift.tobytes():
            self._last_derivatives = shift.tobytes(), self._differentiated(shift)
        return self._last_derivatives[1]

    def _moved(self, shift: FloatArray) -> SignalShape:
        return self._shape.varied(*(np.array([self._shape.mean, self._shape.sigma]) * (1 + shift)).tolist())

    def _evaluated(self, shift: FloatArray) -> FloatArray:
        if not np.all(shift > -1):
            return np.full(len(self._edges) - 1, np.nan)
        moved = self._moved(shift)
        if not self._at_centres:
            raw = moved.bin_fractions(self._edges)
            return np.asarray(raw / raw.sum())
        return moved.bin_fractions(self._points)[::2] / (_POINT * moved.bin_fractions(self._edges[[0, -1]]))

    def _differentiated(self, shift: FloatArray) -> _Derivatives:
        moved = self._moved(shift)
        if self._at_centres:
            raw, first, second = (part[::2] / _POINT for part in moved.derivatives(self._points))
            total, slope, bend = (part[0] for part in moved.derivatives(self._edges[[0, -1]]))
        else:
            raw, first, second = moved.derivatives(self._edges)
            total, slope, bend = raw.sum(), first.sum(axis=0), second.sum(axis=0)
        unit = np.array([self._shape.mean, self._shape.sigma])
        # The quotient rule, for the probability to be inside.
        shape = raw / total
        shape1 = (first - shape[:, None] * slope) / total

        def bent(weights: FloatArray) -> FloatArray:
            cross = np.outer(weights @ shape1, slope)
            summed = (weights @ second.reshape(-1, 4)).reshape(2, 2) - (weights @ shape) * bend
            return (summed - cross - cross.T) / total * np.outer(unit, unit)

        return shape, shape1 * unit, bent
