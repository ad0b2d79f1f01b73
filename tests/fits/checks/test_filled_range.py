import numpy as np
import pytest

from errors import MaplessError
from fits.checks.filled_range import require_filled_beginning
from fits.spectrum import Spectrum

EDGES = np.arange(1000.0, 2001.0, 100.0)


def test_a_beginning_that_was_cut_off_is_refused_with_where_to_start():
    with pytest.raises(MaplessError, match="no event from 1000 to 1300 GeV, .* start the range at 1300 GeV"):
        require_filled_beginning(Spectrum(EDGES, [0, 0, 0, 90, 80, 70, 60, 50, 40, 30]))


@pytest.mark.parametrize(
    "counts",
    [
        [0, 0, 0, 3, 1, 1, 0, 0, 0, 0],  # few events, which may leave it empty by chance
        [0, 0, 0, 5, 20, 90, 200, 300, 200, 100],  # rises from nothing
        [1, 0, 0, 90, 80, 70, 60, 50, 40, 30],  # not empty: goodness of fit says the rest
        [0] * 10,
    ],
)
def test_other_beginnings_are_left_to_the_fit(counts):
    require_filled_beginning(Spectrum(EDGES, counts))
