"""A grid of windows: what is planted is found where it is, and background alone has uniform p-values."""

import numpy as np
import pytest
from scipy import stats

from errors import MaplessError
from fits.significance.grid_hunt import GridCounts, hunt_grid, parts

WINDOWS = tuple((40.0 * i, 40.0 * i + 80) for i in range(1, 8))  # each shares its halves with its neighbours
EDGES = tuple(np.linspace(2000, 4000, 21).tolist())
WEIGHT = 0.2  # of an event that the background is made of


def events(n_expected, rng):
    """Numbers of events in parts and bins of two falling masses."""
    n = rng.poisson(n_expected)
    masses = 40 + rng.exponential(100, n), 2000 + rng.exponential(400, n)
    return np.histogram2d(*masses, (parts(WINDOWS), np.array(EDGES)))[0]


def empty_grid(rng, n_expected=400.0, planted=None):
    """Counts with a background of five times as many weighted events."""
    counts, made_of = events(n_expected, rng), events(n_expected / WEIGHT, rng)
    if planted:
        counts[planted] += 12
    return GridCounts(
        WINDOWS, EDGES, counts, WEIGHT * made_of, WEIGHT * rng.poisson(made_of, (100, *made_of.shape))
    )


def test_a_planted_signal_is_found_in_its_windows() -> None:
    rng = np.random.default_rng(1)
    found = hunt_grid(empty_grid(rng, planted=(3, slice(15, 17))), 200, rng)
    assert found.best.low <= 160
    assert found.best.high >= 200
    assert (found.best.first, found.best.last) == (3500, 3700)
    assert found.p_value < 0.01
    far = [one for one in found.spectra if one.high <= 160 or one.low >= 200]
    assert min(one.p_value for one in far) > 0.01


def test_windows_without_background_are_not_tested() -> None:
    rng = np.random.default_rng(2)
    grid = empty_grid(rng)
    grid.counts[:, -1] += 5
    grid.expected[:, -3:] = grid.replicas[..., -3:] = 0
    assert all(one.expected > 0 for one in hunt_grid(grid, 20, rng).spectra if one.local_p_value < 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"windows": ()}, "windows that have a width"),
        ({"edges": EDGES[:-1]}, "parts and bins"),
        ({"expected": -np.ones((8, 20))}, "not negative"),
    ],
)
def test_grids_that_cannot_be_are_refused(change, message) -> None:
    ones = np.ones((8, 20))
    given = {
        "windows": WINDOWS,
        "edges": EDGES,
        "counts": ones,
        "expected": ones,
        "replicas": np.ones((3, 8, 20)),
    }
    with pytest.raises(MaplessError, match=message):
        GridCounts(**given | change)


@pytest.mark.physics
@pytest.mark.parametrize("n_expected", [150.0, 2000.0])
def test_p_values_of_an_empty_grid_are_uniform(n_expected) -> None:
    rng = np.random.default_rng(3)
    found = [hunt_grid(empty_grid(rng, n_expected), 200, rng) for _ in range(400)]
    everywhere = np.array([one.p_value for one in found])
    cells = np.array([[one.p_value for one in hunt.spectra] for hunt in found])
    for values in (everywhere, cells[:, 0], cells[:, 3]):
        print(
            n_expected,
            values.mean(),
            [(values <= p).mean() for p in (0.05, 0.1, 0.32)],
            stats.kstest(values, "uniform").pvalue,
        )
    assert stats.kstest(everywhere, "uniform").pvalue > 0.01
    assert all(np.mean(cells[:, i] <= 0.1) < 0.15 for i in range(len(WINDOWS)))
