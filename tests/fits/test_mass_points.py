import numpy as np
import pytest

from errors import MaplessError
from fits.mass_points import masses_with_room
from fits.spectrum import Spectrum

EDGES = np.arange(1000.0, 3001.0, 100.0)


def test_masses_end_where_the_events_of_any_spectrum_do():
    counts = np.where(EDGES[1:] <= 2000, 5.0, 0.0)
    long, short = Spectrum(EDGES, np.ones(20)), Spectrum(EDGES, counts)
    masses = masses_with_room([long, short], 0.04)
    assert masses == masses_with_room([short], 0.04)
    assert masses[0] * (1 - 2.5 * 0.04) >= 1000
    assert masses[-1] * (1 + 2.5 * 0.04) <= 2000 < (2 * masses[-1] - masses[-2]) * (1 + 2.5 * 0.04)


@pytest.mark.parametrize("width", [0.0, 0.4, 0.3])
def test_without_room_for_a_resonance_masses_have_to_be_named(width):
    with pytest.raises(MaplessError, match="name masses"):
        masses_with_room([Spectrum(EDGES, np.ones(20))], width)
