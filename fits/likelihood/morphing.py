"""Templates that a nuisance parameter deforms bin by bin: vertical morphing.

Between -1 and +1 standard deviations a polynomial of sixth degree, beyond them a straight line: what CMS
Combine calls `shape` (arXiv:2404.06614, section 3.2) and pyhf code4p (default for histosys).
"""

import numpy as np

from fits.spectrum import FloatArray


class VerticalMorphing:
    """Changes (n_bins,) that n nuisance parameters add, each independently of the others.

    `down` and `up` (n, n_bins) are the changes at -1 and +1 standard deviations, zero for parameters that
    deform nothing. Parameter values (n,) may have more axes in front, which all results have then.
    """

    def __init__(self, down: FloatArray, up: FloatArray) -> None:
        self._odd, self._even = (up - down) / 2, (up + down) / 2

    def at(self, nuisances: FloatArray) -> FloatArray:
        """Sum of the changes (n_bins,) at parameter values (n,)."""
        step, _, _ = smooth_step(nuisances, 1.0)
        return nuisances @ self._odd + (nuisances * step) @ self._even

    def with_derivatives(self, nuisances: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Sum of the changes (n_bins,), with first and second derivatives (n_bins, n).

        There are no mixed second derivatives.
        """
        step, slope, bend = smooth_step(nuisances, 1.0)
        first = self._odd.T + self._even.T * (step + nuisances * slope)[..., None, :]
        second = self._even.T * (2 * slope + nuisances * bend)[..., None, :]
        return nuisances @ self._odd + (nuisances * step) @ self._even, first, second


def smooth_step(x: FloatArray, end: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Combine's smooth step from -1 (x < -end) to 1 (x > end), with first and second derivatives.

    >>> [float(part[0]) for part in smooth_step(np.array([0.5]), end=0.5)]
    [1.0, 0.0, -0.0]
    """
    t = np.clip(x / end, -1, 1)
    value = t * (15 - 10 * t**2 + 3 * t**4) / 8
    return value, 15 * (1 - t**2) ** 2 / (8 * end), -15 * t * (1 - t**2) / (2 * end**2)
