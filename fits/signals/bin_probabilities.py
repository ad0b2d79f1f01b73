"""Probabilities of bins for a signal shape whose position and width shift, with derivatives."""

from collections.abc import Callable

import numpy as np

from fits.signals import SignalShape
from fits.signals.shape import Derivatives
from fits.spectrum import FloatArray

Contraction = Callable[[FloatArray], FloatArray]
_WithContraction = tuple[FloatArray, FloatArray, Contraction]

_POINT = 1e-3  # a bin centre is a bin this part as wide


def bins_within_reach(shape: SignalShape, edges: FloatArray) -> slice:
    """The bins that a shape reaches; all of them where it reaches none."""
    low, high = shape.reach
    within = np.flatnonzero((edges[1:] > low) & (edges[:-1] < high))
    return slice(int(within[0]), int(within[-1]) + 1) if within.size else slice(0, len(edges) - 1)


class BinProbabilities:
    """Probabilities (n_bins,) for events inside the edges, after relative shifts (2,) of mean and width.

    Shifts (n, 2) give probabilities (n, n_bins), and derivatives with the same axis in front.
    `n_nodes=1` takes the density at bin centres instead of the integral over each bin. The last answers are
    remembered: categories that share a shape ask the same questions. Bins beyond the reach of the shape have
    probability zero, whatever the shifts.
    """

    def __init__(self, shape: SignalShape, edges: FloatArray, n_nodes: int | None = None) -> None:
        edges = np.asarray(edges, dtype=float)
        self._within, self._n_bins = bins_within_reach(shape, edges), len(edges) - 1
        self._edges = edges[self._within.start : self._within.stop + 1]
        self._shape, self._at_centres = shape, n_nodes == 1
        centres, halves = 0.5 * (self._edges[1:] + self._edges[:-1]), 0.5 * _POINT * np.diff(self._edges)
        # Edges of tiny bins about the bin centres, and of what lies between them.
        self._points = np.stack([centres - halves, centres + halves], axis=1).ravel()
        self._last: tuple[bytes, FloatArray] | None = None
        self._last_derivatives: tuple[bytes, _WithContraction] | None = None
        self.nominal = self.at(np.zeros(2))

    def at(self, shift: FloatArray) -> FloatArray:
        """Probabilities; NaN where mean or width are not above zero, which no minimum can be."""
        if self._last is None or self._last[0] != shift.tobytes():
            self._last = shift.tobytes(), self._evaluated(shift)
        return self._last[1]

    def with_derivatives(self, shift: FloatArray) -> _WithContraction:
        """Probabilities, their first derivatives (n_bins, 2) in the shifts, and the second ones.

        Those (2, 2) come as a function of weights (n_bins,), summed over bins.
        """
        if self._last_derivatives is None or self._last_derivatives[0] != shift.tobytes():
            self._last_derivatives = shift.tobytes(), self._differentiated(shift)
        return self._last_derivatives[1]

    def _evaluated(self, shift: FloatArray) -> FloatArray:
        possible = np.all(shift > -1, axis=-1)
        places = np.where(possible[..., None], shift, 0.0)
        if self._at_centres:
            raw = self._fractions(self._points, places)[..., ::2] / _POINT
            shares = raw / self._fractions(self._edges[[0, -1]], places)
        else:
            raw = self._fractions(self._edges, places)
            shares = raw / raw.sum(axis=-1, keepdims=True)
        return np.where(possible[..., None], self._everywhere(shares), np.nan)

    def _everywhere(self, within: FloatArray) -> FloatArray:
        """Numbers (..., n_bins) of all bins from those of the bins within reach."""
        if within.shape[-1] == self._n_bins:
            return within
        everywhere = np.zeros((*within.shape[:-1], self._n_bins))
        everywhere[..., self._within] = within
        return everywhere

    def _fractions(self, edges: FloatArray, shift: FloatArray) -> FloatArray:
        return self._shape.varied_fractions(edges, *self._places(shift))

    def _derivatives(self, edges: FloatArray, shift: FloatArray) -> Derivatives:
        return self._shape.varied_derivatives(edges, *self._places(shift))

    def _places(self, shift: FloatArray) -> tuple[FloatArray, FloatArray]:
        return self._shape.mean * (1 + shift[..., 0]), self._shape.sigma * (1 + shift[..., 1])

    def _differentiated(self, shift: FloatArray) -> _WithContraction:
        if self._at_centres:
            points = self._derivatives(self._points, shift)
            raw, first, second = points[0][..., ::2], points[1][..., ::2, :], points[2][..., ::2, :, :]
            total, slope, bend = (_POINT * part for part in self._derivatives(self._edges[[0, -1]], shift))
            total, slope, bend = total[..., 0], slope[..., 0, :], bend[..., 0, :, :]
        else:
            raw, first, second = self._derivatives(self._edges, shift)
            total, slope, bend = raw.sum(axis=-1), first.sum(axis=-2), second.sum(axis=-3)
        unit = np.array([self._shape.mean, self._shape.sigma])
        # The quotient rule, for the probability to be inside.
        total = total[..., None, None]
        shape = raw / total[..., 0]
        shape1 = (first - shape[..., None] * slope[..., None, :]) / total
        flat = second.reshape(*second.shape[:-2], 4)

        def bent(weights: FloatArray) -> FloatArray:
            row = weights[..., None, self._within]
            cross = (row @ shape1).swapaxes(-1, -2) * slope[..., None, :]
            summed = (row @ flat).reshape(*weights.shape[:-1], 2, 2) - (row @ shape[..., None]) * bend
            return (summed - cross - cross.swapaxes(-1, -2)) / total * np.outer(unit, unit)

        slopes = self._everywhere((shape1 * unit).swapaxes(-1, -2)).swapaxes(-1, -2)
        return self._everywhere(shape), slopes, bent
