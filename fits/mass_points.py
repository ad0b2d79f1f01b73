"""Masses at which a resonance is looked for."""

import math
from collections.abc import Sequence

import numpy as np

from errors import MaplessError
from fits.spectrum import Spectrum

MOST = 10_000
_ROUNDING = 1e-9
_ROOM = 2.5  # sigma of a resonance on either side


def masses_with_room(spectra: Sequence[Spectrum], width: float) -> tuple[float, ...]:
    """Masses (GeV) at which a resonance of relative `width` lies within the filled bins of all spectra.

    It does with 2.5 sigma on either side; steps are up to half of the width in the middle. MaplessError if
    there are none.

    >>> masses = masses_with_room([Spectrum(np.arange(1000.0, 2001.0, 100.0), np.ones(10))], 0.05)
    >>> masses[:2], masses[-1]
    ((1160.0, 1180.0), 1760.0)
    """
    if not 0 < width < 1 / _ROOM:
        raise MaplessError(f"a relative width of {width:g} leaves no room for a resonance; name masses")
    low = max(spectrum.edges[0] for spectrum in spectra)
    high = min(float(np.max(one.edges[1:], where=one.counts > 0, initial=one.edges[0])) for one in spectra)
    first, last = low / (1 - _ROOM * width), high / (1 + _ROOM * width)
    if not first < last:
        raise MaplessError(f"no resonance fits between {low:g} and {high:g} GeV; name masses or widen it")
    wanted = width * np.sqrt(first * last) / 2
    power = 10 ** np.floor(np.log10(wanted))
    step = float(max(one * power for one in (1, 2, 5) if one * power <= wanted))
    return mass_points(step * math.ceil(first / step), last, step)


def mass_points(low: float, high: float, step: float) -> tuple[float, ...]:
    """Masses (GeV) from `low` to `high` in steps, both ends included.

    Raises MaplessError unless they rise from above zero, are finite, and are at most 10,000.

    >>> mass_points(1800, 2000, 100), mass_points(3000, 3000, 1)
    ((1800.0, 1900.0, 2000.0), (3000.0,))
    """
    if not (0 < low <= high and step > 0 and math.isfinite(high + step)):
        raise MaplessError(f"no masses rise from {low:g} to {high:g} GeV in steps of {step:g} GeV")
    steps = (high - low) / step + _ROUNDING
    if steps >= MOST:
        raise MaplessError(f"steps of {step:g} GeV make more than {MOST:,} masses; take larger ones")
    return tuple((low + step * np.arange(int(steps) + 1.0)).tolist())
