"""Whether a spectrum begins where its data do: a background over an empty beginning bends to describe it."""

import numpy as np

from errors import MaplessError
from fits.spectrum import Spectrum

_ENOUGH = 30  # events beside an empty range as wide as theirs, which they cannot leave empty by chance


def require_filled_beginning(spectrum: Spectrum) -> None:
    """MaplessError for a spectrum whose first bins are empty because its events were cut off there.

    They were if the range just above, as wide as the empty one, holds many events and does not rise.

    >>> require_filled_beginning(Spectrum([1400, 1500, 1600, 1700, 1800], [0, 0, 50, 40]))
    Traceback (most recent call last):
    errors.MaplessError: no event from 1400 to 1600 GeV, and 90 beside them; start the range at 1600 GeV
    """
    filled = np.flatnonzero(spectrum.counts)
    if not filled.size or filled[0] == 0:
        return
    start = float(spectrum.edges[filled[0]])
    width = max(start - spectrum.low, float(spectrum.widths[filled[0]]))
    beside = spectrum.counts[(spectrum.centres > start) & (spectrum.centres < start + width)]
    half = len(beside) // 2
    rises = half > 0 and beside[:half].sum() < beside[-half:].sum()
    if beside.sum() >= _ENOUGH and not rises:
        raise MaplessError(
            f"no event from {spectrum.low:g} to {start:g} GeV, and {beside.sum():g} beside them; start the "
            f"range at {start:g} GeV"
        )
