"""Toys of overlapping selections, against independent replicas of the events themselves."""

import numpy as np
import pytest

from errors import MaplessError
from fits.backgrounds import Dijet
from fits.fit import fit_background
from fits.signals import Gaussian
from fits.significance.category_search import CategorySearch
from fits.significance.global_significance import SpectrumSearch, global_significance
from fits.significance.raked_toys import Membership, raked_toys, raked_toys_of
from fits.spectrum import Spectrum
from fits.toys import poisson_toys

EDGES = np.linspace(2000.0, 6000.0, 41)
SIGNALS = tuple(Gaussian(mass, 0.04 * mass) for mass in (2600.0, 3000.0, 3400.0, 3800.0))
N_EVENTS, N_SELECTIONS, N_TOYS = 20_000, 5, 400


def events(n, rng):
    """Masses, and which of the selections (n, 1 + N_SELECTIONS) keep each event; the first keeps all."""
    masses = 2000.0 * (1 - rng.random(n)) ** (-1 / 6)
    shared, own = rng.normal(size=(n, 1)), rng.normal(size=(n, N_SELECTIONS))
    kept = np.sqrt(0.95) * shared + np.sqrt(0.05) * own > 1.0
    return masses, np.column_stack([np.ones(n, dtype=bool), kept])


def spectra(masses, kept):
    return np.array([np.histogram(masses[column], EDGES)[0] for column in kept.T], dtype=float)


@pytest.fixture(scope="module")
def data():
    return events(N_EVENTS, np.random.default_rng(2))


@pytest.fixture(scope="module")
def searches(data):
    fits = [fit_background(Spectrum(EDGES, counts), Dijet(2)) for counts in spectra(*data)]
    return [SpectrumSearch(fit, SIGNALS) for fit in fits]


@pytest.fixture(scope="module")
def toys(data, searches):
    """The same number of toys in three ways."""
    rng = np.random.default_rng(4)
    replicas = [spectra(*events(rng.poisson(N_EVENTS), rng)) for _ in range(N_TOYS)]
    inside = data[0] < EDGES[-1]
    return {
        "truth": list(np.swapaxes(replicas, 0, 1)),
        "raked": raked_toys_of(searches, Membership.of(data[1][inside]), N_TOYS, rng),
        "independent": [poisson_toys(search.expected(), N_TOYS, rng) for search in searches],
    }


def correlation(searches, toys, first, second):
    pair = [searches[place].significances(toys[place]).ravel() for place in (first, second)]
    good = np.all(np.isfinite(pair), axis=0)
    return np.corrcoef(np.array(pair)[:, good])[0, 1]


def test_significances_correlate_as_those_of_real_events(searches, toys):
    for first, second in ((1, 2), (0, 1)):
        truth, raked, independent = (correlation(searches, toys[way], first, second) for way in toys)
        assert truth > 0.3
        assert raked == pytest.approx(truth, abs=0.06)
        assert abs(independent) < 0.1


def test_global_p_value_is_that_of_real_events_and_not_of_independent_ones(searches, toys):
    truth, raked, independent = (
        global_significance(searches, N_TOYS, np.random.default_rng(1), toys=toys[way]) for way in toys
    )
    assert truth.n_failed == raked.n_failed == 0
    for level in (1.5, 2.0):
        above = [float(np.mean(result.toy_maxima > level)) for result in (truth, raked, independent)]
        assert above[1] == pytest.approx(above[0], abs=0.09)
        assert above[2] > above[0] + 0.15
    assert raked.p_value == pytest.approx(truth.p_value, abs=0.09)


def test_every_spectrum_fluctuates_about_its_own_fit(searches, toys):
    for search, counts in zip(searches, toys["raked"], strict=True):
        expected = search.expected()
        pulls = (counts.mean(axis=0) - expected) / np.sqrt(expected / N_TOYS)
        assert np.abs(pulls).max() < 4.5
        variance = counts.var(axis=0) / expected
        assert variance[:10].mean() == pytest.approx(1, abs=0.1)


def test_subsets_stay_subsets(searches, toys):
    assert all(np.all(toys["raked"][0] >= selected) for selected in toys["raked"][1:])


def test_categories_are_one_search_with_a_column_each(data, searches):
    """A selection and its complement as categories: together they are the inclusive spectrum."""
    masses, kept = data
    columns = np.column_stack([kept[:, 0], kept[:, 1], ~kept[:, 1]])[masses < EDGES[-1]]
    rest = fit_background(Spectrum(EDGES, spectra(masses, ~kept[:, [1]])[0]), Dijet(2))
    joined = CategorySearch((searches[1].null, rest), (0.5, 0.5), SIGNALS)
    members = Membership.of(columns)
    inclusive, both = raked_toys_of([searches[0], joined], members, 50, np.random.default_rng(3))
    assert both.shape == (50, 2 * len(EDGES) - 2)
    np.testing.assert_array_equal(both[:, :40] + both[:, 40:], inclusive)
    result = global_significance([searches[0], joined], 50, np.random.default_rng(3), toys=[inclusive, both])
    assert result.significance is not None
    with pytest.raises(MaplessError, match="one column for each spectrum or category"):
        raked_toys_of([joined], members, 50, np.random.default_rng(3))


def test_memory_chunks_change_no_expectation(searches, data, monkeypatch):
    monkeypatch.setattr("fits.significance.raked_toys._CELLS", 100)
    monkeypatch.setattr("fits.significance.raked_toys._EVENTS", 200)
    members = Membership.of(data[1][data[0] < EDGES[-1]])
    toys = raked_toys_of(searches, members, 300, np.random.default_rng(6))
    for search, counts in zip(searches, toys, strict=True):
        assert counts.sum(axis=1).mean() == pytest.approx(search.expected().sum(), rel=0.02)


@pytest.mark.parametrize(
    ("patterns", "members", "expected", "words"),
    [
        # A selection cannot expect more than what it selects from.
        ([[True, True], [True, False]], [50, 50], [[100.0], [110.0]], "within 1%"),
        ([[True, True]], [50], [[100.0], [100.0, 5.0]], "the same bins"),
        ([[True]], [50], [[100.0], [100.0]], "patterns of shape"),
        ([[True, False]], [50], [[100.0], [0.0]], "every spectrum expects events"),
        ([[True, True]], [0], [[100.0], [100.0]], "patterns have events"),
    ],
)
def test_what_cannot_be_is_refused(patterns, members, expected, words):
    with pytest.raises(MaplessError, match=words):
        raked_toys(patterns, members, expected, 10, np.random.default_rng(1))
